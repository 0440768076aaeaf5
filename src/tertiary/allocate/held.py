"""What the register holds to allocate by: need by stream and year, pots, and openings of workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tertiary.allocate.basis import WHOLE, Pot, components_of, streams
from tertiary.allocate.converge import Step, converge, grown
from tertiary.allocate.need import Need
from tertiary.allocate.official import official
from tertiary.allocate.targets import targets
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.allocate.policies import Policy
    from tertiary.allocate.shares import Shares
    from tertiary.pennies import Amount
    from tertiary.register import Register

YEAR_DIGITS = 6
# the level of the register's own totals of need
BOARDS = "icb_2024"


def needs(
    register: Register, named: Sequence[str], level: str, year: str, index_level: str | None = None,
    rows: Iterable[Mapping[str, Any]] | None = None, *, where: str = "the register table need_indices",
    part: bool = False,
) -> list[Need]:  # fmt: skip
    """Need of each stream: of practices, or of an index where `rows` or a level of it is given.

    `rows` are an index of one's own and `where` what it is called; without them and with `index_level` the register's
    need_indices are meant. `level` is where they lie when neither they nor `index_level` says so; `part`: not all of
    England. AllocationError as of `Need`.
    """
    if rows is None and index_level is None:
        return [Need.from_practices(register, stream, year) for stream in named]
    held = list(register["need_indices"].to_pylist() if rows is None else rows)
    levels = {str(r.get("level", "")) for r in held} - {""}
    at = index_level or (levels.pop() if len(levels) == 1 else level)
    return [
        Need.from_index(held, register, stream=stream, financial_year=year, level=at, whole=not part, where=where)
        for stream in named
    ]


def needs_held(register: Register) -> dict[tuple[str, str], str | None]:
    """Streams and years of which the register holds need, newest year first, with the level to take them from.

    None is the level of practices, of which every other is summed; else that of need_indices.
    """
    import pyarrow.compute as pc

    found: dict[tuple[str, str], str | None] = {}
    for year in pc.unique(register["practice_need"]["financial_year"]).to_pylist():
        found |= {(stream, year): None for stream in streams()}
    rows = register["need_indices"].select(["stream", "financial_year", "level"]).to_pylist()
    for row in rows:
        if row["level"] == BOARDS or (row["stream"], row["financial_year"]) not in found:
            found.setdefault((row["stream"], row["financial_year"]), row["level"])
    order = {stream: place for place, stream in enumerate(streams())}
    return dict(sorted(found.items(), key=lambda i: (-int(i[0][1]), order.get(i[0][0], -1), i[0][0])))


def pots_of_register(register: Register, year: str, service: str, components: str = "", status: str = "") -> list[Pot]:
    """The pots of England for a service and year. AllocationError when none is held, or none of `components`."""
    wanted = {"financial_year": year, "service": service, "area": WHOLE}
    rows = [r for r in register["pots"].to_pylist() if all(r[n] == v for n, v in wanted.items())]
    rows = [r for r in rows if not status or r["delegation_status"] == status]
    if not rows:
        raise AllocationError(
            f"The register holds no pot of England for service {service!r} in {year}. Give --service specialised, "
            "or --pot with pounds, or --pots with a file."
        )
    told = [{**r, "source": f"{r['source']} ({r['note']})" if r["note"] else r["source"]} for r in rows]
    held = [Pot.of(r, f"register table pots, {service} of {year}") for r in told]
    found = [p for p in held if not components or p.components == components_of(components, "--components")]
    if not found:
        raise AllocationError(
            f"The register's pots are of {'; '.join(map(str, held))}, none of {components}. Give --pot with pounds."
        )
    return found


def openings_of_workbook(register: Register, stream: str, year: str, first: str = "") -> dict[str, Decimal]:
    """Opening positions of NHS England's workbook of a stream and year that an overlay has loaded.

    `first`: the year that begins from them, that of the workbook unless told. The year after begins from what the
    workbook allocates. AllocationError for any other.
    """
    found = official(register, stream, year)
    if first in ("", year):
        return dict(found.opening)
    if first == later(year, 1):
        return dict(found.allocation)
    raise AllocationError(
        f"The first pot is of {first}, the workbook of {year}: its openings begin {year} and its allocations "
        f"{later(year, 1)}. Say with --year which workbook comes before, or give --opening."
    )


def later(year: str, years: int) -> str:
    """The financial year so many years later, or before. AllocationError when the year is not understood."""
    if len(year) != YEAR_DIGITS or not year.isdigit():
        raise AllocationError(f"Financial year {year!r} is not understood. Write six digits such as 202526.")
    first = int(year[:4]) + years
    return f"{first}{(first + 1) % 100:02d}"


def growing(
    first: Pot, held: Mapping[str, Amount], rate: Fraction, years: int, moved: Sequence[Mapping[str, Decimal]] = ()
) -> list[Pot]:
    """Pots of `years` years that are for what `first` is for, and grow from what is held by the same share each year.

    `moved`: pounds by code that transfers bring or take in each year; they come in before growth.
    """
    total = sum((Fraction(v) for v in held.values()), Fraction(0))
    amounts = grown(total, rate, years, [sum(codes.values(), Decimal(0)) for codes in moved])
    return [
        Pot(later(first.financial_year, number), first.service, first.components, amount, first.delegation_status,
            first.area, first.source, first.confidence)
        for number, amount in enumerate(amounts)
    ]  # fmt: skip


def path(
    policy: Policy,
    held: Mapping[str, Amount],
    shares: Shares,
    pots: Sequence[Pot],
    *,
    mff: Mapping[str, Amount] | None = None,
    wider: bool = False,
    population_growth: Mapping[str, Amount] | None = None,
    transfers: Sequence[Mapping[str, Decimal]] = (),
) -> list[Step]:
    """Allocations of each year from what is held, by one stream of need and one pot a year.

    As `converge`, with market forces and with a need that may be `wider` than the pots, knowingly. AllocationError as
    of `targets` and `converge`.
    """
    by_need = [
        {code: row.share for code, row in targets(pot, shares, mff, wider=wider).rows.items()} for pot in pots
    ]  # fmt: skip
    return converge(
        policy, held, by_need, [pot.amount for pot in pots], population_growth=population_growth,
        transfers=transfers, people={code: row.population for code, row in shares.rows.items()},
    )  # fmt: skip

"""Need by place: people and people weighted by need, from the practice table or from an index that is supplied.

Arithmetic is exact (fractions); intervals alone are floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tertiary.allocate.basis import WHOLE, Basis, Stream, components_of, number, streams
from tertiary.allocate.places import LEVELS, located
from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register

# half the width of a 95 % interval of a normal distribution, in standard errors
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Place:
    """People of one place, the same weighted by need, and the places it lies in by level.

    `standard_error` is that of `weighted`, in weighted people; None when it is not known.
    """

    code: str
    population: Fraction
    weighted: Fraction
    within: Mapping[str, str]
    standard_error: float | None = None


@dataclass(frozen=True)
class Need:
    """One stream of need in one financial year. `places` have `level`; their key is the code.

    `area` is the code of all of them together: England's when the register knows that they are all, else blank.
    """

    stream: str
    financial_year: str
    level: str
    basis: Basis
    places: tuple[Place, ...]
    source: str
    confidence: str
    area: str = ""

    @classmethod
    def from_practices(cls, register: Register, stream: str, financial_year: str = "") -> Need:
        """Need of every practice, from the register table `practice_need`; of the last year it holds unless told.

        People are those registered with the practice, counted where the practice stands: districts are not residents.
        AllocationError when the stream or the year is not held.
        """
        import pyarrow.compute as pc

        known = _stream(stream)
        table = register["practice_need"]
        held = sorted(set(table["financial_year"].to_pylist()))
        financial_year = financial_year or held[-1]
        rows = table.filter(pc.equal(table["financial_year"], financial_year)).to_pylist()
        if not rows:
            raise AllocationError(
                f"The register holds no need of practices for {financial_year}, only for {', '.join(held)}. Lay "
                "practice_need of that year over it (--register), or take totals of boards (from_index, --index-level)."
            )
        places = []
        for r in rows:
            where = f"practice_need, practice {r['practice_code']} of {financial_year}"
            people, weighted = (_people(where, c, r[c]) for c in ("registered_population", known.column))
            within = {
                "lad": r["lad_code"], "sub_icb": r["sub_icb_code"], "icb_2024": r["icb_code_2024"],
                "icb_2026": r["icb_code_2026"], "region": r["region_code"],
            }  # fmt: skip
            places.append(Place(r["practice_code"], people, weighted, within))
        return cls(stream, financial_year, "practice", known.basis, tuple(places), *_told(rows), WHOLE)

    @classmethod
    def from_index(
        cls, rows: Iterable[Mapping[str, Any]], register: Register, *, stream: str, financial_year: str, level: str,
        whole: bool = True, where: str = "the index",
    ) -> Need:  # fmt: skip
        """Need from rows with the columns of the register table `need_indices` (that table, a file, a fitted model).

        A row needs code, registered_population and either weighted_population or need_index. `standard_error`, or `low`
        and `high` as a 95 % interval, are of the index: all rows have one or none has. Rows of other streams, years or
        levels are left out. `whole`: every place of the level must be there. Levels the register knows are rolled up
        by it; any other word is a level of your own. AllocationError names place, field and value.
        """
        wanted = {"stream": stream, "financial_year": financial_year, "level": level}
        kept = [r for r in rows if all(str(r.get(n, "") or "") in ("", v) for n, v in wanted.items())]
        if not kept:
            raise AllocationError(
                f"{where} holds nothing of stream {stream}, year {financial_year} and level {level}. Check the columns "
                "stream, financial_year and level, or supply an index of that level."
            )
        codes = [str(r.get("code", "") or "") for r in kept]
        around = located(register, level, codes, financial_year, whole=whole, where=where)
        places = tuple(_place(r, around[c], f"{where}, {level} {c}") for r, c in zip(kept, codes, strict=True))
        if len({p.standard_error is None for p in places}) > 1:
            bare = next(p.code for p in places if p.standard_error is None)
            raise AllocationError(
                f"{where}, {level} {bare}: no standard_error and no low and high, though others have one. An interval "
                "of a share needs that of every place: fill all or none."
            )
        area = WHOLE if whole and level in LEVELS else ""
        return cls(stream, financial_year, level, _basis(kept, stream, where), places, *_told(kept), area)


def _stream(stream: str) -> Stream:
    found = streams().get(stream)
    if found is None:
        raise AllocationError(
            f"Stream {stream!r} is none that practices have: {', '.join(streams())}. Specialised need is not among "
            "them: supply an index of it."
        )
    return found


def _place(row: Mapping[str, Any], within: Mapping[str, str], where: str) -> Place:
    people = _people(where, "registered_population", row.get("registered_population"))
    weighted, index = row.get("weighted_population"), row.get("need_index")
    if _blank(weighted) == _blank(index):
        raise AllocationError(f"{where}: give either weighted_population or need_index; found {weighted!r}, {index!r}.")
    if _blank(weighted):
        need = people * _people(where, "need_index", index)
    else:
        need = _people(where, "weighted_population", weighted)
    return Place(str(row["code"]), people, need, within, _error(row, where, people))


def _error(row: Mapping[str, Any], where: str, people: Fraction) -> float | None:
    """Standard error of the weighted people, out of that of the index or half the width of its interval."""
    own, low, high = (row.get(n) for n in ("standard_error", "low", "high"))
    if not _blank(own):
        return float(people * _people(where, "standard_error", own))
    if _blank(low) and _blank(high):
        return None
    if _blank(low) or _blank(high):
        raise AllocationError(f"{where}: low {low!r} and high {high!r}; give both ends of the interval, or neither.")
    width = _people(where, "high", high) - _people(where, "low", low)
    if width < 0:
        raise AllocationError(f"{where}: low {low} is above high {high}. Change them over.")
    return float(people * width) / (2 * NORMAL_95)


def _people(where: str, name: str, value: Any) -> Fraction:
    """A number of 0 or more, exactly as written."""
    found = number(str(value))
    if found is None or found < 0:
        raise AllocationError(f"{where}: {name} is {value!r}; expected a number of 0 or more.")
    return Fraction(found)


def _basis(rows: list[Mapping[str, Any]], stream: str, where: str) -> Basis:
    """The one basis of all rows; of a stream of NHS England's, that of streams.csv where rows do not say."""
    known = streams()[stream].basis if stream in streams() else None
    found = set()
    for r in rows:
        service, written, forces = (str(r.get(n) or "") for n in ("service", "components", "includes_market_forces"))
        if not written and known is None:
            raise AllocationError(
                f"{where}, {r['code']}: components are blank. Say which of activity, drugs, devices (or all) the need "
                "was modelled on: an index is never applied to another pot."
            )
        if forces not in ("Y", "N", ""):
            raise AllocationError(
                f"{where}, {r['code']}: includes_market_forces is {forces!r}; expected Y, N or blank, so that "
                "market forces are not counted twice."
            )
        components = components_of(written, f"{where}, {r['code']}") if known is None or written else known.components
        included = forces == "Y" if forces or known is None else known.includes_market_forces
        found.add(Basis(service or (known.service if known else stream), components, included))
    if len(found) > 1:
        raise AllocationError(
            f"{where}: rows of stream {stream} have different service, components or includes_market_forces: "
            f"{'; '.join(sorted(str(b) for b in found))}. Give each a stream of its own."
        )
    return found.pop()


def _told(rows: list[Any]) -> tuple[str, str]:
    """Sources and confidences of rows, each once."""
    source, confidence = (
        "; ".join(sorted({str(r.get(n) or "not stated") for r in rows})) for n in ("source", "confidence")
    )
    return source, confidence


def _blank(value: Any) -> bool:
    return value is None or str(value).strip() == ""

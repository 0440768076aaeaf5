"""The position of a month: what each provider is owed by each payer, element by element, and how the year may end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.errors import ContractError
from tertiary.month_end.cells import NO_CONTRACT, Cells, Covered, cells, strands
from tertiary.month_end.contracts import Contract, Keep
from tertiary.month_end.forecast import Outturn, outturn
from tertiary.month_end.payment import Owed, owed, planned
from tertiary.month_end.thresholds import thresholds
from tertiary.pennies import pounds
from tertiary.phasing import Weights, first_day
from tertiary.sheets import lines

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.runs import Run

LAST_MONTH = 13
ADJUSTED, UNCONTRACTED = "adjustment", "uncontracted"


@dataclass(frozen=True)
class Entry:
    """One element in one month. Key: contract, version, provider, payer, element and month. Pounds to the penny.

    `activity_value` is worth, `cash_effect` what its difference from plan moves; `payment` = plan + cash_effect.
    `accrued` is the part of the activity value that is an estimate, made as `basis` says; `estimated` is the payment
    that rests on one, or on no contract.
    """

    contract: str
    version: int
    provider_code: str
    host_code: str
    payer_code: str
    element: str
    kind: str
    financial_month: int
    plan: Decimal
    activity_value: Decimal
    accrued: Decimal
    activity_variance: Decimal
    cash_effect: Decimal
    payment: Decimal
    estimated: Decimal
    basis: str


MONEY = ("plan", "activity_value", "accrued", "activity_variance", "cash_effect", "payment", "estimated")
TABLES = ("uncovered", "services")
KEY = ("contract", "version", "provider_code", "host_code", "payer_code", "element", "kind")


@dataclass(frozen=True)
class Adjustment:
    """A sum agreed outside the elements: a settled challenge, a quality payment, a correction. Pounds; minus takes."""

    contract: str
    payer_code: str
    financial_month: int
    amount: Decimal
    reason: str
    reference: str


@dataclass(frozen=True)
class Tie:
    """Whether the loaded plan is the contract's. Key: contract, version, payer, element.

    `phased` is the element's value in the `months` of which a plan of the provider was loaded; `state`: ties, differs
    or no plan loaded.
    """

    contract: str
    version: int
    provider_code: str
    payer_code: str
    element: str
    annual_value: Decimal
    months: int
    phased: Decimal
    loaded: Decimal
    difference: Decimal
    state: str


@dataclass(frozen=True)
class Position:
    """A year to a month: `entries` by element and month, `ties` of plan to contract, `outturns`, the cells behind."""

    financial_year: str
    financial_month: int
    measure: str
    entries: tuple[Entry, ...]
    ties: tuple[Tie, ...]
    outturns: tuple[Outturn, ...]
    cells: Cells

    def total(self, name: str, entries: Iterable[Entry] | None = None) -> Decimal:
        """Pounds of one column, of all entries unless given."""
        return sum((getattr(e, name) for e in (self.entries if entries is None else entries)), Decimal(0))

    def of_payer(self, payer: str) -> Position:
        """The part of one payer. ContractError when it owes nothing and was agreed nothing."""
        if not any(e.payer_code == payer for e in self.entries):
            known = ", ".join(sorted({e.payer_code for e in self.entries if e.payer_code}))
            raise ContractError(f"No payer {payer!r} is in the position. It has: {known:.300}.")
        return self.part(lambda provider, host, own: own == payer)

    def part(self, keep: Keep) -> Position:
        """The part of some owners: `keep` is asked with provider, host and payer of each sum.

        Sums by service line, and what no contract covers, have no host (blank). Of a contract the elements of payers
        that are kept are left: see `Contract.part`.
        """
        hosts = self.hosts()
        covered = tuple(
            replace(c, contract=c.contract.part(keep)) for c in self.cells.covered
            if keep(c.contract.provider_code, c.contract.host_code, c.element.payer_code)
        )  # fmt: skip
        return replace(
            self, entries=tuple(e for e in self.entries if keep(e.provider_code, e.host_code, e.payer_code)),
            ties=tuple(t for t in self.ties if keep(t.provider_code, hosts[t.contract], t.payer_code)),
            outturns=tuple(o for o in self.outturns if keep(o.provider_code, hosts[o.contract], o.payer_code)),
            cells=replace(self.cells, covered=covered, **{n: _part(getattr(self.cells, n), keep) for n in TABLES}),
        )  # fmt: skip

    def hosts(self) -> dict[str, str]:
        """Who holds each contract, by its name; nobody (blank) what no contract covers."""
        return {NO_CONTRACT: "", **{c.contract.contract: c.contract.host_code for c in self.cells.covered}}

    def by(self, *names: str, month: int | None = None) -> list[dict[str, Any]]:
        """Sums of the money by columns of an entry, to date or of one month, in order of the columns."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for entry in self.entries:
            if month is not None and entry.financial_month != month:
                continue
            key = tuple(getattr(entry, name) for name in names)
            row = found.setdefault(key, {**dict(zip(names, key, strict=True)), **dict.fromkeys(MONEY, Decimal(0))})
            for name in MONEY:
                row[name] += getattr(entry, name)
        return [found[key] for key in sorted(found)]


def position(
    run: Run,
    contracts: Sequence[Contract],
    financial_year: str,
    last_month: int,
    *,
    adjustments: Sequence[Adjustment] = (),
    profiles: Weights | None = None,
    measure: str = "price_submitted",
) -> Position:
    """What is owed for months 1 to `last_month` (13: with what is adjusted after the year), and the outturn.

    Everything that counts of the year stands under one element: one of a contract, or one of none (`uncontracted` of
    commissioners, `not_payable` of others). Elements of which nothing was agreed, planned or done are left out.
    ContractError as in `cells`, and when an adjustment names no contract or payer of it.
    """
    found = cells(run, contracts, financial_year, last_month, measure)
    entries, ties, outturns = [], [], []
    for strand in strands([c for c in found.covered if not c.idle]):
        months = owed(strand, profiles)
        entries += [_entry(part, month, months[month]) for part in strand for month in part.months]
        outturns.append(outturn(strand, months, profiles))
        ties += [_tie(part, profiles) for part in strand if part.contract.contract != NO_CONTRACT and part.months]
    given = [_adjusted(a, contracts, financial_year) for a in adjustments if a.financial_month <= last_month]
    outturns += [_as_outturn(entry) for entry in given]
    entries += given
    return Position(financial_year, last_month, measure, tuple(entries), tuple(ties), tuple(outturns), found)


def read_adjustments(file: Path) -> tuple[Adjustment, ...]:
    """Adjustments from a CSV file: contract, payer_code, financial_month, amount, reason, reference. ContractError."""
    needed = ("contract", "payer_code", "financial_month", "amount", "reason")
    return tuple(
        Adjustment(
            line.text("contract"), line.text("payer_code"), line.whole("financial_month", 1, LAST_MONTH),
            line.pounds("amount"), line.text("reason"), line.text("reference", ""),
        )
        for line in lines(file, ContractError, needed)
    )  # fmt: skip


def table(rows: Sequence[Any], kind: type) -> pa.Table:
    """Dataclass rows as an Arrow table, typed from the fields' annotations, so that no rows are a table too."""
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int64(), "Decimal": pa.decimal128(18, 2), "bool": pa.bool_()}
    schema = pa.schema([(f.name, kinds[str(f.type).removesuffix(" | None")]) for f in fields(kind)])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=schema)


def _part(rows: pa.Table, keep: Keep) -> pa.Table:
    import pyarrow as pa

    owners = zip(rows["provider_code"].to_pylist(), rows["payer_code"].to_pylist(), strict=True)
    return rows.filter(pa.array([keep(provider, "", payer) for provider, payer in owners], pa.bool_()))


def _entry(covered: Covered, month: int, amounts: Owed) -> Entry:
    contract, element = covered.contract, covered.element
    moves = element.rate or element.rate_above or element.rate_below
    share = Fraction(amounts.accrued) / Fraction(amounts.value) if moves and amounts.value else Fraction(0)
    guessed = amounts.payment if element.kind == UNCONTRACTED else pounds(Fraction(amounts.payment) * share)
    return Entry(
        contract.contract, contract.version, contract.provider_code, contract.host_code, element.payer_code,
        element.element, element.kind, month, amounts.plan, amounts.value, amounts.accrued, amounts.variance,
        amounts.cash, amounts.payment, guessed, amounts.basis,
    )  # fmt: skip


def _adjusted(given: Adjustment, contracts: Sequence[Contract], financial_year: str) -> Entry:
    """An adjustment under the version that holds in its month, or the one before it."""
    owners = [c for c in contracts if c.contract == given.contract and c.financial_year == financial_year]
    if not owners:
        known = ", ".join(sorted({c.contract for c in contracts if c.financial_year == financial_year}))
        raise ContractError(
            f"Adjustment {given.reason!r} names contract {given.contract!r}, which the register does not have for "
            f"{financial_year}. It has: {known:.200}."
        )
    payers = sorted({e.payer_code for c in owners for e in c.elements})
    if given.payer_code not in payers:
        raise ContractError(
            f"Adjustment {given.reason!r} names payer {given.payer_code!r}; contract {given.contract} has "
            f"{', '.join(payers)}."
        )
    day, zero = first_day(financial_year, given.financial_month), Decimal(0)
    begun = [c for c in owners if c.valid_from <= day] or owners[:1]
    own = max(begun, key=lambda c: c.version)
    return Entry(
        own.contract, own.version, own.provider_code, own.host_code, given.payer_code, f"Adjustment: {given.reason}",
        ADJUSTED, given.financial_month, zero, zero, zero, zero, given.amount, given.amount, zero,
        given.reference or "agreed",
    )  # fmt: skip


def _as_outturn(entry: Entry) -> Outturn:
    """What was adjusted stays what it is, by every method."""
    paid = entry.payment
    return Outturn(
        entry.contract, entry.version, entry.provider_code, entry.payer_code, entry.element, entry.kind, Decimal(0),
        paid, paid, paid, paid, paid, paid,
    )  # fmt: skip


def _tie(covered: Covered, profiles: Weights | None) -> Tie:
    contract, element = covered.contract, covered.element
    loaded = sorted(covered.loaded)
    phased = pounds(sum((planned(covered, m, profiles) for m in loaded), Fraction(0)))
    plan = pounds(sum(covered.plan.values(), Decimal(0)))
    limits = thresholds()
    near = abs(plan - phased) <= max(limits["tie_pounds"], limits["tie_share"] * abs(phased))
    state = "no plan loaded" if not loaded else "ties" if near else "differs"
    return Tie(
        contract.contract, contract.version, contract.provider_code, element.payer_code, element.element,
        element.annual_value, len(loaded), phased, plan, plan - phased, state,
    )  # fmt: skip

"""Monthly and year-end statements per partner, and recharges from a host where nothing is pooled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.errors import PoolError
from tertiary.pennies import Amount, to_the_penny
from tertiary.pool.settle import Settled, Settlement, settle, summed
from tertiary.pool.terms import Agreement

MONTHS = 12


@dataclass(frozen=True)
class Statement:
    """One partner's position at the end of a month. Key: month and partner; pounds to the penny, year to date.

    `movement` is the change of `to_date.payment` since the month before; what is due in money is `to_date.balance`.
    """

    financial_month: int
    partner: str
    to_date: Settled
    movement: Decimal


def phased(year: Mapping[str, Amount], weights: Sequence[Amount] = (1,) * MONTHS) -> list[dict[str, Decimal]]:
    """A year's amounts by partner, spread over months by weight, to the penny, each month and each partner adding up.

    Cumulative amounts are rounded, each within a penny, so that no month is two pennies from its share. PoolError when
    a weight is below 0 or all are 0.
    """
    whole = sum((Fraction(one) for one in weights), Fraction(0))
    if not whole or min(weights) < 0:
        raise PoolError(f"Weights of months must be 0 or more and not all 0; got {', '.join(map(str, weights))}.")
    exact = to_the_penny(year)
    before = dict.fromkeys(year, Decimal(0))
    made, upto = [], Fraction(0)
    for one in weights:
        upto += Fraction(one) / whole
        held = to_the_penny({code: Fraction(amount) * upto for code, amount in exact.items()})
        made.append({code: held[code] - before[code] for code in year})
        before = held
    return made


@dataclass(frozen=True)
class Stretch:
    """Months in a row under one version of an agreement, and what it is settled with.

    `contributed`, `actual` and `pooled` hold one mapping a month, pounds by partner of this version; `need` any unit.
    """

    agreement: Agreement
    contributed: Sequence[Mapping[str, Amount]]
    actual: Sequence[Mapping[str, Amount]]
    need: Mapping[str, Amount] | None = None
    pooled: Sequence[Mapping[str, Amount]] | None = None

    def to_date(self) -> Iterator[Settlement]:
        """The settlement of the stretch to the end of each of its months. PoolError as in `statements`."""
        paid, spent = len(self.contributed), len(self.actual)
        if paid != spent or (self.pooled is not None and len(self.pooled) != spent):
            raise PoolError(f"{paid} months of contributions and {spent} of costs; give as many of each.")
        for month in range(1, spent + 1):
            yield settle(
                self.agreement,
                _to_date(self.contributed[:month]),
                _to_date(self.actual[:month]),
                need=self.need,
                pooled=None if self.pooled is None else _to_date(self.pooled[:month]),
            )


def statements(
    agreement: Agreement,
    contributed: Sequence[Mapping[str, Amount]],
    actual: Sequence[Mapping[str, Amount]],
    *,
    need: Mapping[str, Amount] | None = None,
    pooled: Sequence[Mapping[str, Amount]] | None = None,
) -> Iterator[tuple[Settlement, list[Statement]]]:
    """For each month in turn the settlement of the year to date and every partner's statement, under one version.

    `contributed`, `actual` and `pooled` hold one mapping a month, pounds by partner; they must be as many.
    PoolError when they are not, or as in `settle`.
    """
    return over_versions([Stretch(agreement, contributed, actual, need, pooled)])


def over_versions(stretches: Sequence[Stretch]) -> Iterator[tuple[Settlement, list[Statement]]]:
    """The same for months that lie under several versions: each stretch is settled by its own terms, and added up.

    Contingency, limits, corridors and caps are those of each stretch alone: what one leaves over does not meet the next
    one's overspend. Who left keeps its line as it was at its end; the lines of a partner that was succeeded go on as
    its successor's. PoolError as in `statements`.
    """
    behind: Settlement = Settlement((), Decimal(0), Decimal(0))
    paid: dict[str, Decimal] = {}
    month = 0
    for stretch in stretches:
        behind = together([behind], stretch.agreement.succeeds)
        paid = {line.partner: line.payment for line in behind.lines}
        settled = behind
        for own in stretch.to_date():
            month += 1
            settled = together([behind, own])
            yield (
                settled,
                [
                    Statement(month, line.partner, line, line.payment - paid.get(line.partner, Decimal(0)))
                    for line in settled.lines
                ],
            )
            paid = {line.partner: line.payment for line in settled.lines}
        behind = settled


def together(settlements: Iterable[Settlement], heirs: Mapping[str, str] | None = None) -> Settlement:
    """Settlements of different months as one: all amounts are added up, of former partners with their successors'."""
    made = list(settlements)
    return Settlement(
        summed((line for one in made for line in one.lines), heirs),
        sum((one.external for one in made), Decimal(0)),
        sum((one.contingency_used for one in made), Decimal(0)),
    )


def _to_date(months: Sequence[Mapping[str, Amount]]) -> dict[str, Decimal]:
    """The sum of the months, each taken to the penny, so that what was stated once stays."""
    total: dict[str, Decimal] = {}
    for month in months:
        for code, amount in to_the_penny(month).items():
            total[code] = total.get(code, Decimal(0)) + amount
    return total


@dataclass(frozen=True)
class Recharge:
    """What a host asks of a payer for a month. Key: host, payer and month; pounds.

    closing = opening + charged - paid. `backing` are the rows of the ledger that `charged` adds up.
    """

    host: str
    payer: str
    financial_month: int
    opening: Decimal
    charged: Decimal
    paid: Decimal
    backing: tuple[Mapping[str, object], ...]

    @property
    def closing(self) -> Decimal:
        return self.opening + self.charged - self.paid


def recharges(
    host: str,
    spend: Sequence[Mapping[str, object]],
    paid: Mapping[tuple[str, int], Amount],
    opening: Mapping[str, Amount] | None = None,
    last_month: int = MONTHS,
) -> list[Recharge]:
    """The recharge schedule of a host that pays providers for others, without a pool: each pays for its own patients.

    `spend`: rows with payer, financial_month, amount (pounds) and whatever backs them (service line, provider, point of
    delivery). `paid`: pounds by payer and month. All months from 1 to `last_month` are stated. The rows of a payer and
    month are rounded together, so that the backing adds up to what is charged. What the host bears itself is left out.
    PoolError when spend or payments lie in other months.
    """
    if odd := sorted({int(str(m)) for m in [*(row["financial_month"] for row in spend), *(m for _, m in paid)]}
                     - set(range(1, last_month + 1))):  # fmt: skip
        raise PoolError(f"Months 1 to {last_month} are stated, but spend or payments lie in month {odd[-1]}.")
    rows: dict[tuple[str, int], list[Mapping[str, object]]] = {}
    for row in spend:
        if row["payer"] != host:
            rows.setdefault((str(row["payer"]), int(str(row["financial_month"]))), []).append(row)
    payers = sorted({payer for payer, _ in [*rows, *paid]} - {host} | set(opening or {}))
    made = []
    for payer in payers:
        balance = to_the_penny({payer: (opening or {}).get(payer, Decimal(0))})[payer]
        for month in range(1, last_month + 1):
            backing = rows.get((payer, month), [])
            amounts = to_the_penny({f"{n:09d}": Decimal(str(row["amount"])) for n, row in enumerate(backing)})
            told = tuple({**row, "amount": amounts[f"{n:09d}"]} for n, row in enumerate(backing))
            settled = to_the_penny({payer: paid.get((payer, month), Decimal(0))})[payer]
            charged = sum(amounts.values(), Decimal("0.00"))
            made.append(Recharge(host, payer, month, balance, charged, settled, told))
            balance = made[-1].closing
    return made

"""The settlement of a pool for a period: contributions and contingency in, actual cost out, to the penny.

In this order: contingency, then risk share of what is left, then limits, then whoever stands behind the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tertiary.pennies import Amount, pounds, to_the_penny
from tertiary.pool.risk import ZERO, clamped, share_risk
from tertiary.pool.terms import Agreement


@dataclass(frozen=True)
class Settled:
    """One partner's line of a settlement, all in pounds to the penny.

    paid_in = contribution + contingency paid. payment = what the partner bears of the actual cost. transfer = payment -
    actual, what others bear of its patients' cost (below 0) or it of theirs. balance = payment + reserve - paid_in: due
    from the partner, or to it when below 0.
    """

    partner: str
    contribution: Decimal
    contingency: Decimal
    actual: Decimal
    payment: Decimal
    reserve: Decimal

    @property
    def paid_in(self) -> Decimal:
        return self.contribution + self.contingency

    @property
    def variance(self) -> Decimal:
        return self.actual - self.contribution

    @property
    def transfer(self) -> Decimal:
        return self.payment - self.actual

    @property
    def balance(self) -> Decimal:
        return self.payment + self.reserve - self.paid_in


AMOUNTS = ("contribution", "contingency", "actual", "payment", "reserve")


@dataclass(frozen=True)
class Settlement:
    """All partners' lines of a period. Actual cost = payments + external, to the penny.

    external: pounds from the guarantor, NHS England or whoever stands behind the pool; below 0 a gain that goes to the
    reserve of the pool. contingency_used: what of the contingency met an overspend.
    """

    lines: tuple[Settled, ...]
    external: Decimal
    contingency_used: Decimal

    def total(self, name: str) -> Decimal:
        """The sum of a column of the lines."""
        return sum((getattr(line, name) for line in self.lines), Decimal(0))

    def gains(self) -> dict[str, Decimal]:
        """Each partner's part, by contribution, of a gain that the pool kept (`external` below 0), to the penny."""
        gain, total = -min(self.external, Decimal(0)), Fraction(self.total("contribution"))
        return to_the_penny({line.partner: Fraction(gain) * Fraction(line.contribution) / total for line in self.lines})


def summed(lines: Iterable[Settled], heirs: Mapping[str, str] | None = None) -> tuple[Settled, ...]:
    """Lines added up by partner, those of a former partner with its successor's: penny by penny, nothing rounded."""
    found: dict[str, dict[str, Decimal]] = {}
    for line in lines:
        into = found.setdefault((heirs or {}).get(line.partner, line.partner), dict.fromkeys(AMOUNTS, Decimal(0)))
        for name in AMOUNTS:
            into[name] += getattr(line, name)
    return tuple(Settled(code, **found[code]) for code in sorted(found))


@dataclass(frozen=True)
class Contingency:
    """Pounds set aside on top of the pool, and what an overspend took of them."""

    paid: Fraction
    used: Fraction


def settle(
    agreement: Agreement,
    contributed: Mapping[str, Amount],
    actual: Mapping[str, Amount],
    *,
    need: Mapping[str, Amount] | None = None,
    pooled: Mapping[str, Amount] | None = None,
) -> Settlement:
    """Settle a period of an agreement; amounts in pounds by partner, `need` in any unit, `pooled` as in `share_risk`.

    Contributions and costs are taken to the penny first. PoolError as in `share_risk`.
    """
    put_in, cost = to_the_penny(contributed), to_the_penny(actual)
    set_aside = _contingency(agreement, put_in, cost)
    total = sum(map(Fraction, put_in.values()), ZERO)
    by = {code: Fraction(amount) / total if total else ZERO for code, amount in put_in.items()}
    outcome = share_risk(
        agreement.risk,
        put_in,
        {code: Fraction(amount) - set_aside.used * by[code] for code, amount in cost.items()},
        parameters=agreement.risk_parameters,
        need=need,
        pooled=pooled,
    )
    borne, external = outcome.pay, outcome.external
    if agreement.floor is not None and agreement.ceiling is not None:
        bounded = clamped(borne, {c: Fraction(a) for c, a in put_in.items()}, agreement.floor, agreement.ceiling)
        borne, external = bounded.pay, external + bounded.external
    # what the contingency met was paid in by contribution, and is no part of what the limits bound
    pay = {code: amount + set_aside.used * by[code] for code, amount in borne.items()}
    paid = to_the_penny({code: set_aside.paid * share for code, share in by.items()})
    # what comes from outside is a party to the rounding too, so that everything still adds up to the actual cost
    rounded = to_the_penny({**pay, _OUTSIDE: external})
    kept = set_aside.paid - set_aside.used if agreement.unused == "reserve" else ZERO
    reserve = to_the_penny({code: kept * share for code, share in by.items()})
    lines = tuple(
        Settled(code, put_in[code], paid[code], cost[code], rounded[code], reserve[code]) for code in sorted(put_in)
    )
    return Settlement(lines, rounded[_OUTSIDE], pounds(set_aside.used))


_OUTSIDE = "\uffff"


def _contingency(agreement: Agreement, put_in: Mapping[str, Decimal], cost: Mapping[str, Decimal]) -> Contingency:
    total = Fraction(sum(put_in.values(), Decimal(0)))
    paid = Fraction(pounds(agreement.contingency * total))
    over = Fraction(sum(cost.values(), Decimal(0))) - total
    return Contingency(paid, min(paid, max(ZERO, over)))

"""What was credited for challenges, as adjustments of a month end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal

from tertiary.challenges import Challenge, rules
from tertiary.challenges.claims import CHARGED
from tertiary.month_end.contracts import Contract
from tertiary.month_end.position import Adjustment


@dataclass(frozen=True)
class Settled:
    """Credits. `left`: credited challenges that are no adjustment, `doubts`: that are to be looked at; each with why.

    Every challenge with a credit stands in `adjustments`, with its id as reference, or in `left`.
    """

    adjustments: tuple[Adjustment, ...]
    left: tuple[tuple[Challenge, str], ...]
    doubts: tuple[tuple[Challenge, str], ...]


def settled(found: Iterable[Challenge], contracts: Sequence[Contract]) -> Settled:
    """What was credited of each challenge, taken from the payment of its month under the contract of its payer.

    All credits of a challenge are one sum, so that an export after it was opened again takes the place of the one
    before. A position charges the payer by the method, whoever was charged: what was charged to another body is not in
    it and is left.
    """
    made, left, doubts = [], [], []
    for one in found:
        credited = one.balance.credited
        if not credited:
            continue
        rule = rules().get(one.rule_id)
        names = _owners(one, contracts)
        if rule is not None and rule.party == CHARGED:
            left.append((one, "the position charges the payer by the method, not who was charged"))
        elif len(names) != 1:
            told = f"contracts {', '.join(names)} may each pay it" if names else "no contract of its payer and year"
            left.append((one, told))
        else:
            reason = f"{one.rule_id} {rule.title if rule else 'challenge settled'} {one.challenge_id}"
            made.append(Adjustment(names[0], one.payer_code, one.financial_month, -credited, reason, one.challenge_id))
            doubts += [(one, doubt) for doubt in _doubts(one, credited)]
    return Settled(tuple(made), tuple(left), tuple(doubts))


def adjustments_csv(adjustments: Sequence[Adjustment]) -> str:
    """Adjustments as the CSV that `read_adjustments` reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(Adjustment))
    writer.writerows(astuple(one) for one in adjustments)
    return out.getvalue()


def _owners(one: Challenge, contracts: Sequence[Contract]) -> list[str]:
    """Names of the contracts that may pay a challenge: of several those that cover its care, then those of its host."""
    fits = [
        (contract, element) for contract in contracts for element in contract.elements
        if (contract.provider_code, element.payer_code, contract.financial_year)
        == (one.provider_code, one.payer_code, one.financial_year)
    ]  # fmt: skip
    covers = [
        (c, e) for c, e in fits
        if (not e.components or one.component in e.components) and (not e.services or one.service_line in e.services)
    ]  # fmt: skip
    hosted = [(c, e) for c, e in covers or fits if c.host_code == one.host_code]
    names: list[str] = []
    for some in (fits, covers, hosted):
        names = sorted({c.contract for c, _ in some}) or names
        if len(names) == 1:
            break
    return names


def _doubts(one: Challenge, credited: Decimal) -> Iterator[str]:
    """Why a credit may be counted twice, or for more than moves."""
    if one.seen.value is not None and one.seen.value < one.balance.base:
        yield f"its data fell from £{one.balance.base:,} to £{one.seen.value:,}, perhaps by the same correction"
    alone = max((e.first_claim for e in one.events if e.first_claim is not None), default=Decimal(0))
    if credited > alone:
        yield f"£{credited - alone:,} of it other rules question too; see that it is credited once"
    cash = next((e.cash_effect for e in reversed(one.events) if e.cash_effect is not None), credited)
    if credited > cash:
        yield f"only £{cash:,} of what is questioned moves cash under its contract"

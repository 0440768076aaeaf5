"""What became of the pounds of a challenge, from its events alone.

    raised = credited + corrected + rejected + withdrawn + lapsed + open

Credited is what was agreed and paid back, corrected what the provider's own correction of its data took out: both are
settled. What is closed is never moved by later data; data that add pounds to a closed challenge open the addition only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from tertiary.errors import ContractError

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Movement:
    """What an event says about pounds: the step, the state after it, the value in the data and an amount of people."""

    step: str
    reached: str
    value: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Balance:
    """Pounds of a challenge. `accepted` is what the provider has accepted and nobody has settled yet, within `open`."""

    raised: Decimal = ZERO
    credited: Decimal = ZERO
    corrected: Decimal = ZERO
    rejected: Decimal = ZERO
    withdrawn: Decimal = ZERO
    lapsed: Decimal = ZERO
    accepted: Decimal = ZERO
    # what the newest rejection holds back
    refused: Decimal = ZERO

    @property
    def base(self) -> Decimal:
        """The value of the data that is answered for: more is new. What was corrected is no longer in the data."""
        return self.raised - self.corrected

    @property
    def closed(self) -> Decimal:
        """What is no longer open."""
        return self.credited + self.corrected + self.rejected + self.withdrawn + self.lapsed

    @property
    def open(self) -> Decimal:
        """What nobody has settled, refused or given up."""
        return self.raised - self.closed


def balance(movements: Iterable[Movement]) -> Balance:
    """The balance after all movements, oldest first."""
    found = Balance()
    for movement in movements:
        found = _after(found, movement)
    return found


def _after(b: Balance, m: Movement) -> Balance:
    if m.step in ("raise", "change", "reopen"):
        assert m.value is not None
        # pounds closed before stay in what was raised, though the data no longer hold them
        raised = max(m.value + b.corrected, b.closed)
        accepted = min(b.accepted, raised - b.closed) if m.reached == "accepted" else ZERO
        return replace(b, raised=raised, refused=ZERO, accepted=accepted)
    if m.step in ("accept", "pursue") or (m.step == "withdraw" and b.refused):
        b = replace(b, rejected=b.rejected - b.refused, refused=ZERO)
    if m.step == "accept":
        return replace(b, accepted=m.amount or ZERO)
    if m.step == "reject":
        return replace(b, rejected=b.rejected + b.open, refused=b.open, accepted=ZERO)
    if m.step == "settle" and m.reached == "settled":
        paid = m.amount or ZERO
        return replace(b, credited=b.credited + paid, rejected=b.rejected + b.open - paid, accepted=ZERO)
    if m.step == "settle":
        return replace(b, corrected=b.corrected + b.open, accepted=ZERO)
    if m.step == "withdraw":
        return replace(b, withdrawn=b.withdrawn + b.open, accepted=ZERO)
    if m.step == "lapse":
        return replace(b, lapsed=b.lapsed + b.open, accepted=ZERO)
    return b


def check(subject: str, found: Balance, is_closed: bool) -> None:
    """ContractError when pounds do not add up, which no allowed step can bring about."""
    if found.open < 0 or (is_closed and found.open):
        raise ContractError(
            f"{subject}: {found.open} is open though {found.closed} of {found.raised} raised is closed. Its events are "
            "not those that this software writes; compare with tertiary decisions verify."
        )

"""What a board should know is uncertain, in pounds and with the evidence: found in the position, not typed in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tertiary.month_end import Position
from tertiary.month_end.forecast import three


@dataclass(frozen=True)
class Risk:
    """One thing that could change the position. `pounds`: how much rests on it, never negative."""

    name: str
    pounds: Decimal
    evidence: str
    action: str


def risks(found: Position, prior: Decimal = Decimal(0), challenged: Decimal | None = None) -> list[Risk]:
    """Risks of a position that stand on any pounds, the largest first.

    `prior`: what moved in months that were closed before; `challenged`: pounds in question, None when not known.
    """
    loose = [e for e in found.entries if e.kind == "uncontracted"]
    off = [t for t in found.ties if t.state != "ties"]
    drafts = {(c.contract.contract, c.contract.version): c.contract for c in found.cells.covered if c.contract.contract}
    unsigned = [c for c in drafts.values() if c.signed_on is None]
    methods = three(found.outturns)
    spread = max(methods) - min(methods)
    made = [
        Risk(
            "Care without a contract", found.total("payment", loose),
            f"{len({(e.provider_code, e.payer_code) for e in loose})} pairs of provider and payer are accrued at value",
            "Agree a contract, an element that covers it, or that it is not owed.",
        ),
        Risk(
            "Months that did not arrive", abs(found.total("accrued")),
            "valued by plan and what arrived before", "Ask the providers for the missing months.",
        ),
        Risk(
            "Plans that do not tie to contracts", sum((abs(t.difference) for t in off), Decimal(0)),
            f"{len(off)} elements, plan loaded against the agreed value of the same months",
            "Correct the plan or the contract; activity variance is wrong until then.",
        ),
        Risk(
            "Contracts that nobody signed", sum((abs(c.signed_value) for c in unsigned), Decimal(0)),
            f"{len(unsigned)} of {len(drafts)} contracts are drafts",
            "Sign them, or treat the payments as provisional.",
        ),
        Risk(
            "Forecast", spread, "between the least and the most of three simple methods, a year",
            "Read the forecast as a range.",
        ),
        Risk("Closed months that moved", abs(prior), "since the former close", "See the movements for where and why."),
    ]  # fmt: skip
    if challenged is not None:
        made.append(
            Risk(
                "Charges in question",
                abs(challenged),
                "by the rules of challenges, answered or not",
                "See the log of challenges.",
            )
        )
    return sorted((r for r in made if r.pounds), key=lambda r: -r.pounds)

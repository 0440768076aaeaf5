"""A month as it is stated: position, movements, journal, challenges and checks; whole, or the part of some owners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tertiary.month_end import (
    Contract,
    Dates,
    Invoice,
    Keep,
    Movement,
    Position,
    Posting,
    coverage,
    hospital_gaps,
    reconcile,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.runs import Run

# how the sheets compare flows
FLOWS = ("provider_code", "financial_month", "component")
SERVICES = ("service_line_final", "component")


@dataclass(frozen=True)
class Checks:
    """Whether the flows of a year to a month agree, as `reconcile` by FLOWS, `coverage` by SERVICES and
    `hospital_gaps` say; `hospital` is None where it may not be told, for it does not say who pays.
    """

    flows: pa.Table
    services: pa.Table
    hospital: pa.Table | None

    @classmethod
    def of(cls, run: Run, financial_year: str, last_month: int) -> Checks:
        """Those of a whole run."""
        about = (run, financial_year, last_month)
        return cls(reconcile(*about, FLOWS), coverage(*about, SERVICES), hospital_gaps(*about))


@dataclass(frozen=True)
class Month:
    """Everything a statement is about. `movements` and `journal` are empty where no month was closed.

    `checks` of flows are those of the whole run unless given.
    """

    run: Run
    position: Position
    contracts: Sequence[Contract]
    when: Dates
    on: date
    close: str = ""
    movements: Sequence[Movement] = ()
    journal: Sequence[Posting] = ()
    invoices: Sequence[Invoice] = ()
    challenges: pa.Table | None = None
    checks: Checks | None = None

    def part(self, keep: Keep, checks: Checks, is_booked: Callable[[str], bool]) -> Month:
        """The month of some owners, as `Position.part`, with the checks of what is theirs.

        `is_booked` says whose books the journal is kept of, by entity.
        """
        import pyarrow as pa

        raised = self.challenges
        if raised is not None:
            names = ("provider_code", "host_code", "payer_code")
            owners = zip(*(raised[name].to_pylist() for name in names), strict=True)
            raised = raised.filter(pa.array([keep(*owner) for owner in owners], pa.bool_()))
        contracts = [own for contract in self.contracts if (own := contract.part(keep)).elements]
        hosts = {(c.provider_code, e.payer_code): c.host_code for c in contracts for e in c.elements}
        return replace(
            self, position=self.position.part(keep), contracts=contracts, challenges=raised, checks=checks,
            movements=[m for m in self.movements if keep(m.provider_code, m.host_code, m.payer_code)],
            journal=[p for p in self.journal if is_booked(p.entity)],
            invoices=[
                i for i in self.invoices
                if keep(i.provider_code, hosts.get((i.provider_code, i.payer_code), ""), i.payer_code)
            ],
        )  # fmt: skip

    def of_payer(self, payer: str) -> Month:
        """The month of one payer: position, movements and challenges; checks of flows stay those of all."""
        import pyarrow.compute as pc

        raised = self.challenges
        return replace(
            self, position=self.position.of_payer(payer),
            movements=[m for m in self.movements if m.payer_code == payer],
            journal=[p for p in self.journal if p.entity == payer],
            challenges=None if raised is None else raised.filter(pc.equal(raised["payer_code"], payer)),
        )  # fmt: skip

    @property
    def challenged(self) -> Decimal | None:
        """Pounds that are challenged, each once; None when no challenges were given."""
        if self.challenges is None:
            return None
        return sum((value or Decimal(0) for value in self.challenges.column("first_claim").to_pylist()), Decimal(0))

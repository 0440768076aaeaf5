"""Coverage: how much of what the aggregate reports is there at patient level.

    coverage = patient level (PLCM, DrPLCM, DePLCM) / aggregate (ACM), in pounds as submitted

One definition for figures per patient and for month end. Which flow must equal the aggregate: coverage_flows.csv.
Limits beyond which figures per patient are blocked: `least_to_aggregate` and `most_to_aggregate` of
variation_limits.csv. Source: Data Dictionary overviews of the contract monitoring standards.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tertiary.errors import AllocationError
from tertiary.sheets import shipped

if TYPE_CHECKING:
    import ibis.expr.types as ir

AGGREGATE = "acm"
LIMITS = ("least_to_aggregate", "most_to_aggregate")


def is_patient_level(rows: ir.Table) -> ir.BooleanValue:
    """Whether a row is of the flow that the aggregate must equal: for drugs the drug flow, not activity."""
    import ibis

    found = ibis.literal(False)
    for component, flows in _flows():
        found = found | ((rows.component == component) & rows.flow.isin(flows))
    return found


@cache
def _flows() -> tuple[tuple[str, tuple[str, ...]], ...]:
    lines = shipped("tertiary.allocate", "coverage_flows.csv", AllocationError)
    return tuple((line.text("component"), line.codes("flows")) for line in lines)

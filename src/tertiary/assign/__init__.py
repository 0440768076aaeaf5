"""Who pays, by which box of the official method, and with which look-up."""

from tertiary.assign.assign import Ground, assign
from tertiary.assign.findings import commissioner_findings, not_answerable_counts
from tertiary.assign.settings import AssignSettings
from tertiary.assign.walk import Step, Walk, steps, walk

__all__ = [
    "AssignSettings",
    "Ground",
    "Step",
    "Walk",
    "assign",
    "commissioner_findings",
    "not_answerable_counts",
    "steps",
    "walk",
]

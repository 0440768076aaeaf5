"""What arrived, and is it sound: contracts, reading, checks, findings, quarantine and submissions.

Begin with `intake`; the layouts are in `contracts`, the rules in `checks.csv`.
"""

from __future__ import annotations

from tertiary.flows.contracts import contracts, recognise
from tertiary.flows.intake import Intake, IntakeSettings, check, intake

__all__ = ["Intake", "IntakeSettings", "check", "contracts", "intake", "recognise"]

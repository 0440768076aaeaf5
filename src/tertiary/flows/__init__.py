"""What arrived, and is it sound: contracts, checks, quarantine, submissions and pseudonyms."""

from tertiary.flows.intake import Intake, IntakeSettings, check, intake

__all__ = ["Intake", "IntakeSettings", "check", "intake"]

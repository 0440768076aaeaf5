"""What a commissioner questions about what a provider charged: raised by rules, answered, settled."""

from __future__ import annotations

from tertiary.challenges.balance import Balance
from tertiary.challenges.cash import Cash, Paid, cash_of, read_cash
from tertiary.challenges.dates import Calendar, Due, read_calendar
from tertiary.challenges.files import read_handovers
from tertiary.challenges.log import Challenge, Event, Log, OvertakenError, Written, totals
from tertiary.challenges.raising import SYNTHETIC, Raised, raise_challenges, run_label
from tertiary.challenges.report import balance_rows, log_rows
from tertiary.challenges.rules import Rule, Settings, rules
from tertiary.challenges.worklists import worklist

__all__ = [
    "SYNTHETIC",
    "Balance",
    "Calendar",
    "Cash",
    "Challenge",
    "Due",
    "Event",
    "Log",
    "OvertakenError",
    "Paid",
    "Raised",
    "Rule",
    "Settings",
    "Written",
    "balance_rows",
    "cash_of",
    "log_rows",
    "raise_challenges",
    "read_calendar",
    "read_cash",
    "read_handovers",
    "rules",
    "run_label",
    "totals",
    "worklist",
]

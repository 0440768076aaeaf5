"""What can go wrong, said to the person who can mend it.

The command line prints these without a traceback and ends with `exit_code`.
"""

from __future__ import annotations


class TertiaryError(Exception):
    """A problem the user can act on. The message says what, where and what to do."""

    exit_code = 10


class RegisterError(TertiaryError):
    """A register table or overlay cannot be used as it is."""

    exit_code = 11


class FlowError(TertiaryError):
    """Inputs cannot be read at all (one bad file or row is a finding, not this)."""

    exit_code = 12


class RunError(TertiaryError):
    """A run folder cannot be written or opened."""

    exit_code = 13


class EngineError(TertiaryError):
    """The engine refused a query or ran out of room."""

    exit_code = 14


class ConservationError(TertiaryError):
    """Received rows or pounds do not add up: a fault of this software, never shown as a result."""

    exit_code = 15


class PoolError(TertiaryError):
    """An agreement to share a budget, or the amounts it is settled with, cannot be used."""

    exit_code = 17


class DecisionError(TertiaryError):
    """The decision store cannot be used, or a step is not allowed."""

    exit_code = 18


class AllocationError(TertiaryError):
    """Need, populations or pots from which shares and targets are worked out cannot be used."""

    exit_code = 19


class ContractError(TertiaryError):
    """A contract, a plan or a month cannot be used, or a challenge cannot take a step."""

    exit_code = 20


class PublishError(TertiaryError):
    """A workbook, report or chart cannot be made."""

    exit_code = 21

"""What can go wrong when a synthetic England is asked for."""

from __future__ import annotations

from tertiary.errors import TertiaryError


class SynthError(TertiaryError):
    """The request cannot be met: the message names the option, the value seen and what is allowed."""

    exit_code = 16

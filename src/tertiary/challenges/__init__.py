"""What a commissioner questions about what a provider charged: raised by rules, answered, settled."""

from __future__ import annotations

from tertiary.challenges.raising import Raised, raise_challenges
from tertiary.challenges.rules import Settings, rules

__all__ = ["Raised", "Settings", "raise_challenges", "rules"]

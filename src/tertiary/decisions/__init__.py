"""What people decided, and the proof that nothing of it was changed."""

from __future__ import annotations

from tertiary.decisions.audit import Head
from tertiary.decisions.store import Actor, Decision, Step, Store

__all__ = ["Actor", "Decision", "Head", "Step", "Store"]

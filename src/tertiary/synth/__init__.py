"""A synthetic England to practise on: every commissioning flow in its official layout, with the truth beside it."""

from tertiary.synth.errors import SynthError
from tertiary.synth.generate import SynthSummary, write

__all__ = ["SynthError", "SynthSummary", "write"]

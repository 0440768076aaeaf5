"""Which specialised service is it: identification rules compiled to look-up tables and bit masks."""

from tertiary.identify.identify import identify
from tertiary.identify.survey import Survey, survey

__all__ = ["Survey", "identify", "survey"]

"""Which specialised service is it: identification rules compiled to look-up tables and bit masks."""

from tertiary.identify.identify import identify

__all__ = ["identify"]

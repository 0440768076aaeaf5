"""What leaves: workbooks, reports and charts, each with its sources and its label."""

from tertiary.publish.disclosure import note, release, release_together
from tertiary.publish.public import public_totals
from tertiary.publish.report import board_report
from tertiary.publish.stated import Month
from tertiary.publish.statement import statement

__all__ = ["Month", "board_report", "note", "public_totals", "release", "release_together", "statement"]

"""What leaves: workbooks, reports and charts, each with its sources and its label."""

from tertiary.publish.report import board_report
from tertiary.publish.statement import Month, statement

__all__ = ["Month", "board_report", "statement"]

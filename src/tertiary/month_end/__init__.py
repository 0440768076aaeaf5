"""What is owed for a month, how sure that is, and the close: contracts, plan, payment, reconciliation."""

from tertiary.month_end.accruals import Accrual, accruals
from tertiary.month_end.calendar import Dates, dates, read_calendar
from tertiary.month_end.cash import (
    cash_lines,
    contract_cash,
    contract_pairs,
    read_contract_cash,
    read_contract_pairs,
)
from tertiary.month_end.close import Close, Movement, close, every, movements, open_close
from tertiary.month_end.contracts import Contract, Element, Keep, contracts_of, read_contracts
from tertiary.month_end.delegated import delegated_values
from tertiary.month_end.draft import as_csv, draft_contracts
from tertiary.month_end.forecast import Outturn
from tertiary.month_end.journal import Posting, journal
from tertiary.month_end.payment import cash_effect
from tertiary.month_end.position import Adjustment, Entry, Position, Tie, position, read_adjustments, table
from tertiary.month_end.reconcile import Invoice, coverage, hospital_gaps, invoice_gaps, read_invoices, reconcile
from tertiary.month_end.settled import Settled, adjustments_csv, settled
from tertiary.phasing import read_profiles, weight

__all__ = [
    "Accrual",
    "Adjustment",
    "Close",
    "Contract",
    "Dates",
    "Element",
    "Entry",
    "Invoice",
    "Keep",
    "Movement",
    "Outturn",
    "Position",
    "Posting",
    "Settled",
    "Tie",
    "accruals",
    "adjustments_csv",
    "as_csv",
    "cash_effect",
    "cash_lines",
    "close",
    "contract_cash",
    "contract_pairs",
    "contracts_of",
    "coverage",
    "dates",
    "delegated_values",
    "draft_contracts",
    "every",
    "hospital_gaps",
    "invoice_gaps",
    "journal",
    "movements",
    "open_close",
    "position",
    "read_adjustments",
    "read_calendar",
    "read_contract_cash",
    "read_contract_pairs",
    "read_contracts",
    "read_invoices",
    "read_profiles",
    "reconcile",
    "settled",
    "table",
    "weight",
]

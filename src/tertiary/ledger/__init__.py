"""What was spent, on whom, by whom: which flow counts, the ledger, and cells from which patients are recounted."""

from tertiary.ledger.counting import count_once
from tertiary.ledger.ledger import ledger, patient_cells

__all__ = ["count_once", "ledger", "patient_cells"]

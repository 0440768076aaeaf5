"""What was spent, on whom, by whom: which flow counts, the ledger, and cells from which patients are recounted."""

from tertiary.ledger.counting import Basis, count_once, spend_basis
from tertiary.ledger.ledger import ledger, patient_cells

__all__ = ["Basis", "count_once", "ledger", "patient_cells", "spend_basis"]

"""What is really so: one truth row per written record, kept apart in `_truth/` and never read by the pipeline."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = (
    "file", "row_number", "flow", "source_id", "provider_code", "patient_id", "gp_practice_code", "lsoa21_code",
    "spell_number", "service_line", "commissioner_code", "category", "payer_kind", "payer_code", "payer_reason",
    "miscoded", "submitted_wrong", "charged", "price", "counts",
)  # fmt: skip


def rows(flow: str, file: str, table: pa.Table, boards: dict[str, str], counts: np.ndarray) -> pa.Table:
    """Truth of one file; `table` is in the file's row order with internal columns.

    `boards`: sub-ICB to the ICB it lies in that month. `counts`: rows that are the one place where their care and its
    cost stand; every other row tells of care that another row counts, or of none.
    """
    n, text = table.num_rows, pa.string()

    def column(*names: str) -> pa.Array:
        for name in names:
            if name in table.column_names:
                found = table[name]
                return (found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found).cast(text)
        return pa.nulls(n, text)

    values = {
        "file": pa.array([file] * n, text), "row_number": pa.array(np.arange(1, n + 1)),
        "flow": pa.array([flow] * n, text), "source_id": column("true_source", "period", "cds_id", "record_id"),
        "provider_code": column("provider"), "patient_id": column("nhs_number"),
        "gp_practice_code": column("practice"), "lsoa21_code": column("lsoa"), "spell_number": column("spell_number"),
        "service_line": column("true_line", "critical_line", "line"),
        "commissioner_code": column("true_commissioner", "commissioner"),
        "category": column("true_category", "category"), "payer_reason": column("payer_reason"),
        "payer_kind": _payer(column("true_category", "category")),
        "payer_code": _board(column("true_category", "category"), column("true_commissioner", "commissioner"), boards),
        "miscoded": column("miscoded"), "submitted_wrong": column("submitted_wrong"), "charged": column("charged"),
        "price": column("price"), "counts": pa.array(counts, pa.bool_()),
    }  # fmt: skip
    return pa.table({c: values[c] for c in COLUMNS})


def _payer(category: pa.Array) -> pa.Array:
    """Whose budget: an ICB's for its own, delegated and dental care, NHS England's, or the patient's own."""
    icb = pc.is_in(category, value_set=pa.array(["12", "25", "26", "55", "75", "85"]))
    return pc.if_else(icb, "icb", pc.if_else(pc.equal(category, "98"), "private", "nhs_england"))


def _board(category: pa.Array, commissioner: pa.Array, boards: dict[str, str]) -> pa.Array:
    """The ICB that pays, of the true sub-ICB; null where no ICB does."""
    at = pc.index_in(commissioner, value_set=pa.array(list(boards), pa.string()))
    icb = pa.array(list(boards.values()), pa.string()).take(at)
    return pc.if_else(pc.equal(_payer(category), "icb"), icb, pa.scalar(None, pa.string()))

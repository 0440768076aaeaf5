"""How far a run finds the truth of a synthetic England: lines, commissioners and planted defects.

    python tools/truth_report.py RUN SYNTHETIC_FOLDER

Truth is joined by file and row. Precision: of what the run said, how much is true. Recall: of what is true, how much
the run said. Records whose rule is not public, or whose codes were miscoded on purpose, are part of the misses.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tertiary
from tertiary.engine import DuckDBEngine

LINES = """
SELECT r.flow, count(*) AS records,
       count(*) FILTER (t.service_line <> '') AS truly_specialised,
       count(*) FILTER (r.service_line_final <> '') AS found,
       count(*) FILTER (r.service_line_final <> '' AND r.service_line_final = t.service_line) AS right_line
FROM records r JOIN submissions s USING (submission_id)
JOIN truth t ON t.file = s.file AND t.row_number = r.row_number
WHERE r.fate = 'accepted' GROUP BY 1 ORDER BY 1
"""
COMMISSIONERS = """
SELECT r.flow, count(*) AS records, count(*) FILTER (r.commissioner_code = t.commissioner_code) AS agreed
FROM records r JOIN submissions s USING (submission_id)
JOIN truth t ON t.file = s.file AND t.row_number = r.row_number
WHERE r.fate = 'accepted' AND t.commissioner_code <> '' AND r.component = 'activity' AND r.flow <> 'prior_approval'
GROUP BY 1 ORDER BY 1
"""
DEFECTS = """
SELECT d.kind, d.rule_id AS rule, count(*) AS planted, count(*) FILTER (f.hits > 0) AS found
FROM defects d LEFT JOIN (
    SELECT file, row_number, rule_id, count(*) AS hits FROM findings GROUP BY ALL
) f ON f.file = d.file AND f.rule_id = d.rule_id AND (f.row_number = d.row_number OR f.row_number = 0)
GROUP BY 1, 2 ORDER BY 1
"""


def main(run_folder: str, synthetic: str) -> None:
    """Print the three tables."""
    run, truth = tertiary.open(run_folder), Path(synthetic) / "_truth"
    with DuckDBEngine() as engine:
        for name in ("records", "submissions", "findings"):
            engine.scan(name, run.table(name).paths)
        engine.scan("truth_rows", [truth / "synthetic_records.parquet"])
        engine.execute(
            "CREATE VIEW truth AS SELECT * REPLACE (coalesce(service_line, '') AS service_line, "
            "coalesce(commissioner_code, '') AS commissioner_code) FROM truth_rows"
        )
        _print("Service lines", engine.query(LINES).to_pylist())
        _print("Commissioners", engine.query(COMMISSIONERS).to_pylist())
        planted = truth / "defects.parquet"
        if not planted.exists():
            planted = truth / "synthetic_defects.parquet"
        if planted.exists():
            engine.scan("defects", [planted])
            _print("Planted defects", engine.query(DEFECTS).to_pylist())


def _print(title: str, rows: list[dict[str, object]]) -> None:
    print(f"\n{title}")
    for row in rows:
        shown = dict(row)
        if "right_line" in row:
            right = int(str(row["right_line"]))
            shown["precision"] = _share(right, int(str(row["found"])))
            shown["recall"] = _share(right, int(str(row["truly_specialised"])))
        elif "agreed" in row:
            shown["share"] = _share(int(str(row["agreed"])), int(str(row["records"])))
        print("  " + "  ".join(f"{k} {v}" for k, v in shown.items()))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""How far a run finds the truth of a synthetic England, and how near that England is to published facts.

    python tools/truth_report.py RUN SYNTHETIC_FOLDER                  prints the figures
    python tools/truth_report.py RUN SYNTHETIC_FOLDER --page PAGE.md   writes them between the marks of the page

Exits with 1 when a miss has no cause, a planted defect was not found, or planted double counting added to a total.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import truth_defects
import truth_scores
import truth_totals
from tertiary.engine import DuckDBEngine
from truth_text import table

MARKS = {name: (f"<!-- {name}: begin -->", f"<!-- {name}: end -->") for name in ("truth", "calibration")}


def truth_text(engine: DuckDBEngine) -> str:
    """All tables of scores, causes, defects and totals, headed."""
    parts = {
        "Service lines": truth_scores.lines(engine),
        "Payers (the kind, and the ICB where one pays)": truth_scores.payers(engine),
        "Commissioner codes": truth_scores.commissioners(engine),
        "Why something was missed": truth_scores.causes(engine),
        "Planted defects": truth_defects.defects(engine),
        "Rows that count and were set aside": truth_totals.unusable(engine),
        "What arrived more than once": truth_totals.offered(engine),
    }
    text = "\n".join(f"{heading}\n{table(rows)}" for heading, rows in parts.items())
    led = [_led(row) for row in truth_totals.totals(engine)]
    return text + "\nFrom the truth's total to the run's\n" + "\n".join(table(part) for part in led)


def _led(row: dict[str, object]) -> list[dict[str, object]]:
    steps = {
        "true": "truth", "unusable": "less rows set aside for a planted defect",
        "changed": "plus amounts changed by a planted defect",
        "stand_in": "plus another flow standing in for such rows",
        "counted": "counted by the run", "doubled": "counted twice",
    }  # fmt: skip
    return [{str(row["component"]): words, "rows": row[f"{k}_rows"], "pounds": row[f"{k}_pounds"]}
            for k, words in steps.items()]  # fmt: skip


def failures(engine: DuckDBEngine) -> list[str]:
    """What may not be: misses without a cause, defects not found, anything counted twice."""
    told = [f"{r['records']} {r['missed']} misses unexplained in {r['flows']}"
            for r in truth_scores.causes(engine) if r["cause"] == truth_scores.UNEXPLAINED]  # fmt: skip
    found = truth_defects.defects(engine)
    told += [f"{r['missed']} of {r['planted']} {r['kind']} not found" for r in found if r["missed"]]
    told += [f"{r['false']} findings of {r['rule']} without a reason" for r in found if r["false"] not in ("-", 0)]
    told += [f"{r['component']}: {r['doubled_rows']} rows, {r['doubled_pounds']} pounds counted twice"
             for r in truth_totals.totals(engine) if r["doubled_rows"] or r["doubled_pounds"]]  # fmt: skip
    told += [f"{r['records']} rows set aside without a planted defect"
             for r in truth_totals.unusable(engine) if r["cause"] == truth_scores.UNEXPLAINED]  # fmt: skip
    return told


def between(page: str, name: str, text: str) -> str:
    begin, end = MARKS[name]
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n```text\n{text.rstrip()}\n```\n{end}{after}"


def main() -> int:
    """Print or write the report; 1 when something may not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    with truth_scores.opened(given.run, given.synthetic) as engine:
        text, told = truth_text(engine), failures(engine)
    if given.page:
        page = given.page.read_text(encoding="utf-8")
        given.page.write_text(between(page, "truth", text), encoding="utf-8")
    else:
        print(text)
    for line in told:
        print(line, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())

"""How near a synthetic England is to published facts: published value, synthetic value of a run, and their ratio.

    python tools/truth_calibration.py RUN --scale 0.05                 prints the figures
    python tools/truth_calibration.py RUN --scale 0.05 --page PAGE.md  writes them into the page

The run is of the whole country. `calibration.csv` has a row for each measure; in it `fact:N` stands for a value of the
register's `spend_facts`, `ncc:P` for the activity of the National Cost Collection whose currency begins with P, `hrg:P`
for counted activity whose resource group does, `{year}` for what takes the months and the scale of the run to a year
of England, and `{people}` for what takes its people to all people.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import tertiary
from tertiary.engine import DuckDBEngine
from tertiary.register import Register
from truth_report import between
from truth_text import table

NEAR = Decimal("0.15")
CHANCE = 3  # standard errors by which a count may differ by chance before it is called far
HERE = Path(__file__).parent
VIEWS = {
    "counted": "SELECT * FROM records WHERE counted",
    "boards": "SELECT DISTINCT icb_code, region_code FROM icbs",
    "deprived": "SELECT lsoa21_code, imd2025_decile <= 2 AS is_core20 FROM lsoas",
    "sickle": """SELECT a.* FROM activity a JOIN records r USING (record_id)
        WHERE a.flow = 'apc_spell' AND a.fate = 'accepted' AND a.diagnosis_all LIKE 'D57%'""",
    "sickle_people": """SELECT r.patient_id, a.ethnic_category, p.region_code, d.is_core20
        FROM records r JOIN activity a USING (record_id) LEFT JOIN providers p ON p.provider_code = r.provider_code
        LEFT JOIN deprived d ON d.lsoa21_code = r.lsoa21_code
        WHERE r.service_line_final = 'NCBPS38S' AND r.patient_id <> '' AND r.flow IN ('apc_spell', 'op')""",
    "dialysis_people": """SELECT r.patient_id, r.ethnic_category, d.is_core20
        FROM records r LEFT JOIN deprived d USING (lsoa21_code)
        WHERE r.flow IN ('apc_spell', 'op')
            AND r.patient_id IN (SELECT patient_id FROM records WHERE hrg LIKE 'LD%' AND patient_id <> '')""",
}


def measures(run_folder: Path, scale: float) -> list[dict[str, Any]]:
    """One row a measure of `calibration.csv`."""
    run, known = tertiary.open(run_folder), Register.load()
    with DuckDBEngine() as engine:
        for name in ("activity", "records"):
            engine.scan(name, run.table(name).paths)
        for name in ("icbs", "lsoas", "providers", "spend_facts", "lsoa_populations"):
            engine.load(name, known[name])
        engine.load("ncc", known["cost_collection"])
        for name, sql in VIEWS.items():
            engine.execute(f"CREATE VIEW {name} AS {sql}")
        words = _words(engine, scale)
        with (HERE / "calibration.csv").open(encoding="utf-8", newline="") as handle:
            return [_measure(engine, row, words) for row in csv.DictReader(handle)]


def _words(engine: DuckDBEngine, scale: float) -> dict[str, str]:
    days = _one(engine, """(SELECT sum(n) FROM (SELECT DISTINCT day(last_day(activity_date)) AS n, financial_month
        FROM records WHERE flow = 'op' AND fate = 'accepted'))""")  # fmt: skip
    population = _one(engine, "(SELECT sum(population) FROM lsoa_populations WHERE lsoa21_code LIKE 'E%')")
    return {
        "{year}": str(365.25 / float(days or 0) / scale),
        "{people}": str(1 / scale),
        "{population}": str(population),
    }


def _measure(engine: DuckDBEngine, row: dict[str, str], words: dict[str, str]) -> dict[str, Any]:
    synthetic = _one(engine, _filled(row["synthetic"], words))
    published = _one(engine, _filled(row["published"], words)) if row["published"] else None
    ratio = f"{synthetic / published:.2f}" if published and synthetic is not None else "-"
    return {
        "measure": f"{row['group']}: {row['measure']}", "unit": row["unit"], "published": _round(published),
        "synthetic": _round(synthetic), "ratio": ratio, "seen": _seen(engine, row, synthetic, words),
        "source": row["source"], "remark": row["remark"],
    }  # fmt: skip


def _seen(engine: DuckDBEngine, row: dict[str, str], synthetic: float | None, words: dict[str, str]) -> str:
    """How many the figure rests on: of a share, the people in its numerator. Chance matters where they are few."""
    if row["seen"]:
        return f"{_one(engine, row['seen']) or 0:,.0f}"
    for word in ("{year}", "{people}"):
        if row["synthetic"].startswith(word) and not row["unit"].startswith("GBP"):
            return f"{(synthetic or 0) / float(words[word]):,.0f}"
    return "-"


def _filled(sql: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        sql = sql.replace(name, value)
    sql = re.sub(r"fact:(\d+)", r"(SELECT figure FROM spend_facts WHERE row_id = \1)", sql)
    sql = re.sub(r"ncc:(\w+)", r"(SELECT coalesce(sum(activity), 0) FROM ncc WHERE currency_code LIKE '\1%')", sql)
    return re.sub(r"hrg:(\w+)", r"(SELECT coalesce(sum(quantity), 0) FROM counted WHERE hrg LIKE '\1%')", sql)


def _one(engine: DuckDBEngine, sql: str) -> float | None:
    return engine.query(f"SELECT CAST({sql} AS DOUBLE) AS v").column("v")[0].as_py()


def _round(value: float | None) -> str:
    """Three figures that mean something, the rest of large numbers as they are."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def far(rows: list[dict[str, Any]]) -> list[str]:
    """Measures further from what is published than the tolerance and chance, without a remark that says why."""
    return [f"{r['measure']}: ratio {r['ratio']}" for r in rows
            if r["ratio"] != "-" and abs(Decimal(r["ratio"]) - 1) > _allowed(r["seen"])
            and not r["remark"].startswith("not calibrated")]  # fmt: skip


def _allowed(seen: str) -> Decimal:
    few = Decimal(CHANCE) / Decimal(seen.replace(",", "")).sqrt() if seen not in ("-", "0") else Decimal(0)
    return max(NEAR, few)


def main() -> int:
    """Print or write the table; 1 when a measure is far from its fact and nothing says why."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    rows = measures(given.run, given.scale)
    if given.page:
        given.page.write_text(between(given.page.read_text(encoding="utf-8"), "calibration", table(rows)), "utf-8")
    else:
        print(table(rows))
    for line in far(rows):
        print(line, file=sys.stderr)
    return 1 if far(rows) else 0


if __name__ == "__main__":
    sys.exit(main())

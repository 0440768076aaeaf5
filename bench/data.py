"""Canonical activity for the benchmarks: a synthetic England multiplied, as Parquet blocks of at most a million rows.

The seed is a year of a synthetic England put through `tertiary run`, about a million rows of every flow. Copies get
keys of their own (records, spells, patients, visits) and further secondary codes, so that spells, links and distinct
code lists grow with the records as they would in life. What is not multiplied: the combinations of practice, area and
provider, which saturate in life too.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "data"
YEAR = {"area": "england", "months": "2025-04..2026-03", "scale": 0.007, "seed": 7}
DEFECTS = 0.001
BLOCK = 1_000_000
KEYS = ("record_id", "source_id", "spell_id", "episode_id", "attendance_id", "cds_unique_id", "patient_id")


def request(home: Path = HERE) -> dict[str, Any]:
    """What is asked of the synthesis: a year of England, unless `home` holds a `request.json` that says otherwise."""
    own = home / "request.json"
    return json.loads(own.read_text()) if own.exists() else YEAR


def seed(home: Path = HERE) -> list[Path]:
    """Files of accepted and superseded activity of the seed run, made once."""
    import tertiary
    from tertiary.runs import open as open_run
    from tertiary.synth import write

    folder = home / "seed"
    if not (folder / "run" / "manifest.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write(folder / "inputs", **request(home), defects=DEFECTS, format="parquet")
        tertiary.run(folder / "inputs", out=folder / "run", register=[folder / "inputs" / "register"])
    return list(open_run(folder / "run").activity.paths)


def overlay(home: Path = HERE) -> Path:
    """The register overlay that belongs to the seed."""
    return home / "seed" / "inputs" / "register"


def activity(millions: float, home: Path = HERE) -> list[Path]:
    """Blocks of about `millions` million accepted rows, in order; made once and kept."""
    folder = home / f"{millions:g}m"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _multiply([str(p) for p in seed(home)], round(millions * 1_000_000), folder)
        (folder / "done").touch()
    return sorted(folder.glob("*.parquet"))


def monthly_csv(home: Path = HERE) -> list[Path]:
    """The inputs of the seed as the CSV files that providers send; made once and kept."""
    from tertiary.synth import write

    folder = home / "csv"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write(folder / "inputs", **request(home), defects=DEFECTS, format="csv")
        (folder / "done").touch()
    inside = (folder / "inputs").glob("*/*.csv")
    return sorted(p for p in inside if p.parent.name not in ("_truth", "register"))


def _multiply(files: list[str], rows: int, folder: Path) -> None:
    import duckdb

    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        db.execute(f"CREATE TABLE seed AS SELECT * FROM read_parquet({files}) WHERE fate = 'accepted'")
        db.execute("""CREATE TABLE codes AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS place FROM
            (SELECT DISTINCT unnest(string_split(diagnosis_all, ',')) AS code FROM seed WHERE diagnosis_all <> '')""")
        months = db.execute("SELECT DISTINCT financial_month FROM seed ORDER BY 1").fetchall()
        held = db.execute("SELECT count(*) FROM seed").fetchall()[0][0]
        copies = max(1, -(-rows // held))
        share = min(1.0, rows / held / copies)
        keys = ", ".join(f"CASE WHEN {k} = '' OR c = 0 THEN {k} ELSE {k} || '~' || c END AS {k}" for k in KEYS)
        for (month,) in months:
            made = f"""SELECT s.* REPLACE ({keys},
                       CASE WHEN c > 0 AND diagnosis_all <> '' AND hash(record_id, c) % 10 < 7
                            THEN diagnosis_all || ',' || code ELSE diagnosis_all END AS diagnosis_all)
                FROM (SELECT s.*, c, hash(s.record_id, c, 'code') % (SELECT count(*) FROM codes) AS place
                      FROM seed s, range({copies}) AS r(c)
                      WHERE financial_month = {month} AND hash(s.record_id, 'share') % 1000 < {share * 1000}) s
                JOIN codes USING (place)"""
            count = db.execute(f"SELECT count(*) FROM ({made})").fetchall()[0][0]
            db.execute(f"""CREATE OR REPLACE TABLE month AS SELECT * EXCLUDE (c, place)
                FROM ({made}) ORDER BY submission_id, c, row_number""")
            for part, first in enumerate(range(0, count, BLOCK)):
                db.execute(f"""COPY (SELECT * REPLACE (row_number() OVER () AS row_key)
                    FROM (SELECT * FROM month LIMIT {BLOCK} OFFSET {first}))
                    TO '{folder}/{month:02d}-{part:03d}.parquet' (FORMAT parquet, COMPRESSION zstd)""")


def rows(millions: float, home: Path = HERE) -> int:
    """Rows of the blocks of a size, as their files say."""
    import pyarrow.parquet as pq

    return sum(pq.ParquetFile(path).metadata.num_rows for path in activity(millions, home))


def _make(place: Path, name: str) -> None:
    from bench import rules

    if name == "csv":
        monthly_csv(place)
        seed(place)
    elif name == "rules":
        rules.tenfold(place)
    else:
        activity(float(name), place)
        seed(place)


if __name__ == "__main__":
    for wanted in sys.argv[2:]:
        _make(Path(sys.argv[1]), wanted)

"""Canonical activity for the benchmarks: a synthetic England multiplied, as Parquet blocks of at most a million rows.

The seed is a year of a synthetic England put through `tertiary run`, about a million rows of every flow. Copies get
keys of their own (records, spells, patients, visits) and further secondary codes, so that spells, links and distinct
code lists grow with the records as they would in life. What is not multiplied: the combinations of practice, area and
provider, which saturate in life too.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

import tertiary
from tertiary.runs import open as open_run
from tertiary.synth import write

HERE = Path(__file__).parent / "data"
SEED_SCALE = 0.007
BLOCK = 1_000_000
KEYS = ("record_id", "source_id", "spell_id", "episode_id", "attendance_id", "cds_unique_id", "patient_id")


def seed() -> tertiary.Run:
    """The seed run, made once."""
    folder = HERE / "seed"
    if not (folder / "run" / "manifest.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        year = {"area": "england", "months": "2025-04..2026-03", "scale": SEED_SCALE, "seed": 7}
        write(folder / "inputs", **year, defects=0.001, format="parquet")
        tertiary.run(folder / "inputs", out=folder / "run", register=[folder / "inputs" / "register"])
    return open_run(folder / "run")


def overlay() -> Path:
    """The register overlay that belongs to the seed."""
    return HERE / "seed" / "inputs" / "register"


def activity(millions: int) -> list[Path]:
    """Blocks of about `millions` million accepted rows, in order; made once and kept."""
    folder = HERE / f"{millions}m"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _multiply([str(p) for p in seed().activity.paths], millions * 1_000_000, folder)
        (folder / "done").touch()
    return sorted(folder.glob("*.parquet"))


def _multiply(files: list[str], rows: int, folder: Path) -> None:
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        db.execute(f"CREATE TABLE seed AS SELECT * FROM read_parquet({files}) WHERE fate = 'accepted'")
        db.execute("""CREATE TABLE codes AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS place FROM
            (SELECT DISTINCT unnest(string_split(diagnosis_all, ',')) AS code FROM seed WHERE diagnosis_all <> '')""")
        months = db.execute("SELECT DISTINCT financial_month FROM seed ORDER BY 1").fetchall()
        held = db.execute("SELECT count(*) FROM seed").fetchall()[0][0]
        copies = max(1, round(rows / held))
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

"""The stages over a block of records: what is not accepted takes no part, and blocks say what the whole says."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from builders import activity
from tertiary.assign import AssignSettings
from tertiary.stages import stages, whole

SPELL = {"flow": "apc_spell", "spell_id": "RRV:S1", "point_of_delivery": "EL"}
EPISODE = {"flow": "apc_episode", "spell_id": "RRV:S1", "episode_id": "RRV:S1:1"}


def decided(engine: Any, register: Any, table: pa.Table, known: Any = None) -> list[dict[str, Any]]:
    rows = engine.load("given", table)
    found = engine.fetch(stages(engine, rows, register, AssignSettings(), known))
    return sorted(found.to_pylist(), key=lambda r: int(r["record_id"][1:]))


def test_superseded_rows_neither_identify_nor_count_nor_decide_the_basis(engine: Any, register: Any) -> None:
    sickle = {**EPISODE, "diagnosis_all": "D570", "fate": "superseded"}
    rows = decided(engine, register, activity([sickle, {**EPISODE, "diagnosis_all": "I10"}, SPELL]))
    assert [(r["record_id"], r["service_line_final"]) for r in rows] == [("r1", ""), ("r2", "")]
    rows = decided(engine, register, activity([{"flow": "plcm", "fate": "superseded"}, {"flow": "op"}]))
    assert [(r["flow"], r["counted"]) for r in rows] == [("op", True)]


def test_blocks_say_what_the_whole_says(engine: Any, register: Any) -> None:
    """A spell, its episode, the contract row that names it and what counts lie in different blocks."""
    sickle = {**EPISODE, "diagnosis_all": "D570", "cds_unique_id": "C1"}
    named = {"flow": "plcm", "cds_unique_id": "C1", "hrg": "SA36A"}
    table = activity([SPELL, sickle, named, {"flow": "op", "treatment_function_code": "340"}, {"flow": "acm"}])
    together = decided(engine, register, table)
    assert {r["service_line_final"] for r in together[:3]} == {"NCBPS38S"}
    assert [r["counted"] for r in together] == [False, False, True, False, False]
    known = whole(engine, engine.load("everything", table), register, AssignSettings())
    apart = [decided(engine, register, table.slice(n, 1), known)[0] for n in range(table.num_rows)]
    assert apart == together

"""Every check has an example that fails it and one that passes it; the 46 published rules are all accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import layouts
import pytest

from tertiary.engine import DuckDBEngine
from tertiary.flows import check
from tertiary.flows.checks import checks
from tertiary.register import Register

EXAMPLES = layouts.rows_of("check_examples")
PUBLISHED = (
    [f"F0{n}" for n in range(1, 9)]
    + [f"R{n:02}" for n in range(1, 12)]
    + [f"X{n:02}" for n in range(1, 13)]
    + [f"C0{n}" for n in range(1, 10)]
    + [f"A0{n}" for n in range(1, 6)]
    + ["Q01"]
)
REPEATED = ("D06", "D07", "D07.unnamed")  # checks whose failing example is a row sent twice
Found = dict[tuple[str, int], list[dict[str, Any]]]


def _changes(example: dict[str, str]) -> dict[str, str]:
    return dict(part.strip().split("=", 1) for part in example["changes"].split(" | "))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """Findings of all examples by (flow, example): one file a flow, two rows an example (the first is sound)."""
    folder = tmp_path_factory.mktemp("examples")
    for flow in layouts.BASE:
        rows = []
        for number, example in enumerate(EXAMPLES):
            if example["flow"] == flow:
                rows.append(layouts.changed(flow, number, _changes(example)))
                is_repeated = example["check"] in REPEATED and example["outcome"] == "fails"
                rows.append(rows[-1] if is_repeated else layouts.row(flow, number + 1000))
        if rows:
            layouts.write(folder / f"{flow}.csv", rows)
    with DuckDBEngine(threads=1) as engine:
        result = check(engine, [folder], Register.load())
        made: Found = {}
        query = """SELECT f.*, x."check" FROM flows_findings f LEFT JOIN (
            SELECT "check", field, r.row_number, q.file
            FROM flows_found x JOIN flows_numbered r ON r.row_key - 1 = x.row_id
            JOIN flows_files q ON q.file_no = x.file_no) x USING (file, row_number, field)
            JOIN flows_checks k ON k."check" = x."check" AND k.rule_id = f.rule_id"""
        for finding in engine.query(query).to_pylist():
            made.setdefault((Path(finding["file"]).stem, finding["row_number"]), []).append(finding)
        assert result.counts["received"] == sum(result.counts[k] for k in ("accepted", "quarantined", "superseded"))
        yield made


def _place(number: int) -> tuple[str, int]:
    flow = EXAMPLES[number]["flow"]
    return flow, 2 * sum(e["flow"] == flow for e in EXAMPLES[:number]) + 1


@pytest.mark.parametrize(
    "number", range(len(EXAMPLES)), ids=lambda n: f"{EXAMPLES[n]['check']}-{EXAMPLES[n]['outcome']}-{n}"
)
def test_example(found: Found, number: int) -> None:
    example = EXAMPLES[number]
    flow, row = _place(number)
    here = found.get((flow, row), []) + (found.get((flow, row + 1), []) if example["check"] in REPEATED else [])
    hits = [f for f in here if f["check"] == example["check"]]
    if example["outcome"] == "passes":
        assert not hits
        return
    assert hits, [(f["check"], f["value"]) for f in here]
    told = hits[0]
    assert told["rule_id"] == checks()[example["check"]].rule_id
    assert told["field"] and told["expected"] and told["advice"]
    if example["value"]:
        assert told["value"] == example["value"]
    assert told["repair"] == example["repair"]


def test_sound_rows_have_no_findings(found: Found) -> None:
    sound = {(flow, row): f for (flow, row), f in found.items() if row % 2 == 0}
    repeated = {(e["flow"], _place(n)[1] + 1) for n, e in enumerate(EXAMPLES) if e["check"] in REPEATED}
    assert not {k: [(f["check"], f["value"]) for f in v] for k, v in sound.items() if k not in repeated}


def test_every_row_check_has_both_examples() -> None:
    shown = {(e["check"], e["outcome"]) for e in EXAMPLES}
    kinds = {"file", "row", "cross_flow", "stated"}
    wanted = {(c.check, o) for c in checks().values() if c.kind not in kinds for o in ("fails", "passes")}
    assert shown == wanted


def test_published_rules_are_all_there() -> None:
    assert set(PUBLISHED) <= {c.rule_id for c in checks().values()}
    assert len(PUBLISHED) == 46


def test_only_rules_that_say_so_refuse_rows() -> None:
    refusing = {c.rule_id for c in checks().values() if c.action == "quarantine" and c.kind != "row"}
    assert refusing == {"F02", "F03", "F04", "F05", "F06", "F08", "D01", "D03", "D05", "N01"}


def test_repairs_are_named() -> None:
    for c in checks().values():
        assert (c.action == "repair") == bool(c.repair), c.check

"""What a run finds of the planted truth: every miss has a cause, every defect is found, nothing counts twice.

The same functions write the figures of docs/explanation/synthetic-england.md.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import tertiary
import truth_calibration
import truth_defects
import truth_report
import truth_scores
import truth_totals
from tertiary.synth.data import rows

from .conftest import Written

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(faulty: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth") / "run"
    tertiary.run(faulty.folder, out=folder, register=[faulty.folder / "register"], threads=2)
    return folder


def test_every_miss_has_a_cause_and_the_causes_add_up(run: Path, faulty: Written) -> None:
    with truth_scores.opened(run, faulty.folder) as engine:
        causes = truth_scores.causes(engine)
        found = {r["flow"]: r for r in truth_scores.lines(engine)}
        commissioners = truth_scores.commissioners(engine)
    assert [c for c in causes if c["cause"] == truth_scores.UNEXPLAINED] == []
    missed = sum(r["truly"] - r["right"] for r in found.values() if r["truly"] != "not scored")
    beyond = sum(r["found"] - r["right"] for r in found.values() if r["truly"] != "not scored")
    told = sum(c["records"] for c in causes if c["missed"] == "service")
    assert max(missed, beyond) <= told <= missed + beyond
    assert missed > 0
    assert sum(c["records"] for c in causes if c["missed"] == "commissioner") == sum(
        r["records"] - r["right"] for r in commissioners
    )


def test_aggregates_have_no_single_line_and_are_not_scored(run: Path, faulty: Written) -> None:
    with truth_scores.opened(run, faulty.folder) as engine:
        found = {r["flow"]: r for r in truth_scores.lines(engine)}
    assert {f for f, r in found.items() if r["precision"] == "not scored"} == {"acm", "iap"}


def test_lines_and_payers_are_nearly_all_right(run: Path, faulty: Written) -> None:
    """What is planted to be missed is rare, so that a fault of a stage shows at once."""
    with truth_scores.opened(run, faulty.folder) as engine:
        lines, payers = truth_scores.lines(engine), truth_scores.payers(engine)
    for row in lines:
        if row["precision"] not in ("not scored", "-"):
            assert float(row["precision"]) > 0.99 and float(row["recall"]) > 0.97, row
    for row in payers:
        if row["truly"] > 100:
            assert float(row["precision"]) > 0.99 and float(row["recall"]) > 0.95, row


def test_every_planted_kind_is_found(run: Path, faulty: Written) -> None:
    with truth_scores.opened(run, faulty.folder) as engine:
        found = truth_defects.defects(engine)
    assert [r for r in found if r["missed"] or r["false"] not in ("-", 0)] == []
    kinds = {r["kind"] for r in found}
    assert {"approval_missing", "resubmission", "year_to_date_restatement", "repeated_row", "identical_file"} <= kinds
    assert len(kinds) >= len({r["kind"] for r in rows("defects")})


def test_planted_double_counting_adds_nothing_to_counted_totals(run: Path, faulty: Written) -> None:
    with truth_scores.opened(run, faulty.folder) as engine:
        totals, offered = truth_totals.totals(engine), truth_totals.offered(engine)
        set_aside = truth_totals.unusable(engine)
    assert {r["component"] for r in totals} == {"activity", "drug", "device"}
    for row in totals:
        assert (row["doubled_rows"], row["doubled_pounds"]) == (0, 0), row
    assert len(offered) == 5
    assert all(r["rows"] > 0 and r["pounds"] > 0 for r in offered)
    assert truth_scores.UNEXPLAINED not in {r["cause"] for r in set_aside}


def test_the_whole_report_is_content(run: Path, faulty: Written) -> None:
    with truth_scores.opened(run, faulty.folder) as engine:
        assert truth_report.failures(engine) == []
        text = truth_report.truth_text(engine)
    assert "unexplained" not in text


def _altered(faulty: Written, folder: Path, **changes: Any) -> Path:
    """The truth of the folder with other values for one dialysis session on which nothing was planted."""
    file, row = faulty.ask("""select file, row_number from {truth} t where flow = 'plcm' and service_line = 'NCBPS11B'
        and counts and submitted_wrong = 'false' and not exists (
            select 1 from {defects} d where d.file = t.file and d.row_number = t.row_number) order by all limit 1""")[0]
    shutil.copytree(faulty.folder / "_truth", folder / "_truth")
    path = folder / "_truth" / "synthetic_records.parquet"
    truth = pq.read_table(path)
    at = pc.index(pc.and_(pc.equal(truth["file"], file), pc.equal(truth["row_number"], row)), True).as_py()
    for column, value in changes.items():
        cells = truth[column].to_pylist()
        cells[at] = value
        truth = truth.set_column(truth.schema.get_field_index(column), column, pa.array(cells, truth[column].type))
    pq.write_table(truth, path)
    return folder


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"service_line": "NCBPS13E"}, "1 service misses unexplained in plcm"),
        ({"payer_code": "QXX"}, "1 payer misses unexplained in plcm"),
        ({"counts": False}, "activity: 1 rows"),
    ],
)
def test_a_fault_would_be_told(run: Path, faulty: Written, tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    with truth_scores.opened(run, _altered(faulty, tmp_path, **changes)) as engine:
        assert word in " ".join(truth_report.failures(engine))


def test_published_facts_are_set_beside_a_run(run: Path) -> None:
    """Every measure has a value; one board alone is far from the whole of England, and that is told."""
    found = {r["measure"]: r for r in truth_calibration.measures(run, 0.02)}
    assert found["Spend: services delegated to ICBs"]["published"] == "14.00"
    assert {m for m, r in found.items() if r["published"] == "-"} == {m for m in found if m.startswith("Who has it")}
    assert [m for m, r in found.items() if r["synthetic"] == "-"] == []
    told = " ".join(truth_calibration.far(list(found.values())))
    assert "services delegated to ICBs" in told
    assert "inpatient rehabilitation" not in told


def test_the_sender_with_the_newer_header_is_read(run: Path, faulty: Written) -> None:
    """Its drug rows carry an ethnic category and a site of residence, which those of the 2020 layout cannot."""
    records = tertiary.open(run).table("records").to_arrow()
    sent = tertiary.open(run).table("submissions").to_arrow()
    drugs = records.filter(pc.and_(pc.equal(records["flow"], "drplcm"), pc.equal(records["fate"], "accepted")))
    file_of = dict(zip(sent["submission_id"].to_pylist(), sent["file"].to_pylist(), strict=True))
    filled: dict[bool, set[bool]] = {True: set(), False: set()}
    for row in drugs.select(["submission_id", "ethnic_category"]).to_pylist():
        header = (faulty.folder / file_of[row["submission_id"]]).open(encoding="utf-8").readline()
        filled["ETHNIC CATEGORY" in header].add(row["ethnic_category"] != "")
    assert filled == {True: {True}, False: {False}}

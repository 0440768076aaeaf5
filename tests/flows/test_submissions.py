"""Which submission counts, what stays on record, and that rows and pounds add up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import layouts
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertiary.engine import DuckDBEngine
from tertiary.errors import FlowError
from tertiary.flows import IntakeSettings, check, intake
from tertiary.register import Register

Take = Callable[..., Any]
CREATED = "DATE AND TIME DATA SET CREATED"


def _rows(
    count: int, month: int = 2, created: str = "2025-06-20T09:30:00", cost: str = "201.00", tag: str = ""
) -> list[dict[str, str]]:
    return [
        layouts.changed("plcm", n, {"FINANCIAL MONTH": str(month), CREATED: created, "TOTAL COST": cost,
                                    "NON CDS UNIQUE IDENTIFIER": f"{tag}{n}",
                                    "ACTIVITY START DATE (CONTRACT MONITORING)": f"2025-{month + 3:02}-02",
                                    "ACTIVITY END DATE (CONTRACT MONITORING)": f"2025-{month + 3:02}-03"})
        for n in range(count)
    ]  # fmt: skip


def _status(taken: Any) -> dict[tuple[str, int], str]:
    return {(s["file"], s["financial_month"]): s["status"] for s in taken.rows("submissions")}


def test_latest_creation_time_wins(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(3, created="2025-07-20T09:30:00", cost="200.00"))
    layouts.write(tmp_path / "b.csv", _rows(2))
    taken = take()
    by_file = {s["file"]: s for s in taken.rows("submissions")}
    assert taken.counts == {"received": 5, "accepted": 3, "quarantined": 0, "superseded": 2}
    assert by_file["b.csv"]["superseded_by"] == by_file["a.csv"]["submission_id"]
    assert by_file["a.csv"]["restatement"] == Decimal(198)
    assert by_file["b.csv"]["restatement"] is None
    assert {r["fate"] for r in taken.rows("activity") if r["submission_id"] == by_file["b.csv"]["submission_id"]} == {
        "superseded"
    }


def test_identical_content_is_a_logged_no_op(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(2))
    layouts.write(tmp_path / "b.csv", _rows(2))
    taken = take()
    assert _status(taken) == {("a.csv", 2): "current", ("b.csv", 2): "duplicate"}
    assert taken.counts == {"received": 4, "accepted": 2, "quarantined": 0, "superseded": 2}
    assert [f["value"] for f in taken.rows("findings") if f["rule_id"] == "S18"] == ["a.csv"]
    assert len({r["record_id"] for r in taken.rows("activity")}) == 4


def test_a_row_sent_twice_counts_once(take: Take, tmp_path: Path) -> None:
    """The second row of an activity identifier is superseded, and its pounds are in no sum of the submission."""
    rows = _rows(3)
    layouts.write(tmp_path / "a.csv", [*rows, rows[1]])
    taken = take()
    assert taken.counts == {"received": 4, "accepted": 3, "quarantined": 0, "superseded": 1}
    assert [s["price_submitted"] for s in taken.rows("submissions")] == [Decimal(603)]
    assert [r["row_number"] for r in taken.rows("activity") if r["fate"] == "superseded"] == [4]
    assert [(f["row_number"], f["expected"]) for f in taken.rows("findings")] == [(4, "only row 2")]


def test_equal_rows_without_an_identifier_are_only_told(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.row("drplcm"), layouts.row("drplcm")])
    taken = take()
    assert taken.counts == {"received": 2, "accepted": 2, "quarantined": 0, "superseded": 0}
    assert "D07" in taken.rules()


def test_a_provider_code_with_trailing_zeros_is_the_same_provider(take: Take, tmp_path: Path) -> None:
    """Else the row would stand beside the correction of its submission and count twice."""
    provider = "ORGANISATION IDENTIFIER (CODE OF PROVIDER)"
    first = _rows(2)
    layouts.write(tmp_path / "a.csv", [first[0], first[1] | {provider: first[1][provider] + "00"}])
    layouts.write(tmp_path / "b.csv", _rows(2, created="2025-09-01T09:30:00"))
    taken = take()
    assert _status(taken) == {("a.csv", 2): "superseded", ("b.csv", 2): "current"}
    assert taken.counts == {"received": 4, "accepted": 2, "quarantined": 0, "superseded": 2}
    assert "R01" in taken.rules()


def test_year_to_date_replaces_every_month_it_covers(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "m1.csv", _rows(2, month=1))
    layouts.write(tmp_path / "m2.csv", _rows(3, month=2))
    late = "2025-08-20T09:30:00"
    layouts.write(tmp_path / "m3_ytd.csv", _rows(1, 1, late, tag="y") + _rows(4, 3, late, tag="z"))
    taken = take()
    assert _status(taken) == {
        ("m1.csv", 1): "superseded", ("m2.csv", 2): "superseded",
        ("m3_ytd.csv", 1): "current", ("m3_ytd.csv", 3): "current",
    }  # fmt: skip
    by_month = {s["financial_month"]: s for s in taken.rows("submissions") if s["file"] == "m3_ytd.csv"}
    assert by_month[1]["restatement"] == Decimal(-201)
    # Month 2 is gone from the later file: what it took away is shown on its last month.
    assert by_month[3]["restatement"] == Decimal(-603)
    assert taken.counts == {"received": 10, "accepted": 5, "quarantined": 0, "superseded": 5}
    replaced = next(s for s in taken.rows("submissions") if s["file"] == "m2.csv")
    assert replaced["superseded_by"] == by_month[3]["submission_id"]


def test_a_month_sent_after_the_year_to_date_file_stands(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "x.csv", _rows(2, 1, "2025-08-01T09:30:00") + _rows(2, 2, "2025-08-01T09:30:00"))
    (tmp_path / "coverage.csv").write_text("file,coverage\nx.csv,year_to_date\n")
    layouts.write(tmp_path / "later.csv", _rows(1, 1, "2025-09-01T09:30:00"))
    assert _status(take()) == {("later.csv", 1): "current", ("x.csv", 1): "superseded", ("x.csv", 2): "current"}


def test_as_known_sets_aside_what_came_later(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(2))
    layouts.write(tmp_path / "b.csv", _rows(1, created="2025-09-01T09:30:00"))
    taken = take(as_known=date(2025, 6, 30))
    assert _status(taken) == {("a.csv", 2): "current", ("b.csv", 2): "not_yet_known"}
    assert taken.counts == {"received": 3, "accepted": 2, "quarantined": 0, "superseded": 1}


def test_declared_received_time_decides_between_equals_and_as_known(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(2, tag="a"))
    layouts.write(tmp_path / "b.csv", _rows(1, tag="b"))
    (tmp_path / "received.csv").write_text("file,received_at\na.csv,2025-07-02T10:00:00\nb.csv,2025-07-01T10:00:00\n")
    assert _status(take())[("a.csv", 2)] == "current"
    assert _status(take(as_known=date(2025, 7, 1)))[("b.csv", 2)] == "current"


def test_providers_and_flows_do_not_supersede_each_other(take: Take, tmp_path: Path) -> None:
    other = [r | {"ORGANISATION IDENTIFIER (CODE OF PROVIDER)": "RAL"} for r in _rows(2)]
    layouts.write(tmp_path / "a.csv", _rows(2))
    layouts.write(tmp_path / "b.csv", other)
    layouts.write(tmp_path / "c.csv", [layouts.row("acm")])
    assert set(_status(take()).values()) == {"current"}


def test_a_submission_without_a_usable_row_replaces_nothing(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(2))
    layouts.write(tmp_path / "b.csv", _rows(2, created="2025-09-01T09:30:00", cost="tbc"))
    taken = take()
    assert _status(taken) == {("a.csv", 2): "current", ("b.csv", 2): "unreadable"}
    assert taken.counts == {"received": 4, "accepted": 2, "quarantined": 2, "superseded": 0}


def test_files_without_creation_time_say_how_the_order_was_found(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.row("op", n) for n in range(2)])
    layouts.write(tmp_path / "b.csv", [layouts.row("op", n) for n in range(3)])
    taken = take()
    assert sorted(_status(taken).values()) == ["current", "superseded"]
    assert "S19" in taken.rules()


def test_check_judges_each_file_on_its_own(engine: DuckDBEngine, register: Register, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", _rows(3, created="2025-07-20T09:30:00"))
    layouts.write(tmp_path / "b.csv", _rows(2))
    assert check(engine, [tmp_path], register).counts == {
        "received": 5,
        "accepted": 5,
        "quarantined": 0,
        "superseded": 0,
    }


def test_ids_do_not_depend_on_where_the_files_lie(register: Register, tmp_path: Path) -> None:
    seen = []
    for place in ("one", "two/deep"):
        layouts.write(tmp_path / place / "a.csv", _rows(3))
        with DuckDBEngine(threads=2) as engine:
            taken = intake(engine, [tmp_path / place], register, as_known=date(2026, 1, 1), settings=IntakeSettings())
            seen.append([engine.fetch(getattr(taken, t)).to_pylist() for t in ("submissions", "activity", "findings")])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("line", ["file,when\n", "file,coverage\na.csv,sometimes\n"])
def test_a_malformed_side_file_is_told(take: Take, tmp_path: Path, line: str) -> None:
    layouts.write(tmp_path / "a.csv", _rows(1))
    (tmp_path / "coverage.csv").write_text(line)
    with pytest.raises(FlowError, match="coverage"):
        take()


def test_no_input_is_told(take: Take, tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="No data files"):
        take()
    with pytest.raises(FlowError, match="does not exist"):
        take(tmp_path / "nowhere")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            *(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.booleans()),
            st.sampled_from(["201.00", "50.00", "tbc"]),
        ),
        min_size=1, max_size=7,
    )
)  # fmt: skip
def test_any_pile_of_submissions_balances(
    register: Register, tmp_path_factory: pytest.TempPathFactory, pile: list[Any]
) -> None:
    """Each month has at most one current submission a provider, restatements add up, and every row has one fate."""
    folder = tmp_path_factory.mktemp("pile")
    for n, (rows, month, day, is_ytd, cost) in enumerate(pile):
        made = _rows(rows, month, f"2025-07-0{day}T09:30:00", cost, tag=f"{n}-")
        if is_ytd and month > 1:
            made += _rows(1, 1, f"2025-07-0{day}T09:30:00", cost, tag=f"{n}+")
        layouts.write(folder / (f"{n}_ytd.csv" if is_ytd else f"{n}.csv"), made)
    with DuckDBEngine(threads=1) as engine:
        taken = intake(engine, [folder], register, as_known=date(2026, 1, 1), settings=IntakeSettings())
        counts = taken.counts
        assert counts["received"] == counts["accepted"] + counts["quarantined"] + counts["superseded"]
        submissions = engine.fetch(taken.submissions).to_pylist()
        current = [s["financial_month"] for s in submissions if s["status"] == "current"]
        assert len(current) == len(set(current))
        for s in submissions:
            assert s["received"] == s["accepted"] + s["quarantined"] + s["superseded"]
            assert (s["status"] == "superseded") == bool(s["superseded_by"])
        told = engine.query("SELECT sum(price_submitted) AS p FROM flows_activity").column("p")[0].as_py() or 0
        assert told == sum(s["price_submitted"] for s in submissions)

"""Files of one layout are read by one statement, and it makes no difference to what is said of any of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import layouts
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builder_of_intakes import Taken
from hypothesis import given
from hypothesis import strategies as st

from tertiary.engine import DuckDBEngine
from tertiary.flows import check, files, stage
from tertiary.flows.stage import Source
from tertiary.register import Register

Take = Callable[..., Any]
# findings that compare a file with others
ACROSS = {"S18"}


def _text(first: int, rows: int = 3, **changes: str) -> bytes:
    return layouts.text([layouts.changed("plcm", n, changes) for n in range(first, first + rows)]).encode()


def _files() -> dict[str, bytes]:
    """Contract monitoring of one layout in every state in which it arrives."""
    quoted = b"\n".join(b",".join(b'"%b"' % cell for cell in line.split(b",")) for line in _text(140).splitlines())
    return {
        "a_plain": _text(100),
        "b_with_mark": b"\xef\xbb\xbf" + _text(110),
        "c_windows_ends": _text(120).replace(b"\n", b"\r\n"),
        "d_no_last_end": _text(130).rstrip(b"\n"),
        "e_quoted": quoted,
        "f_blank_lines": _text(150) + b"\n\n",
        "g_header_only": _text(100).splitlines(keepends=True)[0],
        "h_short_line": _text(160) + b"2,202526\n" + _text(170).partition(b"\n")[2],
        "i_long_line": _text(180).replace(b"\n", b",more\n").replace(b",more", b"", 1),
        "j_open_quote": _text(190) + b'"2,202526\n',
        "k_bad_date": _text(200, **{"ACTIVITY END DATE (CONTRACT MONITORING)": "yesterday"}),
        "l_old_letters": _text(210, **{"TARIFF CODE": "caf\u00e9"}).decode().encode("cp1252"),
        "m_zero_byte": _text(220).replace(b"202526", b"2025\x0026", 1),
        "n_mixed_ends": _text(230).replace(b"\n", b"\r\n", 2),
    }


def _told(taken: Any, file: str) -> tuple[Any, ...]:
    """Everything that an intake says of one file, without the numbers that other files have a part in."""
    ids = {s["submission_id"] for s in taken.rows("submissions") if s["file"] == file}
    rows = [r for r in taken.rows("activity") if r["submission_id"] in ids]
    for row in rows:
        del row["row_key"]
    findings = [
        {k: v for k, v in f.items() if k != "finding_id"}
        for f in taken.rows("findings")
        if f["file"] == file and f["rule_id"] not in ACROSS and f["level"] in ("file", "row")
    ]
    refused = [r for r in taken.rows("quarantine") if r["submission_id"] in ids]
    inputs = [i for i in taken.result.inputs if i["file"] == file]
    return tuple(sorted(map(repr, part)) for part in (rows, findings, refused, inputs))


def test_a_file_is_read_alike_alone_and_among_others(engine: DuckDBEngine, register: Register, tmp_path: Path) -> None:
    def judged(place: str, files: dict[str, bytes]) -> Taken:
        folder = tmp_path / place
        folder.mkdir()
        for name, data in files.items():
            (folder / f"{name}.csv").write_bytes(data)
        return Taken(check(engine, [folder], register), engine)

    taken = judged("together", _files())
    among = {name: _told(taken, f"{name}.csv") for name in _files()}
    rows = {i["file"].removesuffix(".csv"): i["rows"] for i in taken.result.inputs}
    assert rows["a_plain"] == rows["c_windows_ends"] == rows["d_no_last_end"] == 3
    assert sum(rows.values()) == 3 * 13 + 3 + 1 + 1  # every file but the header alone
    for name, data in _files().items():
        assert _told(judged(name, {name: data}), f"{name}.csv") == among[name], name


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The files of each statement that read some, in turn."""
    seen: list[list[str]] = []
    insert = stage.insert

    def noting(engine: Any, sources: Sequence[Source], *others: Any) -> None:
        insert(engine, sources, *others)  # one that fails is not noted
        seen.append([s.content.name for s in sources])

    monkeypatch.setattr(stage, "insert", noting)
    return seen


def test_one_statement_reads_what_is_alike(take: Take, tmp_path: Path, statements: list[list[str]]) -> None:
    for n, name in enumerate(["a", "b", "c"]):
        (tmp_path / f"{name}.csv").write_bytes(_text(100 + n * 10))
    (tmp_path / "d.csv").write_bytes(_text(140) + b"2,202526\n")
    (tmp_path / "e.csv").write_bytes(_text(150).replace(b",", b";"))
    rows = [layouts.row("plcm", n) for n in range(160, 163)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "f.parquet")
    pq.write_table(pa.Table.from_pylist(rows[:1]), tmp_path / "g.parquet")
    taken = take()
    assert statements == [["a.csv", "b.csv", "c.csv"], ["d.csv"], ["e.csv"], ["f.parquet", "g.parquet"]]
    assert taken.counts["received"] == 3 * 5 + 1 + 3 + 1
    numbers = {(i["file"], i["rows"]) for i in taken.result.inputs}
    assert {("a.csv", 3), ("f.parquet", 3), ("g.parquet", 1)} <= numbers


def test_columns_of_other_types_are_not_read_with_each_other(
    take: Take, tmp_path: Path, statements: list[list[str]]
) -> None:
    """A provider's 007 must not become 7 because the file before had numbers there."""
    row = layouts.row("plcm", 1)
    text = pa.Table.from_pylist([row])
    place = text.schema.get_field_index("FINANCIAL MONTH")
    number = text.set_column(place, "FINANCIAL MONTH", pa.array([int(row["FINANCIAL MONTH"])]))
    pq.write_table(number, tmp_path / "a.parquet")
    pq.write_table(text, tmp_path / "b.parquet")
    take()
    assert statements == [["a.parquet"], ["b.parquet"]]


def test_a_statement_reads_no_more_than_a_good_measure(
    take: Take, tmp_path: Path, statements: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, name in enumerate(["a", "b", "c"]):
        (tmp_path / f"{name}.csv").write_bytes(_text(100 + n * 10))
    monkeypatch.setattr("tertiary.flows.reading.TOGETHER", 2 * len(_text(100)) + 5)
    take()
    assert statements == [["a.csv", "b.csv"], ["c.csv"]]


def test_a_row_that_the_reader_loses_is_missed(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many files the engine's reader has been seen to drop a last row whose quote stays open."""
    insert = stage.insert

    def losing(engine: DuckDBEngine, sources: Sequence[Source], *others: Any) -> None:
        insert(engine, sources, *others)
        if sources[0].good is None:
            engine.execute("DELETE FROM flows_rows WHERE rowid = (SELECT max(rowid) FROM flows_rows)")

    monkeypatch.setattr(stage, "insert", losing)
    for n, name in enumerate(["a", "b", "c"]):
        (tmp_path / f"{name}.csv").write_bytes(_text(100 + n * 10))
    pq.write_table(pa.Table.from_pylist([layouts.row("plcm", n) for n in range(5)]), tmp_path / "d.parquet")
    taken = take()
    assert [(i["file"], i["rows"]) for i in taken.result.inputs] == [
        ("a.csv", 3), ("b.csv", 3), ("c.csv", 3), ("d.parquet", 0),
    ]  # fmt: skip
    assert [(f["file"], f["rule_id"], f["value"]) for f in taken.rows("findings") if f["rule_id"] == "S01"] == [
        ("d.parquet", "S01", "4 of 5 rows")
    ]


def test_an_open_quote_at_the_end_of_one_of_many_files(take: Take, tmp_path: Path) -> None:
    for n in range(8):
        (tmp_path / f"{n}.csv").write_bytes(_text(100 + n * 10) + (b'"2,202526\n' if n == 3 else b""))
    taken = take()
    assert (taken.counts["received"], taken.counts["quarantined"]) == (25, 1)


CELL = st.text(alphabet='ab ,"\n\r', max_size=4)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6), st.integers(1, 9), st.booleans())
def test_rows_are_counted_by_their_line_ends(rows: list[list[str]], size: int, has_last_end: bool) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    data = (out.getvalue() if has_last_end else out.getvalue().removesuffix("\n")).encode()
    lines = files._Lines()
    for first in range(0, len(data), size):
        lines.feed(data[first : first + size])
    has_blank = b"\n\n" in data or b"\n\r\n" in data
    assert lines.rows == (None if has_blank else len(rows) - 1)


@pytest.mark.parametrize("text", [b"", b'a,b\n"1,2\n', b"a,b\n\n1,2\n", b"a,b\r\n\r\n1,2\r\n", b"a,b\n1,2\n\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_rows_are_not_counted_where_line_ends_do_not_tell(text: bytes, size: int) -> None:
    lines = files._Lines()
    for first in range(0, len(text), size):
        lines.feed(text[first : first + size])
    assert lines.rows is None


def test_what_the_quick_pass_overlooks_is_still_refused(
    take: Take, tmp_path: Path, statements: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, name in enumerate(["a", "b", "c"]):
        (tmp_path / f"{name}.csv").write_bytes(_text(100 + n * 10) + (b"2,202526\n" if name == "b" else b""))
    monkeypatch.setattr(stage, "doubtful", lambda *_: set())
    taken = take()
    assert statements == [["a.csv"], ["c.csv"], ["b.csv"]]
    assert (taken.counts["received"], taken.counts["quarantined"]) == (10, 1)

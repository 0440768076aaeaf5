"""Whatever a folder holds: never a traceback, each finding says file, row, field, value and remedy, and rows add up."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import layouts
import pytest
from builder_of_intakes import Taken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertiary.engine import DuckDBEngine
from tertiary.flows import IntakeSettings, check, files, intake
from tertiary.register import Register

Take = Callable[..., Any]
GOOD = layouts.text([layouts.row("plcm", n) for n in range(4)]).encode()
HEADER, *LINES = GOOD.splitlines()


def sound(taken: Any, tables: Any = None) -> None:
    """What must hold of every intake."""
    counts = taken.counts
    assert counts["received"] == counts["accepted"] + counts["quarantined"] + counts["superseded"]
    for finding in taken.rows("findings"):
        assert finding["file"] and finding["rule_id"] and finding["expected"] and finding["advice"]
        assert finding["level"] == "file" or finding["level"] == "cross_flow" or finding["row_number"] > 0
    ids = [f["finding_id"] for f in taken.rows("findings")]
    assert len(ids) == len(set(ids))
    for row in taken.rows("quarantine"):
        assert row["raw"] and row["row_number"] > 0 and row["rule_id"]


def _rules_of(taken: Any) -> set[str]:
    sound(taken)
    return set(taken.rules())


@pytest.mark.parametrize(
    ("body", "rule", "counts"),
    [
        (b"", "S02", (0, 0)),
        (b"\xef\xbb\xbf\r\n\r\n", "S02", (0, 0)),
        (HEADER + b"\n", "S03", (0, 0)),
        (b"colour,shape\nred,round\n", "S05", (0, 0)),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "S05", (0, 0)),
        (GOOD.replace(b"TOTAL COST", b"TOTAL COSTS"), "F01", (0, 0)),
        (GOOD.replace(b"ETHNIC CATEGORY", b"TOTAL COST", 1), "S06", (0, 0)),
        (HEADER + b"\n" + LINES[0].replace(b",", b"#") + b"\n" + LINES[1] + b"\n", "S11", (2, 1)),
        (GOOD.rstrip()[: -len(LINES[3]) // 2], "S11", (4, 3)),
        (GOOD + LINES[0] + b",extra\n", "S12", (5, 4)),
        (GOOD.replace(b"P2,", b'"P2,'), "S13", (4, 3)),
        (GOOD.replace(b"P2,", b"P\x002,"), "S15", (4, 3)),
        (GOOD.replace(b"P2,", b"P" + b"x" * 1_100_000 + b","), "S14", (4, 3)),
        (GOOD.replace(b"P2,", b"P\x81\xc3(,"), "S16", (4, 3)),
        (GOOD.replace(b"N19 5NF", b"\xa3 caf\xe9"), "S09", (4, 4)),
        (GOOD.replace(b"\n", b",,\n").replace(HEADER + b",,", HEADER), "S17", (4, 4)),
        (b"\n\n" + GOOD, None, (4, 4)),
        (GOOD.replace(b"\n", b"\r"), None, (4, 4)),
        (GOOD.replace(b"\n", b"\r\n", 2), None, (4, 4)),
        (GOOD.replace(b"\n", b"\n\n"), None, (4, 4)),
        (GOOD.rstrip(), None, (4, 4)),
    ],
)
def test_broken_text(take: Take, tmp_path: Path, body: bytes, rule: str | None, counts: tuple[int, int]) -> None:
    (tmp_path / "a.csv").write_bytes(body)
    taken = take()
    rules = _rules_of(taken)
    assert rule in rules if rule else not rules - {"S09"}
    assert (taken.counts["received"], taken.counts["accepted"]) == counts


def test_missing_columns_are_named(take: Take, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD.replace(b"TOTAL COST", b"cost"))
    told = take().rows("findings")[0]
    assert (told["rule_id"], told["field"], told["flow"], told["severity"]) == ("F01", "TOTAL COST", "plcm", "error")


def test_a_row_with_a_stray_quote_costs_one_row(take: Take, tmp_path: Path) -> None:
    rows = [layouts.row("plcm", n) for n in range(300)]
    lines = layouts.text(rows).splitlines()
    lines[5] = lines[5].replace("P4,", '"P4,')
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    taken = take()
    sound(taken)
    assert [(q["row_number"], q["rule_id"]) for q in taken.rows("quarantine")] == [(5, "S13")]
    assert taken.counts["accepted"] == 299


def test_things_that_are_not_files(take: Take, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    packed = gzip.compress(GOOD * 50)
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with zipfile.ZipFile(tmp_path / "book.zip", "w") as book:
        book.writestr("[Content_Types].xml", "<x/>")
        book.writestr("xl/workbook.xml", "<x/>")
    (tmp_path / "z.csv").write_bytes(GOOD)
    taken = take()
    sound(taken)
    told = {f["file"]: f["rule_id"] for f in taken.rows("findings")}
    assert told == {"folder.csv": "S04", "gone.csv": "S04", "cut.csv.gz": "S01", "bad.zip": "S01", "bad.parquet": "S01",
                    "empty.zip": "S05", "book.zip": "S20"}  # fmt: skip
    assert taken.counts["accepted"] == 4


def test_a_file_that_changes_while_it_is_read(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(GOOD)
    seen = files.open_contents

    def meanwhile(*given: Any) -> Any:
        made = seen(*given)
        path.write_bytes(GOOD + LINES[0] + b"\n")
        return made

    monkeypatch.setattr(files, "open_contents", meanwhile)
    taken = take()
    sound(taken)
    assert taken.rules() == ["S10"]
    assert taken.counts["received"] == 0


def test_hidden_and_private_places_are_left_alone(take: Take, tmp_path: Path) -> None:
    for place in ("_truth/a.csv", ".hidden/a.csv", "register/a.csv", "README.txt", "_a.csv", ".a.csv"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(GOOD)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_bytes(GOOD)
    assert [i["file"] for i in take().result.inputs] == ["sub/a.csv"]


def test_personal_columns_are_not_kept(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.changed("iap", 1, {"FINANCIAL MONTH": "99"})])
    taken = take()
    assert "S21" in _rules_of(taken)
    assert "Somebody" not in str([taken.rows(n) for n in ("activity", "findings", "quarantine")])


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """A sound file put through a few accidents."""
    body = draw(st.sampled_from([GOOD, layouts.text([layouts.row("op", n) for n in range(3)]).encode(), GOOD * 2]))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(body) - 1, 0)))
        accident = draw(st.sampled_from(["cut", "drop", "insert", "swap", "repeat", "separator", "encode"]))
        some = draw(
            st.sampled_from(
                [
                    b"\0",
                    b'"',
                    b",",
                    b"\n",
                    b"\r",
                    b"\xe9",
                    b"\xff\xfe",
                    b"\x81",
                    b"x" * 5000,
                    b'"\n"',
                    b"9434765919",
                    b"\t;|",
                ]
            )
        )
        if accident == "cut":
            body = body[:place]
        elif accident == "drop":
            body = body[:place] + body[place + draw(st.integers(1, 60)) :]
        elif accident == "insert":
            body = body[:place] + some + body[place:]
        elif accident == "swap":
            body = body.replace(body[place : place + 1] or b"x", some, 3)
        elif accident == "repeat":
            lines = body.splitlines(keepends=True)
            body = b"".join(lines[:2] + lines[:1] + lines[2:])
        elif accident == "separator":
            body = body.replace(b",", draw(st.sampled_from([b";", b"\t", b"~", b", "])), draw(st.integers(1, 200)))
        else:
            body = draw(
                st.sampled_from([body.decode("latin-1").encode("utf-16"), gzip.compress(body), b"\xef\xbb\xbf" + body])
            )
    return body


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(broken_files(), min_size=1, max_size=3), st.booleans())
def test_any_accident_is_told(
    register: Register, tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], has_key: bool
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    for n, body in enumerate(bodies):
        (folder / f"{n}.csv").write_bytes(body)
    with DuckDBEngine(threads=1) as engine:
        wanted = IntakeSettings(pseudonym_key="k" if has_key else None)
        result = intake(engine, [folder], register, as_known=date(2026, 1, 1), settings=wanted)
        taken = Taken(result, engine)
        sound(taken)
        told = {f["file"] for f in taken.rows("findings") if f["severity"] == "error"}
        for one in result.inputs:
            assert one["rows"] or one["file"] in told or "S03" in taken.rules()
        assert "9434765919" not in str(
            [taken.rows(n) for n in ("activity", "findings", "quarantine") if n != "activity"]
        )


def test_check_says_the_same_for_one_file(engine: DuckDBEngine, register: Register, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD.replace(b"P2,", b"P\x002,"))
    result = check(engine, [tmp_path / "a.csv"], register)
    assert engine.fetch(result.findings).column("rule_id").to_pylist() == ["S15"]

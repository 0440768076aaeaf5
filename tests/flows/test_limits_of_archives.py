"""Archives of strangers: what unpacks to too much, or to too many files, is told as a finding and takes no room."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tertiary.flows import careful, files
from tertiary.flows.files import open_contents
from tertiary.flows.limits import LONGEST_LIST, Limits, list_bytes


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def test_what_unpacks_to_more_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    bomb = tmp_path / "a.csv.gz"
    bomb.write_bytes(gzip.compress(b"a,b\n" * 100_000))
    packed = _zip(tmp_path / "b.zip", {"a.csv": b"a,b\n" * 100, "b.csv": b"a,b\n" * 100_000, "c.csv": b"a,b\n"})
    (content,) = open_contents("a", bomb, work, 0, Limits(bytes=1000))
    assert content.problem is not None and "more than 1,000 bytes when unpacked" in content.problem.value
    first, second, third = open_contents("b", packed, work, 1, Limits(bytes=1000))
    assert [c.problem.rule_id if c.problem else "" for c in (first, second, third)] == ["S05", "S01", "S05"]
    # what came before counts: 400 bytes are used
    assert second.problem is not None and "more than 600 bytes" in second.problem.value
    assert sum(p.stat().st_size for p in work.iterdir()) == 404
    (whole,) = open_contents("a", bomb, work, 2)
    assert whole.bytes == 400_000


def test_too_many_files_are_not_unpacked(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "a.zip", {f"{n}.csv": b"a\n" for n in range(5)})
    (content,) = open_contents("a", packed, tmp_path, 0, Limits(files=4))
    assert content.problem is not None and "5 files; at most 4" in content.problem.value
    assert len(open_contents("a", packed, tmp_path, 1, Limits(files=5))) == 5


def test_a_list_of_files_is_measured_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = _zip(tmp_path / "a.zip", {f"{n:04}.csv": b"" for n in range(1000)})
    monkeypatch.setattr(files, "LONGEST_LIST", 10_000)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the list was read"))
    (content,) = open_contents("a", packed, tmp_path, 0, Limits(files=5))
    assert content.problem is not None and "list of files is longer" in content.problem.value


def test_the_end_of_an_archive_tells_the_length_of_its_list(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "a.zip", {"one.csv": b"x"})
    with zipfile.ZipFile(packed) as made:
        # one entry: 46 bytes and its name
        assert list_bytes(packed) == 46 + len(made.namelist()[0])
    (tmp_path / "b").write_bytes(b"PK\x03\x04 and no end")
    assert list_bytes(tmp_path / "b") > LONGEST_LIST
    large = packed.read_bytes().replace(b"PK\x05\x06", b"PK\x06\x07" + b"\0" * 16 + b"PK\x05\x06")
    (tmp_path / "c").write_bytes(large)
    assert list_bytes(tmp_path / "c") > LONGEST_LIST


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 20])
def test_lines_of_carriage_returns_are_read_piece_by_piece(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "MAX_ROW", size)
    for text in (b"a,b\r1,2\r\r3,4", b"a\r", b"\r\r", b"aa\rbb"):
        lines = list(careful._old_lines(io.BytesIO(text)))
        assert [line[: size + 1] for line in text.split(b"\r")] == [line[: size + 1] for line in lines]

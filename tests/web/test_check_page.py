"""Checking a file: its findings, nothing kept, bounded room, and what somebody would try who means harm."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from starlette.formparsers import MultiPartParser

from builders import row, run_folder
from tertiary import pipeline
from tertiary.errors import TertiaryError
from tertiary.register import Register
from tertiary.web import checking, desk, inbox
from tertiary.web.app import create_app
from tertiary.web.desk import COMMAND, HELD_FILES, HELD_SECONDS, Held, Result, safe_name
from tertiary.web.pages import check as page
from tertiary.web.people import demo_people
from tertiary.web.rates import Rates
from tertiary.web.sessions import COOKIE
from tertiary.web.settings import Settings
from web_helpers import token

Be = Callable[[str], TestClient]
BASE = Path(__file__).parents[1] / "flows" / "base_rows.csv"


def plcm(rows: int, **changes: str) -> bytes:
    """A file of contract monitoring; `changes` are cells of the first row by field."""
    with BASE.open(encoding="utf-8") as handle:
        cells = {r["field_name"]: r["value"] for r in csv.DictReader(handle) if r["flow"] == "plcm"}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(cells)
    for n in range(rows):
        own = {name: value.replace("{n}", str(n)) for name, value in cells.items()}
        writer.writerow({**own, **(changes if n == 0 else {})}.values())
    return out.getvalue().encode()


def _served(tmp_path: Path, register: Register, **settings: Any) -> TestClient:
    run = run_folder(tmp_path / "run", ledger=[row("ledger")], submissions=[row("submissions")])
    run.manifest["counts"].update(received=1, accepted=1, quarantined=0, superseded=0)  # type: ignore[attr-defined]
    app = create_app({"run": (run, register)}, Settings(secret=b"a secret of the tests", **settings))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, register: Register) -> Iterator[TestClient]:
    with _served(tmp_path_factory.mktemp("check"), register) as made:
        yield made


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, empty: what is left in it was kept."""
    home = tmp_path / "temporary"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    return home


def sign_in(client: TestClient, account: str) -> TestClient:
    client.cookies.clear()
    client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
    return client


def send(client: TestClient, name: str, data: bytes, **fields: str) -> Any:
    form = {**token(client, "/check"), **fields}
    return client.post("/check", data=form, files={"file": (name, data)}, follow_redirects=False)


def shown(client: TestClient, name: str, data: bytes, **fields: str) -> str:
    answer = send(client, name, data, **fields)
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def test_a_file_is_told_what_is_wrong_with_it(served: TestClient, temporary: Path, tmp_path: Path) -> None:
    bad = {"FINANCIAL YEAR": "202528", "POINT OF DELIVERY CODE": "=1+1"}
    data = plcm(4, **bad) + plcm(4).split(b"\r\n")[2] + b"\r\n" + b"a,b\r\n"
    client = sign_in(served, "uclh")
    answer = send(client, "may.csv", data)
    address = answer.headers["location"]
    text = client.get(address).text
    assert "6 received = 3 accepted + 2 quarantined + 1 superseded." in text
    assert "Patient level contract monitoring (plcm)" in text and "may.csv" in text
    assert list(temporary.iterdir()) == []
    # the same findings as the command gives, with rows, fields and values
    (tmp_path / "may.csv").write_bytes(data)
    told = pipeline.check([tmp_path / "may.csv"]).select(["row_number", "rule_id", "field", "value"]).to_pylist()
    rows = list(csv.DictReader(client.get(address + "?format=csv&of=findings").text.splitlines()))
    plain = [(int(r["row_number"]), r["rule_id"], r["field"], r["value"].removeprefix("'")) for r in rows]
    assert sorted(plain) == sorted((r["row_number"], r["rule_id"], r["field"], r["value"]) for r in told)
    assert {"F02", "D07", "S11"} <= {r["rule_id"] for r in rows}
    assert not any(cell.startswith("=") for r in rows for cell in r.values())
    book = client.get(address + "?format=xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as sheets:
        assert not any(b"<f>1+1" in sheets.read(n) for n in sheets.namelist())
        assert len([n for n in sheets.namelist() if n.startswith("xl/worksheets/sheet")]) == 4
    assert "<script>" not in text and " style=" not in text and text.count("<h1") == 1


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", b"", "Excel"), ("a.csv", b"", "file that holds nothing"), ("a.csv", b"x,y\n1,2\n", "header line"),
        ("a.gz", gzip.compress(b"x")[:12], "read to its end"), ("a.csv", bytes(range(256)) * 9, "not recognised"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_a_flow_is_told_why(served: TestClient, name: str, data: bytes, words: str) -> None:
    if name == "a.xlsx":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as made:
            made.writestr("[Content_Types].xml", "x")
        data = packed.getvalue()
    text = shown(sign_in(served, "national"), name, data)
    assert "not a file that can be taken in" in text and "not recognised" in text
    if words != "file that holds nothing":
        assert words in text


@pytest.mark.parametrize(("name", "synthetic"), [("may.csv", False), ("synthetic_RRV_plcm_202505.csv", True)])
def test_a_file_is_labelled_for_what_it_is_and_not_for_the_run_beside_it(
    served: TestClient, monkeypatch: pytest.MonkeyPatch, name: str, synthetic: bool
) -> None:
    run = served.app.state.answers["run"].run  # type: ignore[attr-defined]
    monkeypatch.setitem(run.manifest, "synthetic", not synthetic)
    address = send(sign_in(served, "uclh"), name, plcm(1)).headers["location"]
    for told in (served.get(address).text, served.get(address + "?format=csv&of=months").text):
        assert ("SYNTHETIC DATA" in told) == synthetic and "as known on" in told


def test_an_archive_is_synthetic_only_if_all_of_it_is(tmp_path: Path) -> None:
    for number, (names, synthetic) in enumerate(
        ((("synthetic_a.csv", "b.csv"), False), (("x/synthetic_a.csv",), True))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with zipfile.ZipFile(folder / "all.zip", "w") as made:
            for name in names:
                made.writestr(name, plcm(1))
        checking.check(checking.Job(str(folder / "all.zip"), (), "2026-11-24"))
        told = json.loads((folder / checking.TOLD).read_text())
        assert told["label"].startswith("SYNTHETIC DATA") == synthetic


def test_names_are_names_and_never_places(served: TestClient, temporary: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("../../<b>evil</b>.csv", plcm(1))
    text = shown(sign_in(served, "london"), "..\\..\\/etc/../pass<i>wd*.zip", packed.getvalue())
    assert "pass_i_wd_.zip" in text and "<b>evil" not in text and "&lt;b&gt;evil" in text
    assert list(temporary.iterdir()) == [] and not list(temporary.parent.glob("*evil*"))
    for given in ("../../etc/passwd", "C:\\a\\b.csv", "..", "", "a\0b.csv", "[a]*?.csv", "é" * 300 + ".csv", "_x.csv"):
        name = safe_name(given)
        assert re.fullmatch(r"[A-Za-z0-9()][A-Za-z0-9._ ()-]{0,99}", name) and name != ".."
    assert safe_name("synthetic ytd (2).csv") == "synthetic ytd (2).csv"


def test_bombs_are_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_UNPACKED", 1_000_000)
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"0" * 2_000_000))
    checking.check(checking.Job(str(bomb), (), "2026-11-24"))
    told = json.loads((tmp_path / checking.TOLD).read_text())
    assert told["counts"]["received"] == 0 and [r["rule_id"] for r in told["rules"]] == ["S01"]
    with pa.OSFile(str(tmp_path / checking.FINDINGS)) as handle:
        (one,) = pa.ipc.open_file(handle).read_all().to_pylist()
    assert one["value"] == "more than 1,000,000 bytes when unpacked"
    assert {p.name for p in tmp_path.iterdir()} == {"bomb.gz", checking.TOLD, checking.FINDINGS}


def test_a_rule_that_fails_everywhere_does_not_crowd_out_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_OF_A_RULE", 3)
    (tmp_path / "a.csv").write_bytes(plcm(1, **{"FINANCIAL YEAR": "202528"}) + b"a,b\r\n" * 50)
    checking.check(checking.Job(str(tmp_path / "a.csv"), (), "2026-11-24"))
    told = json.loads((tmp_path / checking.TOLD).read_text())
    assert {r["rule_id"]: r["findings"] for r in told["rules"]}["S11"] == 50
    with pa.OSFile(str(tmp_path / checking.FINDINGS)) as handle:
        kept = pa.ipc.open_file(handle).read_all().column("rule_id").to_pylist()
    assert kept.count("S11") == 3 and "F02" in kept


@pytest.mark.parametrize("account", ["", "public"])
def test_the_public_may_not(served: TestClient, temporary: Path, account: str) -> None:
    client = sign_in(served, account) if account else served
    if not account:
        client.cookies.clear()
    data = {**token(client)}
    answer = client.post("/check", data=data, files={"file": ("a.csv", plcm(1))})
    assert answer.status_code == 403 and "providers, ICBs, regions" in answer.text
    assert client.get("/check").status_code == 403 and client.get("/check/x").status_code == 403


def test_a_form_without_its_token_or_from_elsewhere_is_refused(served: TestClient, temporary: Path) -> None:
    client = sign_in(served, "uclh")
    assert client.post("/check", files={"file": ("a.csv", plcm(1))}).status_code == 403
    elsewhere = {"origin": "https://evil.example"}
    answer = client.post("/check", data=token(client), files={"file": ("a.csv", plcm(1))}, headers=elsewhere)
    assert answer.status_code == 403 and list(temporary.iterdir()) == []


def test_no_file_is_an_error_of_the_form(served: TestClient) -> None:
    client = sign_in(served, "uclh")
    answer = client.post("/check", data=token(client), files={"file": ("", b"")})
    assert answer.status_code == 400 and "nhsuk-error-summary" in answer.text and 'href="#file"' in answer.text
    two = [("file", ("a.csv", plcm(1))), ("file", ("b.csv", plcm(1)))]
    assert client.post("/check", data=token(client), files=two).status_code == 400


def test_a_result_is_for_whoever_sent_the_file(served: TestClient) -> None:
    address = send(sign_in(served, "uclh"), "a.csv", plcm(1)).headers["location"]
    assert served.get(address).status_code == 200
    for account in ("national", "ncl", "office", "london"):
        answer = sign_in(served, account).get(address)
        assert answer.status_code == 404 and "a.csv" not in answer.text
        assert served.get(address + "?format=csv&of=findings").status_code == 404
    assert len(address.removeprefix("/check/")) >= 43


def test_others_rows_are_pointed_out_to_a_provider(served: TestClient) -> None:
    data = plcm(2, **{"ORGANISATION IDENTIFIER (CODE OF PROVIDER)": "RXN"})
    assert "rows of RXN, which you do not act for" in shown(sign_in(served, "uclh"), "a.csv", data)
    assert "do not act for" not in shown(sign_in(served, "national"), "a.csv", data)


def test_the_body_is_never_held_whole(served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """40 MB go through in small parts, and lie in a file on the disk from the first megabyte on."""
    largest, spooled = [], []
    write = MultiPartParser.on_part_data

    def watched(self: MultiPartParser, data: bytes, start: int, end: int) -> None:
        largest.append(end - start)
        if self._current_part.file is not None:
            file: Any = self._current_part.file.file
            spooled.append((file._rolled, 0 if file._rolled else file.tell()))
        write(self, data, start, end)

    monkeypatch.setattr(MultiPartParser, "on_part_data", watched)
    client = sign_in(served, "national")
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in token(client, "/check").items()
    )

    async def parts() -> AsyncIterator[bytes]:
        yield body + b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(640):
            yield b"x" * (1 << 16)
        yield b"\r\n--x--\r\n"

    async def post() -> int:
        headers = {"content-type": "multipart/form-data; boundary=x", "cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        # the client of the tests above joins a body before it sends it
        through = httpx2.ASGITransport(app=client.app)
        async with httpx2.AsyncClient(transport=through, base_url="http://127.0.0.1") as sender:
            return (await sender.post("/check", content=parts(), headers=headers)).status_code

    assert asyncio.run(post()) == 303
    assert max(largest) <= 1 << 16 and spooled[-1][0] and max(held for _, held in spooled) <= 2 << 20


def test_more_than_the_limit_is_refused_and_leaves_nothing(
    served: TestClient, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rates, "largest_body", lambda *_: 100_000)
    client = sign_in(served, "uclh")
    assert send(client, "a.csv", b"x" * 200_000).status_code == 413

    def parts() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(50):
            yield b"x" * 10_000

    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/check", content=parts(), headers=kind).status_code == 413
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "could not be checked on this server"),
        ("import sys; sys.exit(1)", "could not be checked on this server"),
        ("import time; time.sleep(60)", "took longer than"),
    ],
)
def test_a_check_that_fails_or_never_ends_leaves_nothing(
    served: TestClient, temporary: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    monkeypatch.setattr(desk, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(desk, "CHECK_SECONDS", 0.5 if "sleep" in code else 60)
    answer = send(sign_in(served, "uclh"), "secret-name.csv", plcm(1))
    assert answer.status_code == 503 and words in answer.text and "secret-name" not in answer.text
    assert str(temporary) not in answer.text and list(temporary.iterdir()) == []


def test_a_check_whose_caller_hangs_up_ends_and_leaves_nothing(tmp_path: Path, register: Register) -> None:
    async def hang_up() -> tuple[int, bool]:
        one = desk.Desk()
        asked = 0

        async def is_gone() -> bool:
            nonlocal asked
            asked += 1
            return asked > 1

        with pytest.raises(desk.GoneError):
            await one.check(tmp_path / "a.csv", register, is_gone)
        return asked, one._turn.locked()

    (tmp_path / "a.csv").write_bytes(plcm(1))
    before = _children()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
        assert asyncio.run(hang_up()) == (2, False)
    assert _children() <= before


def test_a_cancelled_check_ends_with_its_process(tmp_path: Path, register: Register) -> None:
    async def cancel() -> None:
        async def is_gone() -> bool:
            return False

        task = asyncio.create_task(desk.Desk().check(tmp_path / "a.csv", register, is_gone))
        await asyncio.sleep(0.6)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = _children()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
        asyncio.run(cancel())
    assert _children() <= before


def _children() -> set[str]:
    here = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(here.read_text().split()) if here.exists() else set()


def test_the_process_of_a_check_ends_when_the_server_does(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(plcm(1))
    job = {"file": str(tmp_path / "a.csv"), "overlays": [], "as_known": "2026-11-24"}
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.close()
        assert process.wait(60) == 1
    assert not (tmp_path / "told.json").exists()


def test_when_others_are_served_one_is_told_to_come_again(
    served: TestClient, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(served, "uclh")
    monkeypatch.setattr(desk, "MOST_UPLOADS", 0)
    answer = send(client, "a.csv", plcm(1))
    assert answer.status_code == 503 and "Try again" in answer.text and answer.headers["retry-after"]
    monkeypatch.undo()

    async def wait() -> None:
        one = desk.Desk()
        await one._turn.acquire()
        with pytest.raises(desk.BusyError, match="one at a time"):
            await one.check(Path("a.csv"), Register.load(), _never)

    async def _never() -> bool:
        return False

    monkeypatch.setattr(desk, "TURN_SECONDS", 0.01)
    asyncio.run(wait())


def test_results_go_with_time_and_number() -> None:
    now = [0.0]
    held = Held(lambda: now[0])
    result = Result("a", {}, pa.table({"x": [1]}))
    first = held.put("one", result)
    assert held.get("one", first) is result and held.get("two", first) is None and held.get("", "nothing") is None
    now[0] = HELD_SECONDS - 1
    assert held.get("one", first) is result
    now[0] = HELD_SECONDS
    assert held.get("one", first) is None
    names = [held.put("one", result) for _ in range(HELD_FILES + 1)]
    assert held.get("one", names[0]) is None and held.get("one", names[1]) is result
    assert len(set(names)) == len(names)


def test_large_results_push_out_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "HELD_BYTES", 20_000)
    held = Held()
    large = Result("a", {}, pa.table({"x": list(range(2_000))}))
    first, second = held.put("one", large), held.put("one", large)
    assert held.get("one", first) is None and held.get("one", second) is large


def test_a_file_is_kept_only_where_there_is_an_inbox_and_somebody_asks(
    tmp_path: Path, temporary: Path, register: Register
) -> None:
    box = tmp_path / "inbox"
    box.mkdir()
    with _served(tmp_path, register, inbox=box) as client:
        sign_in(client, "uclh")
        before = set(temporary.iterdir())
        assert 'name="keep"' in client.get("/check").text
        shown(client, "may.csv", plcm(1))
        assert list(box.iterdir()) == []
        text = shown(client, "may.csv", plcm(1), keep="yes")
        (kept,) = box.glob("*.csv")
        assert re.fullmatch(r"RRV_\d{8}T\d{6}Z_may\.csv", kept.name) and f"Kept as {kept.name}." in text
        assert kept.read_bytes() == plcm(1) and kept.stat().st_mode & 0o077 == 0
        line = json.loads((box / "kept.log").read_text())
        assert line["file"] == kept.name and line["account"] == "uclh" and line["bytes"] == len(plcm(1))
        assert "nothing in it could be recognised" in shown(client, "x.csv", b"a,b\n1,2\n", keep="yes")
        assert len(list(box.glob("*.csv"))) == 1 and not list(box.glob(".partial*"))
        assert set(temporary.iterdir()) == before


def test_without_an_inbox_nothing_can_be_kept(served: TestClient) -> None:
    client = sign_in(served, "uclh")
    assert 'name="keep"' not in client.get("/check").text
    assert "Nothing is kept on this server" in shown(client, "a.csv", plcm(1), keep="yes")


def test_kept_files_of_one_second_are_apart_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    box, file, person = tmp_path / "inbox", tmp_path / "a.csv", demo_people()["office"]
    box.mkdir()
    file.write_bytes(b"x")
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    first, second = (inbox.keep(box, file, person, when) for _ in range(2))
    assert first == "QMJ-QRV-QMF-QKK-QWE_20260102T030405Z_a.csv" and second != first
    assert len((box / "kept.log").read_text().splitlines()) == 2
    with pytest.raises(TertiaryError, match="could not be kept") as raised:
        inbox.keep(box, tmp_path / "nothing.csv", person, when)
    assert str(tmp_path) not in str(raised.value)
    assert {p.name for p in box.iterdir()} == {first, second, "kept.log", ".lock"}


def test_the_form_is_whole(served: TestClient) -> None:
    text = sign_in(served, "ncl").get("/check").text
    assert 'enctype="multipart/form-data"' in text and '<label class="nhsuk-label nhsuk-label--m" for="file">' in text
    assert page.CHECKERS == ("provider", "icb", "region", "national")

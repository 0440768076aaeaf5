"""Where files are checked before anyone submits them: one at a time, in a process of its own, and nothing is kept.

A file lies in a folder of its own that only this user can read, as long as its check takes; the folder goes with the
answer, the caller who hangs up, the error or the server. What was found is held in memory for a while, for downloads:
under an address that cannot be guessed, for the person who asked, and no more than so much of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.web.checking import FINDINGS, TOLD, Job

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.register import Register

MOST_UPLOADS = 4
# seconds: to wait for other checks, for one's own, and how often it is asked whether somebody still waits
TURN_SECONDS, CHECK_SECONDS, ASK_SECONDS = 120.0, 600.0, 0.25
# what was found is held for these seconds, for so many files and so many bytes
HELD_SECONDS, HELD_FILES, HELD_BYTES = 15 * 60, 20, 64_000_000
LONGEST_NAME = 100
# the server's own Python, without the folder it was started in on its path
COMMAND = (sys.executable, "-P", "-m", "tertiary.web.checking")


class BusyError(Exception):
    """Others are being served; the sentence says when to come again."""


class NotCheckedError(Exception):
    """The check came to no end; the sentence says what to do instead."""


class GoneError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Result:
    """What was found in a file: `told` as written by `checking`, the first findings, and as what it was kept."""

    name: str
    told: dict[str, Any]
    findings: pa.Table
    kept_as: str = ""
    note: str = ""


class Desk:
    """The checks of one server."""

    def __init__(self) -> None:
        self.results = Held()
        self._turn = asyncio.Lock()
        self._uploads = 0

    @contextmanager
    def upload(self) -> Iterator[None]:
        """A place for a file on its way in. BusyError when all are taken."""
        if self._uploads >= MOST_UPLOADS:
            raise BusyError("Several files are being sent and checked just now. Try again in a few minutes.")
        self._uploads += 1
        try:
            yield
        finally:
            self._uploads -= 1

    async def check(self, file: Path, register: Register, is_gone: Callable[[], Awaitable[bool]]) -> Result:
        """Check a file that lies in a folder of its own, when it is its turn.

        BusyError when that takes too long, GoneError when nobody waits any more, NotCheckedError when it fails.
        """
        try:
            await asyncio.wait_for(self._turn.acquire(), TURN_SECONDS)
        except TimeoutError:
            raise BusyError(
                "Another file is being checked; files are checked one at a time. Try again in a few minutes."
            ) from None
        try:
            await self._run(file, register, is_gone)
        finally:
            self._turn.release()
        return await asyncio.to_thread(_read, file)

    async def _run(self, file: Path, register: Register, is_gone: Callable[[], Awaitable[bool]]) -> None:
        # paths as the register was opened with may be relative to where the server was started
        overlays = tuple(str(overlay.path.resolve()) for overlay in register.overlays)
        job = Job(str(file), overlays, register.as_known.isoformat())
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=nothing, stderr=nothing
        )
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            ends = time.monotonic() + CHECK_SECONDS
            while process.returncode is None:
                try:
                    await asyncio.wait_for(process.wait(), ASK_SECONDS)
                except TimeoutError:
                    if await is_gone():
                        raise GoneError from None
                    if time.monotonic() > ends:
                        raise NotCheckedError(
                            f"The check took longer than {CHECK_SECONDS / 60:.0f} minutes and was stopped. Run "
                            "tertiary check on your own machine, or send a smaller file."
                        ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            kind = _error_of(file.parent / TOLD)
            logging.getLogger(__name__).error("a check ended with %s (exit code %s)", kind, process.returncode)
            raise NotCheckedError(
                "The file could not be checked on this server: it takes more memory or room than a check may take, or "
                "it is damaged in a way that no reader survives. Run tertiary check on your own machine, or split it."
            )


class Held:
    """Results for a while, by an address that cannot be guessed; the oldest go when there are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[str, float, Result]] = OrderedDict()
        self._turn = threading.Lock()

    def put(self, account: str, result: Result) -> str:
        """Hold a result for a person; returns its name in the address."""
        name = secrets.token_urlsafe(32)
        with self._turn:
            self._held[name] = (account, self._clock() + HELD_SECONDS, result)
            self._sweep()
        return name

    def get(self, account: str, name: str) -> Result | None:
        """The result of a name, for the person it is held for; None for others, and when it is gone."""
        with self._turn:
            self._sweep()
            owner, _, result = self._held.get(name, ("", 0.0, None))
        return result if owner == account else None

    def _sweep(self) -> None:
        now = self._clock()
        for name in [name for name, (_, ends, _) in self._held.items() if ends <= now]:
            del self._held[name]
        while len(self._held) > HELD_FILES or sum(r.findings.nbytes for _, _, r in self._held.values()) > HELD_BYTES:
            self._held.popitem(last=False)


def safe_name(given: str) -> str:
    """A file's name as it may stand on this machine: no folder, no sign that a reader takes for more than a letter."""
    name = re.sub(r"[^A-Za-z0-9. ()-]", "_", re.split(r"[\\/]", given)[-1]).lstrip("._- ")
    return name[-LONGEST_NAME:].lstrip("._- ") or "file"


def with_note(result: Result, kept_as: str, note: str) -> Result:
    """The result, with as what its file was kept, or why not."""
    return replace(result, kept_as=kept_as, note=note)


def _read(file: Path) -> Result:
    import pyarrow as pa

    told = json.loads((file.parent / TOLD).read_text(encoding="utf-8"))
    with pa.OSFile(str(file.parent / FINDINGS), "rb") as handle:
        findings = pa.ipc.open_file(handle).read_all()
    return Result(file.name, told, findings)


def _error_of(told: Path) -> str:
    try:
        return str(json.loads(told.read_text(encoding="utf-8"))["error"])
    except (OSError, ValueError, KeyError):
        return "no word"

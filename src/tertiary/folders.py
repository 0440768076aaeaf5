"""Folders that one process holds alone, files that are on the disk for good, and plain words when a disk refuses.

Locks are the operating system's (`flock`): they go with the process, so a killed one never blocks the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from tertiary.errors import EngineError, RunError

LOCK = ".lock"
# No space, a quota used up, a file larger than is allowed; and how the engine says them.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_TEXTS = {**{os.strerror(n): os.strerror(n) for n in sorted(_FULL)}, "max_temp_directory_size": "no room to spill"}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE}
_PLACE = "tertiary-work-"
_HELD = ".held"
# A place this young may belong to a process that has not come to lock it yet.
_YOUNG_SECONDS = 60


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` alone; it is made when missing. RunError names who holds it, or why it cannot be held."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise _cannot_write(folder, error) from error
    with handle:
        _lock(handle, folder)
        with plain_errors(folder):
            _sign(handle, _owner())
            try:
                yield
            finally:
                os.ftruncate(handle.fileno(), 0)


class Workplace:
    """A folder of its own for working files, inside `parent`; `close` removes it.

    What killed processes left beside it is removed on the way in: a place belongs to whoever holds its lock.
    """

    def __init__(self, parent: Path | None = None) -> None:
        home = parent or Path(tempfile.gettempdir())
        with plain_errors(home):
            home.mkdir(parents=True, exist_ok=True)
            for place in home.glob(f"{_PLACE}*"):
                _remove_abandoned(place)
            self.path = Path(tempfile.mkdtemp(prefix=_PLACE, dir=home))
            self._handle = (self.path / _HELD).open("w")
        _try_lock(self._handle)

    def close(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._handle.close()


def settle(paths: Iterable[Path]) -> None:
    """Have files or folders on the disk for good, so that they outlive a power cut. Folders: the names in them."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def size(folder: Path) -> int:
    """Bytes of all files under `folder`; files that vanish meanwhile count nothing."""
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(here) / name).stat().st_size
            except OSError:
                continue
    return total


def is_full(error: BaseException) -> bool:
    """Whether an error of the system or of the engine means that a disk or a quota is full."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return any(text in str(error) for text in _FULL_TEXTS)


def full(folder: Path, error: BaseException) -> EngineError:
    """The error that says that there is no room in `folder`, why, what is free there and what to do."""
    reason = next((said for text, said in _FULL_TEXTS.items() if text in str(error)), "the disk is full")
    return EngineError(
        f"No room left in {folder} ({reason}): {_free(folder)}; {megabytes(size(folder))} were in use there when it "
        "failed, and more is needed. Free some room, or name a roomier disk: --out for results, --scratch for working "
        "files. A run that was there before is unchanged."
    )


@contextmanager
def plain_errors(folder: Path) -> Iterator[None]:
    """Say in plain words that `folder` is full or cannot be written; other errors of the system keep their trace."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise full(folder, error) from error
        if error.errno in _REFUSED:
            raise _cannot_write(folder, error) from error
        raise


def megabytes(count: float) -> str:
    """Bytes for people: 1.5 MB."""
    return f"{count / 1e6:,.1f} MB"


def _cannot_write(folder: Path, error: OSError) -> RunError:
    where = f" ({error.filename})" if error.filename and str(error.filename) != str(folder) else ""
    return RunError(
        f"Cannot write to {folder}: {error.strerror}{where}. Mend its rights or choose another --out. "
        "A run that was there before is unchanged."
    )


def _lock(handle: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        raise RunError(f"{folder} is being written by {holder}. Wait for it or choose another --out.") from None
    except OSError as error:
        raise RunError(
            f"{folder} cannot be locked ({error.strerror}), so two runs could mix in it. "
            "Choose an --out on a local disk."
        ) from error


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sign(handle: IO[str], owner: str) -> None:
    # Past Python's buffer: on a full disk a buffer would fail again when it is closed.
    os.ftruncate(handle.fileno(), 0)
    os.write(handle.fileno(), owner.encode())


def _owner() -> str:
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()}, user {_user()}, since {since}"


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _remove_abandoned(place: Path) -> None:
    try:
        held = place / _HELD
        about = held.lstat()
        if about.st_uid != os.geteuid() or time.time() - about.st_mtime < _YOUNG_SECONDS:
            return
        with held.open("a") as handle:
            if _try_lock(handle):
                shutil.rmtree(place, ignore_errors=True)
    except OSError:
        return


def _free(folder: Path) -> str:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return "how much is free cannot be told"
    return f"{megabytes(usage.free)} of {megabytes(usage.total)} are free"

"""A server as its users start it: a process of its own on a free port of this machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PATIENCE = 60


@contextmanager
def serving(options: Sequence[str]) -> Iterator[str]:
    """The address of `tertiary serve OPTIONS`, stopped at the end. RuntimeError when it does not start, or fails."""
    command = [sys.executable, "-m", "tertiary.cli", "serve", *options, "--port", "0"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
        log.seek(0)
        told = log.read()
    if "Traceback" in told:
        raise RuntimeError(f"The server failed while it was asked:\n{told[-4000:]}")


def _address(process: subprocess.Popen[str], log: object) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        log.seek(0)  # type: ignore[attr-defined]
        told = log.read()  # type: ignore[attr-defined]
        if found := re.search(r"^(http://\S+)$", told, re.MULTILINE):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{told}")

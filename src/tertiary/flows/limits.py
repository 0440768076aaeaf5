"""What archives of strangers may hold, so that a small one cannot fill a disk or a memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Bytes that the list of files of an archive may have, and in which its end is found.
LONGEST_LIST = 1 << 20
LONGEST_END = (1 << 16) + 22


class TooMuchError(Exception):
    """An archive holds more than may be unpacked."""


@dataclass(frozen=True)
class Limits:
    """Bytes unpacked, and files, of one archive. None: what there is room for."""

    bytes: int | None = None
    files: int | None = None


NO_LIMITS = Limits()


def list_bytes(path: Path) -> int:
    """Length of a zip archive's list of files, as its end says; reading the list takes many times as much memory.

    An archive of the large kind (ZIP64) counts as endless: nothing that may be checked needs it.
    """
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - LONGEST_END))
        end = handle.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) < at + 16 or b"PK\x06\x07" in end[max(0, at - 20) : at]:
        return LONGEST_LIST + 1
    return int.from_bytes(end[at + 12 : at + 16], "little")

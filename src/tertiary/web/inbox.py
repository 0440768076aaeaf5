"""Checked files that somebody asked to keep, in the folder that the operator gave: whole or not at all, and logged."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import shutil
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tertiary import folders
from tertiary.errors import TertiaryError
from tertiary.web.people import Person

# a name that intake does not take for data
LOG = "kept.log"


def keep(inbox: Path, file: Path, person: Person, now: datetime | None = None) -> str:
    """Copy a file to the inbox as ORGANISATION_TIME_NAME and add a line to its log; returns that name.

    TertiaryError when it could not be kept; then the inbox is as it was. Why is in the log of the server.
    """
    when = now or datetime.now(UTC)
    who = "-".join(person.organisations) or person.role
    partial = inbox / f".partial-{secrets.token_hex(8)}"
    try:
        with folders.locked(inbox):
            shutil.copyfile(file, partial)
            partial.chmod(0o600)
            target = _free(inbox, f"{who}_{when:%Y%m%dT%H%M%SZ}", file.name)
            folders.settle([partial])
            partial.replace(target)
            line = {
                "time": when.isoformat(timespec="seconds"), "file": target.name, "bytes": target.stat().st_size,
                "sha256": _sha256(target), "account": person.account, "role": person.role,
                "organisations": list(person.organisations),
            }  # fmt: skip
            with (inbox / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            folders.settle([inbox / LOG, inbox])
    except (OSError, TertiaryError) as error:
        logging.getLogger(__name__).error("a file could not be kept: %s", error)
        raise TertiaryError("The file was checked but could not be kept. Why is in the log of this server.") from error
    finally:
        partial.unlink(missing_ok=True)
    logging.getLogger(__name__).warning("kept %s for %s (%s)", target.name, person.account, person.role)
    return target.name


def _free(inbox: Path, start: str, name: str) -> Path:
    numbered = (inbox / f"{start}-{n}_{name}" for n in count(2))
    first = inbox / f"{start}_{name}"
    return first if not first.exists() else next(path for path in numbered if not path.exists())


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()

"""How the application is run, and where the papers beside the runs are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tertiary.web import LOOPBACK


@dataclass(frozen=True)
class Papers:
    """What people agreed and closed, beside the runs: absent parts leave their pages without figures.

    `contracts`: CSV of contracts, else those of the store are meant. `closes`: folder of closed months. `store`: URL
    of the decision store, "" for none; it must exist.
    """

    contracts: Path | None = None
    closes: Path | None = None
    store: str = ""


@dataclass(frozen=True)
class Settings:
    """How the application is run.

    `demo`: people choose who to be; only for a server on loopback. `hosts`: the names it may be called by.
    `contact`: where people tell of a problem with the pages; "" when it is not said.
    """

    demo: bool = True
    organisation: str = "Tertiary"
    secret: bytes = b""
    hosts: tuple[str, ...] = LOOPBACK
    contact: str = ""
    papers: Papers = field(default_factory=Papers)

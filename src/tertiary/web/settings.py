"""How the application is run, and where the papers beside the runs are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tertiary.publish.disclosure import DEFAULT
from tertiary.web import LOOPBACK

if TYPE_CHECKING:
    from tertiary.web.sign_on import SignOn


@dataclass(frozen=True)
class Papers:
    """What people agreed and closed, beside the runs: absent parts leave their pages without figures.

    `contracts`: CSV of contracts, else those of the store are meant. `closes`: folder of closed months. `store`: URL
    of the decision store, "" for none; it must exist. `pools`: folder with what partners state of their pools
    (partners-1.csv for agreement 1) and what payers paid a host (paid-QMJ.csv).
    """

    contracts: Path | None = None
    closes: Path | None = None
    store: str = ""
    pools: Path | None = None


@dataclass(frozen=True)
class Settings:
    """How the application is run.

    `inbox`: folder for checked files that somebody asks to keep; None: nothing is kept.
    `demo`: people choose who to be; only for a server on loopback. `hosts`: the names it may be called by.
    `disclosure`: rule by which small numbers are hidden in files that leave. `released`: folder of published totals.
    `sign_on`: how people prove who they are; without it they choose who to be, which is for a server on loopback only.
    `hosts`: the names it may be called by. `is_https`: people reach it by https, which something in front of it ends.
    `is_limited`: costly routes may be asked so often only (`limits`, else limits.csv of this package).
    `contact`: where people tell of a problem with the pages; "" when it is not said.
    """

    organisation: str = "Tertiary"
    secret: bytes = b""
    hosts: tuple[str, ...] = LOOPBACK
    contact: str = ""
    papers: Papers = field(default_factory=Papers)
    disclosure: str = DEFAULT
    released: Path | None = None
    inbox: Path | None = None
    sign_on: SignOn | None = None
    is_https: bool = False
    is_limited: bool = False
    limits: Path | None = None

    @property
    def demo(self) -> bool:
        """Whether people choose who to be."""
        return self.sign_on is None

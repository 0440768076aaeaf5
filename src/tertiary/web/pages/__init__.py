"""The pages, a module each. A module holds a `router`; its templates and menu line stand beside (pages.csv)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter


def routers() -> Sequence[APIRouter]:
    """What answers each page."""
    from tertiary.web.pages import ledger, method, overview, register, services, sign_in

    return [module.router for module in (overview, services, ledger, register, method, sign_in)]

"""The pages, a module each.

A module holds a `router` with its pages and, where programs may ask the same, an `api` whose answers stand in the
OpenAPI document (prefix /api/v1, tertiary.web.api.rows_of). Templates and the menu (pages.csv) stand beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter


def routers() -> Sequence[APIRouter]:
    """What answers each page."""
    from tertiary.web.pages import accessibility, ledger, method, overview, register, services, sign_in

    modules = (overview, services, ledger, register, method, sign_in, accessibility)
    return [found for module in modules for name in ("router", "api") if (found := getattr(module, name, None))]

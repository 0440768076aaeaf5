"""The pages, a module each.

A module holds a `router` with its pages and, where programs may ask the same, an `api` whose answers stand in the
OpenAPI document (prefix /api/v1, tertiary.web.api.rows_of). Templates and the menu (pages.csv) stand beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter


# what asks for /challenges/new comes before what asks for any /challenges/{id}
MODULES = (
    "questions",
    "accessibility",
    "audit",
    "challenge",
    "challenges",
    "check",
    "closes",
    "explain",
    "explain_record",
    "find",
    "flows",
    "ledger",
    "map",
    "method",
    "money",
    "month",
    "month_files",
    "overview",
    "pools",
    "proposals",
    "published",
    "quality",
    "recharges",
    "register",
    "ringfence",
    "services",
    "sign_in",
    "targets",
    "variation",
)


def routers() -> Sequence[APIRouter]:
    """What answers each page."""
    modules = [import_module(f"{__name__}.{name}") for name in MODULES]
    return [found for module in modules for name in ("router", "api") if (found := getattr(module, name, None))]

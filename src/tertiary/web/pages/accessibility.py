"""*Accessibility statement*: what was checked, what was not, and what is known to be wrong."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary import __version__
from tertiary.errors import TertiaryError
from tertiary.sheets import shipped
from tertiary.web.render import answer
from tertiary.web.views import View

router = APIRouter(include_in_schema=False)
HEADING = "Accessibility statement"
ABOUT = f"This statement is about the pages of tertiary, version {__version__}, and was made with that version."
FORMS = ("text", "item", "contact")


@cache
def sections() -> dict[str, list[tuple[str, str]]]:
    """Heading of each section and what stands under it: pairs of form (one of FORMS) and text.

    `contact` is said where the operator names no contact. Page and docs/explanation/accessibility.md are made of it.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for line in shipped("tertiary.web", "accessibility.csv", TertiaryError):
        found.setdefault(line.text("section"), []).append((line.choice("form", FORMS), line.text("text")))
    return found


@router.get("/accessibility")
def accessibility(request: Request) -> Response:
    """What was checked of these pages, what was not, and where to tell of a problem."""
    values = {"about": ABOUT, "sections": sections(), "contact": request.app.state.settings.contact}
    return answer(request, View(HEADING, "accessibility.html", values=values))

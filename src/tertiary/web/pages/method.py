"""*Method and sources*: how each figure is worked out, where its rule is from and how sure it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.publish.methods import methods
from tertiary.publish.workbook import Column
from tertiary.web.render import answer
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
COLUMNS = (
    Column("figure", "Figure"), Column("rule", "How it is worked out"), Column("source", "Source"),
    Column("confidence", "Confidence"),
)  # fmt: skip


@router.get("/method")
def method(request: Request) -> Response:
    """How each figure is worked out, where the rule is from and how sure it is."""
    return answer(
        request,
        View("Method and sources", "method.html", [Grid("method", "How each figure came about", COLUMNS, methods())]),
    )

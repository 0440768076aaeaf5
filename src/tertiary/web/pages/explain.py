"""*Explain*: a record that nobody has, walked box by box: which service, who is responsible, what it should cost.

The stages are those of a run, with the register of the run that is shown; nothing of the run itself is read. The
address holds the whole question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.background import BackgroundTask

from tertiary.errors import TertiaryError
from tertiary.explain import Explanation, explain_hypothesis, short_answers
from tertiary.flows.contracts import contracts
from tertiary.publish.workbook import Column
from tertiary.web import hypotheses
from tertiary.web.access import person_of
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.render import answer, answers_of
from tertiary.web.views import Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
# headings of an explanation that say nothing of a record that was never sent, and alone is all there is
OF_RUNS = ("What was checked and repaired", "Whether it counts")
# what the form under the answer says already
GIVEN = "What arrived"
# roles that may own a record
OWNERS = ("national", "icb", "provider")
COLUMNS = (
    Column("heading", "Question"), Column("text", "What was found"), Column("source", "Source"),
    Column("confidence", "Confidence"),
)  # fmt: skip

if TYPE_CHECKING:
    Asked = BaseModel
else:
    # the fields of the form, as the OpenAPI document tells them
    _asked: dict[str, Any] = {
        f.name: (str, Field("", max_length=hypotheses.LONGEST, description=". ".join(filter(None, (f.label, f.hint)))))
        for f in hypotheses.fields()
    }
    Asked = create_model(
        "Asked", __config__=ConfigDict(extra="forbid"), **_asked,
        run=(str, Field("", description="Name of a run, whose register is used; the first when blank.")),
    )  # fmt: skip


@router.get("/explain")
def explain(request: Request) -> Response:
    """A form for a record that nobody has, and what the stages make of it."""
    person = person_of(request)
    asked = answers_of(request).hypotheses(person)
    found = hypotheses.question(request.query_params.multi_items())
    told, errors = None, dict(found.errors)
    if found.given and not errors:
        try:
            told = explain_hypothesis(asked, found.given)
        except TertiaryError as error:
            errors["flow"] = str(error)
    groups: dict[str, list[hypotheses.Field]] = {}
    for one in hypotheses.fields():
        groups.setdefault(one.group, []).append(one)
    values = {
        "groups": groups, "given": found.given, "errors": errors, "told": told, "examples": hypotheses.examples(),
        "flows": [(code, flow.name) for code, flow in contracts().items()], "owner": person.role in OWNERS,
        "shown": told and {heading: said for heading, said in _shown(told).items() if heading != GIVEN},
        "short": told and short_answers(told),
    }  # fmt: skip
    grids = [_grid(told)] if told else []
    given = answer(request, View("Explain a record", "explain.html", grids, values=values))
    if errors:
        given.status_code = 400
    elif told is None:
        # while the form is filled in
        given.background = BackgroundTask(asked.ready)
    return given


@api.get("/explain", responses=FAILURES)
def explain_api(request: Request, asked: Annotated[Asked, Query()]) -> Rows:
    """What the stages make of a hypothetical record: statements by question, with source and confidence."""
    values = asked.model_dump()
    answers = answers_of(request, values.pop("run"))
    found = hypotheses.question(values.items())
    if found.errors:
        raise TertiaryError(" ".join(found.errors.values()))
    told = explain_hypothesis(answers.hypotheses(person_of(request)), found.given)
    return rows_of(_grid(told), told.label)


def _shown(told: Explanation) -> dict[str, Any]:
    return {heading: said for heading, said in told.sections.items() if heading not in OF_RUNS}


def _grid(told: Explanation) -> Grid:
    rows = [
        {"heading": heading, "text": said.text, "source": said.source, "confidence": said.confidence}
        for heading, statements in _shown(told).items() for said in statements
    ]  # fmt: skip
    return Grid("explanation", "The explanation, statement by statement", COLUMNS, rows)

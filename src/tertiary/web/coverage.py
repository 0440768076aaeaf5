"""What arrived and what did not, by provider, flow and month, within what a person may see.

A flow that a provider sent for any month of the run is expected of it for every month of the run. Late is what first
came after flex, by the rule of month end. An ICB sees what came for its own population and payments; how many rows a
provider sent in all, and when, is not its own to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from tertiary.errors import RunError, TertiaryError
from tertiary.sheets import shipped
from tertiary.web.answers import FATES, Answers, is_placed
from tertiary.web.people import Person
from tertiary.web.scope import is_shown

DIMENSIONS = ("provider_code", "flow", "financial_year", "financial_month")
USABLE = ("current", "superseded", "duplicate")


@cache
def states() -> Mapping[str, Mapping[str, str]]:
    """How a month of a flow may stand, the most pressing first: words, and whether it asks for attention."""
    return {line.text("state"): line.cells for line in shipped("tertiary.web", "coverage_states.csv", TertiaryError)}


@cache
def limits() -> Mapping[str, Decimal]:
    """Limits by name (quality_limits.csv, each with its meaning and source)."""
    lines = shipped("tertiary.web", "quality_limits.csv", TertiaryError)
    return {line.text("name"): line.number_of("value") for line in lines}


def arrivals(answers: Answers, person: Person, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """How each expected month of a flow of a provider stands; the most pressing first.

    Key: DIMENSIONS. Columns: state, submissions, FATES (rows), quarantined_share, first_arrival and flex (days). An
    ICB is told by its own rows of the ledger whether something came, else `none_of_yours`; the other columns are null.
    RunError when `only` names another column than DIMENSIONS.
    """
    if wrong := [name for name in only if name not in DIMENSIONS]:
        raise RunError(f"Coverage cannot be sliced by {', '.join(wrong)}. Choose from {', '.join(DIMENSIONS)}.")
    found, none = _sent(answers, person)
    sent = {tuple(row[name] for name in DIMENSIONS): row for row in found}
    months = _months(answers)
    made = []
    for provider, flow in sorted({key[:2] for key in sent}):
        for year, month in sorted({*months, *(key[2:] for key in sent if key[:2] == (provider, flow))}):
            key = (provider, flow, year, month)
            if all(str(dict(zip(DIMENSIONS, key, strict=True))[name]) == value for name, value in only.items()):
                made.append(_judged(key, sent.get(key), none))
    order = {state: place for place, state in enumerate(states())}
    return sorted(made, key=lambda row: (order[row["state"]], *(row[name] for name in DIMENSIONS)))


def sees_counts(answers: Answers, person: Person) -> bool:
    """Whether a person may see how many rows providers sent, and when; populations do not tell that."""
    return is_shown("submissions", person, answers.register)


def by_flow(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `arrivals` by flow: months expected, months by state, rows received and the share set aside."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        flow = made.setdefault(row["flow"], {
            "flow": row["flow"], "expected": 0, **dict.fromkeys(states(), 0), "received": 0, "quarantined": 0,
        })  # fmt: skip
        flow["expected"] += 1
        flow[row["state"]] += 1
        for name in ("received", "quarantined"):
            flow[name] = None if row[name] is None or flow[name] is None else flow[name] + row[name]
    for flow in made.values():
        flow["quarantined_share"] = _share(flow["quarantined"], flow["received"])
    return [made[name] for name in sorted(made)]


def needs_attention(row: Mapping[str, Any]) -> bool:
    """Whether somebody should look at a row of `arrivals`."""
    share = row["quarantined_share"]
    return states()[row["state"]]["attention"] == "Y" or (share is not None and share >= limits()["quarantined"])


def to_aggregate(answers: Answers, person: Person, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """Patient level flows against the aggregate by provider and month, in pounds as submitted; largest gap first.

    Columns: financial_year, provider_code, financial_month, acm, patient_level, gap, coverage, state: see
    `tertiary.month_end.reconcile`. Only what is the person's own of both.
    """
    from tertiary.month_end.reconcile import compared

    rows = answers.rows("ledger", person)
    for name, value in only.items():
        if name != "flow":
            rows = rows.filter(rows[name].cast("string") == value)
    made: list[dict[str, Any]] = []
    for year in (
        answers.fetch(rows.select("financial_year").distinct().order_by("financial_year")).column(0).to_pylist()
    ):
        found = compared(rows, year, 13, ("provider_code", "financial_month"))
        found = found.filter((found.acm != 0) | (found.patient_level != 0))
        made += [{"financial_year": year, **row} for row in answers.fetch(found).to_pylist()]
    return sorted(made, key=lambda r: (-abs(r["gap"]), r["financial_year"], r["provider_code"], r["financial_month"]))


def unplaced(answers: Answers, person: Person) -> list[dict[str, Any]]:
    """Submissions whose provider or month could not be read, by flow and provider; none for those who see no counts."""
    if not sees_counts(answers, person):
        return []
    rows = answers.rows("submissions", person)
    rows = rows.filter((rows.provider_code == "") | (rows.financial_year == "") | (rows.financial_month == 0))
    sums = {name: rows[name].sum() for name in FATES}
    found = rows.group_by("flow", "provider_code").aggregate(submissions=rows.count(), **sums)
    return answers.fetch(found.order_by("flow", "provider_code")).to_pylist()


def _sent(answers: Answers, person: Person) -> tuple[list[dict[str, Any]], str]:
    """What was sent by DIMENSIONS, and how a month stands for which nothing was."""
    import ibis

    if not sees_counts(answers, person):
        return _seen(answers, person), "none_of_yours"
    rows = answers.rows("submissions", person)
    rows = rows.filter(*is_placed(rows))
    came = ibis.ifelse(rows.status.isin(USABLE), rows.received_at.coalesce(rows.created_at), ibis.null("timestamp"))
    found = rows.group_by(*DIMENSIONS).aggregate(
        submissions=rows.count(),
        **{name: rows[name].sum() for name in FATES},
        **{f"is_{state}": (rows.status == state).any() for state in (*USABLE, "not_yet_known")},
        came=came.min(),
    )
    return answers.fetch(found).to_pylist(), "missing"


def _seen(answers: Answers, person: Person) -> list[dict[str, Any]]:
    """As `_sent`, by a person's own rows of the ledger."""
    rows = answers.rows("ledger", person)
    found = answers.fetch(rows.filter(*is_placed(rows)).select(*DIMENSIONS).distinct()).to_pylist()
    blank = dict.fromkeys(("submissions", *FATES, "came"))
    return [{**row, **blank, "is_current": True} for row in found]


def _judged(key: tuple[Any, ...], sent: Mapping[str, Any] | None, none: str) -> dict[str, Any]:
    from tertiary.month_end import dates

    row = dict(zip(DIMENSIONS, key, strict=True))
    flex = dates(row["financial_year"], row["financial_month"]).flex
    if sent is None:
        rows = 0 if none == "missing" else None
        return {**row, "state": none, **dict.fromkeys(("submissions", *FATES), rows), "quarantined_share": None,
                "first_arrival": None, "flex": flex}  # fmt: skip
    came = sent["came"].date() if sent["came"] else None
    return {
        **row, "state": _state(sent, came, flex), **{name: sent[name] for name in ("submissions", *FATES)},
        "quarantined_share": _share(sent["quarantined"], sent["received"]), "first_arrival": came, "flex": flex,
    }  # fmt: skip


def _state(sent: Mapping[str, Any], came: date | None, flex: date) -> str:
    if sent["is_current"]:
        return "late" if came is not None and came > flex else "arrived"
    if sent["is_superseded"] or sent["is_duplicate"]:
        return "withdrawn"
    return "not_yet_known" if sent["is_not_yet_known"] else "unreadable"


def _months(answers: Answers) -> list[tuple[str, int]]:
    """The months that the run is about: those for which enough of its providers sent something."""
    found = answers.months()
    most = max((providers for _, _, providers in found), default=0)
    return [(year, month) for year, month, providers in found if providers >= most * limits()["month_of_run"]]


def _share(part: int | None, whole: int | None) -> Decimal | None:
    return round(Decimal(part) / whole, 6) if whole and part is not None else None

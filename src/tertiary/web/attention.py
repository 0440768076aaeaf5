"""What needs attention in a run, for a person: a few lines with where to read on, each from the pages' own figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tertiary.web import coverage, quality
from tertiary.web.answers import Answers
from tertiary.web.people import Person
from tertiary.web.render import shown
from tertiary.web.scope import is_shown

MOST_RULES = 3
# how a line is marked: words and colour of the tag
TAGS = {"error": ("Errors", "red"), "missing": ("Missing", "orange"), "money": ("Money", "yellow"),
        "differs": ("Differs", "blue")}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One thing to look at: what, a sentence on it, where to read on, and its tag."""

    name: str
    words: str
    address: str
    tag: str
    colour: str


def attention(answers: Answers, person: Person) -> list[Item]:
    """What a person should look at first; ForbiddenError when they may see no figure of the run.

    Whose findings and comparisons are nobody's of a role, clinical reference groups, is told of money alone.
    """
    quality_shown = is_shown("finding_cells", person, answers.register)
    told: list[Item] = [*_rules(answers, person)] if quality_shown else []
    told += [*_missing(answers, person), *_money(answers, person)]
    return [*told, *_differs(answers, person)] if quality_shown else told


def _item(kind: str, name: str, words: str, address: str) -> Item:
    return Item(name, words, address, *TAGS[kind])


def _rules(answers: Answers, person: Person) -> Iterator[Item]:
    rows, _ = quality.findings(answers, person, ("rule_id",), {"severity": "error"}, MOST_RULES)
    for row in rows:
        rule = row["rule_id"]
        words = quality.rule_words().get((rule, "error"), {"advice": ""})["advice"]
        yield _item("error", f"Rule {rule}: {row['findings']:,} errors", words,
                    f"/quality?rule_id={rule}&severity=error&by=provider_code")  # fmt: skip


def _missing(answers: Answers, person: Person) -> Iterator[Item]:
    if not coverage.sees_counts(answers, person):
        return
    rows = coverage.arrivals(answers, person, {})
    urgent = [row for row in rows if coverage.needs_attention(row)]
    if urgent:
        by_state = {state: sum(row["state"] == state for row in urgent) for state in coverage.states()}
        told = [f"{n} {coverage.states()[state]['words']}" for state, n in by_state.items() if n and state != "arrived"]
        told += [f"{by_state['arrived']} with many rows set aside"] if by_state["arrived"] else []
        name = f"{len(urgent):,} of {len(rows):,} months of a flow did not arrive as they should"
        yield _item("missing", name, "; ".join(told) + ".", "/quality/coverage")


def _money(answers: Answers, person: Person) -> Iterator[Item]:
    """Pounds that count and have no payer, and pounds of contract monitoring of no specialised service."""
    for column, name, words in (
        (
            "payer_code",
            "has no payer",
            "The assignment method found nobody to pay, or somebody outside of the NHS does.",
        ),
        ("service_line_final", "is of no specialised service line", "Not identified, or not specialised care."),
    ):
        row = answers.ledger(person, (), {column: ""}).rows.to_pylist()[0]
        if row["records"]:
            pounds = shown(row["price_submitted"] or Decimal(0), "money")
            yield _item("money", f"{pounds} of what counts {name}", f"{row['records']:,} records. {words}",
                        f"/ledger?{column}=&by=provider_code")  # fmt: skip


def _differs(answers: Answers, person: Person) -> Iterator[Item]:
    """The kind of comparison that agrees least."""
    rows = [row for row in quality.agreement(answers, person, {}) if row["differing"]]
    if rows:
        least = min(rows, key=lambda row: (row["share"], row["kind"]))
        kind = quality.comparisons()[least["kind"]]["name"]
        yield _item(
            "differs", f"{kind}: {least['differing']:,} of {least['compared']:,} differ from what was submitted",
            f"{shown(1 - least['share'], 'share')} of what is compared, {shown(least['pounds'], 'money')} submitted.",
            "/quality/agreement",
        )  # fmt: skip

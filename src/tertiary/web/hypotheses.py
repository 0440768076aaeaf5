"""The question of the page *Explain*: which fields it has, what an address says of them, and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from tertiary.errors import TertiaryError
from tertiary.hypothetical import hypothetical
from tertiary.privacy import names_patient
from tertiary.sheets import shipped

LONGEST = 200
KINDS = ("flow", "date", "number", "text")
PATIENT = (
    "holds ten digits that pass the check of an NHS number. A hypothetical record is of nobody: leave the number out, "
    "and do not keep or send the address of this page"
)


@dataclass(frozen=True)
class Field:
    """A field of the form: a column of activity, in words. `kind`: one of KINDS."""

    name: str
    label: str
    hint: str
    group: str
    kind: str


@dataclass(frozen=True)
class Question:
    """What was asked. `given`: filled fields; `errors`: by field, in a sentence that does not repeat a patient."""

    given: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


@cache
def fields() -> Sequence[Field]:
    """The fields of the form, in order."""
    return [
        Field(x.text("field"), x.text("label"), x.text("hint", ""), x.text("group"), x.choice("kind", KINDS))
        for x in shipped("tertiary.web", "explain_fields.csv", TertiaryError)
    ]


@cache
def examples() -> Sequence[Mapping[str, str]]:
    """Questions to begin from: name, about and question, as an address holds it."""
    return [x.cells for x in shipped("tertiary.web", "explain_examples.csv", TertiaryError)]


def question(pairs: Iterable[tuple[str, str]]) -> Question:
    """The question that an address asks; names that are no field are left alone, unless they tell of a patient."""
    known = {f.name: f for f in fields()}
    given, errors = {}, {}
    for name, raw in pairs:
        text = raw.strip()
        if names_patient(name) or names_patient(raw):
            found = known.get(name)
            errors[name if found else "flow"] = f"{found.label if found else 'The address'} {PATIENT}."
        elif name in known and text:
            given[name] = text
            if wrong := _wrong(name, text):
                errors[name] = f"{known[name].label}: {wrong}"
    return Question({n: t for n, t in given.items() if len(t) <= LONGEST}, errors)


def _wrong(name: str, text: str) -> str:
    """What is wrong with a value by itself; blank when nothing is."""
    if len(text) > LONGEST:
        return f"has {len(text)} characters; at most {LONGEST} are read."
    try:
        hypothetical({name: text})
    except TertiaryError as error:
        return str(error).removeprefix(f"{name}={text}: ")
    return ""

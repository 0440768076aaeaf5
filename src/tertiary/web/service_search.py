"""Services by everyday words: the names of the manual and of the codes, and a table of plain words for their terms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import TertiaryError
from tertiary.sheets import shipped
from tertiary.web.cached import once_a_register

if TYPE_CHECKING:
    from tertiary.register import Register

# words that every name has, or that say nothing of a service
EMPTY = frozenset(
    ("a", "an", "and", "at", "for", "i", "in", "is", "me", "my", "need", "of", "on", "or", "service", "services",
     "specialist", "specialised", "the", "to", "with")
)  # fmt: skip
MOST_WORDS = 8


@cache
def everyday() -> Mapping[str, Sequence[str]]:
    """Terms of official names by what people call them (everyday_words.csv), longest first."""
    lines = shipped("tertiary.web", "everyday_words.csv", TertiaryError)
    found = {x.text("words"): [t.strip() for t in x.text("terms").split(";")] for x in lines}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def services_like(register: Register, text: str) -> list[dict[str, Any]]:
    """Services of the manual whose name, number or codes hold all words of a text, or their terms; best first.

    Rows of pss_line, service_name, npoc and `through`, the code names that matched where the name did not. Where no
    service holds all words, those that hold the most.
    """
    wanted = _terms(text)
    if not wanted:
        return []
    scored = []
    for row, name, codes in _index(register):
        if row["pss_line"].casefold() == text.strip().casefold():
            return [{**row, "through": ""}]
        by_name = [any(_begins(term, name) for term in terms) for terms in wanted]
        by_code = [code for code in codes if any(_begins(t, code.casefold()) for terms in wanted for t in terms)]
        either = [
            hit or any(_begins(t, code.casefold()) for code in codes for t in terms)
            for hit, terms in zip(by_name, wanted, strict=True)
        ]
        if any(either):
            through = "" if all(by_name) else "; ".join(by_code[:3])
            scored.append((sum(either), sum(by_name), {**row, "through": through}))
    most = max((score for score, *_ in scored), default=0)
    best = [one for one in scored if one[0] == most]
    return [row for *_, row in sorted(best, key=lambda s: (-s[1], len(s[2]["service_name"])))]


def _terms(text: str) -> list[list[str]]:
    """For each word of a text, or phrase that people use for a service, the terms that official names have for it."""
    left = re.sub(r"[^\w\s-]", "", text.casefold())
    found = []
    for phrase, terms in everyday().items():
        if re.search(rf"\b{re.escape(phrase)}\b", left):
            found.append(list(terms))
            left = re.sub(rf"\b{re.escape(phrase)}\b", " ", left)
    plain = [word for word in left.split() if word not in EMPTY]
    return (found + [[word] for word in plain])[:MOST_WORDS]


def _begins(term: str, name: str) -> bool:
    """Whether a word of a name begins with a term; a plural finds its singular."""
    return any(
        name.startswith(part) or any(f"{before}{part}" in name for before in (" ", "(", "-", "/", "'"))
        for part in ((term, term[:-1]) if len(term) > 4 and term.endswith("s") else (term,))
    )


@once_a_register
def _index(register: Register) -> list[tuple[dict[str, Any], str, list[str]]]:
    """Of each service its row, its name in small letters, and the names of its codes."""
    codes: dict[str, list[str]] = {}
    for row in register["service_lines"].to_pylist():
        if row["pss_line"] and row["code_kind"] == "service":
            codes.setdefault(row["pss_line"], []).append(row["name"])
    wanted = ("pss_line", "service_name", "npoc")
    return [
        ({k: row[k] for k in wanted}, row["service_name"].casefold(), codes.get(row["pss_line"], []))
        for row in register["services"].to_pylist()
    ]

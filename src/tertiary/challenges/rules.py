"""What is tested, what each rule asks for, and how much of a record it questions: rows of rules.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources

from tertiary.errors import ContractError


@dataclass(frozen=True)
class Rule:
    """A rule by which a charge is questioned. Key: rule_id.

    `rank`: of a record that several rules question, the lowest claims its pounds first. `kind` is the test, a function
    of `claims`; `value` what is questioned: price, the whole charge; delta, what lies above the expected price; excess,
    what lies above unit price times quantity. `party`: whose budget the charge is questioned for, the payer by the
    method, or whoever was charged.
    """

    rule_id: str
    rank: int
    title: str
    kind: str
    parameters: Mapping[str, str]
    value: str
    party: str
    asks: str
    source: str
    confidence: str

    def codes(self, name: str) -> list[str]:
        """A parameter that lists codes; empty when the rule has none of that name."""
        return [code for code in self.parameters.get(name, "").split("|") if code]

    def number(self, name: str) -> Decimal:
        """A parameter that is a number of 0 or more. ContractError when it is none."""
        text = self.parameters.get(name, "")
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or found < 0:
            raise ContractError(f"{self.rule_id}: {name} is {text!r}; expected a number of 0 or more, such as 100.")
        return found

    def day(self, name: str) -> date:
        """A parameter that is a day. ContractError when it is none."""
        text = self.parameters.get(name, "")
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ContractError(f"{self.rule_id}: {name} is {text!r}; expected a day such as 2016-04-01.") from error


@dataclass(frozen=True)
class Settings:
    """Which rules are applied, all unless named, and other values of their parameters: `{"CH09": {"pounds": "50"}}`."""

    only: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def rules(self) -> tuple[Rule, ...]:
        """The rules to apply, by rank. ContractError when a rule or parameter is not known."""
        known = rules()
        _known("rule", (*self.only, *self.parameters), known)
        chosen = [known[code] for code in known if not self.only or code in self.only]
        for rule in chosen:
            _known(f"parameter of {rule.rule_id}", self.parameters.get(rule.rule_id, {}), rule.parameters)
        made = [replace(r, parameters={**r.parameters, **self.parameters.get(r.rule_id, {})}) for r in chosen]
        return tuple(sorted(made, key=lambda rule: rule.rank))


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    return {row["rule_id"]: _rule(row) for row in rows("rules")}


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of `name`.csv of this package, as text."""
    text = resources.files("tertiary.challenges").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _rule(row: Mapping[str, str]) -> Rule:
    pairs = (part.partition("=") for part in row["parameters"].split(";") if part)
    given = {name: value for name, _, value in pairs}
    return Rule(
        row["rule_id"], int(row["rank"]), row["title"], row["kind"], given, row["value"], row["party"], row["asks"],
        row["source"], row["confidence"],
    )  # fmt: skip


def _known(what: str, asked: Iterable[str], known: Iterable[str]) -> None:
    if wrong := sorted(set(asked) - set(known)):
        raise ContractError(f"{', '.join(wrong)} is no {what}. Known: {', '.join(sorted(known)) or 'none'}.")

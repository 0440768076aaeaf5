"""The terms of an agreement to share a budget, as a record.

Of the ten things a fund must state, scope, contributions, what counts as a call, who bears variance, limits,
contingency, distribution at year end and exit are terms; an in-year change is a new version of the decision, and
reporting is what `statements` does. Terms come as plain JSON; amounts and shares are text, never floats.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from tertiary.errors import PoolError
from tertiary.phasing import TWELFTHS

MEASURES = ("price_submitted", "price_expected")
UNUSED = ("returned", "reserve")


@dataclass(frozen=True)
class Rule:
    """A row of rules.csv. `parameters`: name to lowest and highest value, None where there is no highest."""

    rule: str
    kind: str
    name: str
    parameters: Mapping[str, tuple[Fraction, Fraction | None]]
    meaning: str
    source: str
    confidence: str


@cache
def rules() -> Mapping[str, Rule]:
    """All rules of contribution and risk share by code."""
    text = resources.files("tertiary.pool").joinpath("rules.csv").read_text(encoding="utf-8")
    return {row["rule"]: _rule(row) for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True)
class Agreement:
    """What partners agreed. Key: name and valid_from.

    `partners` are organisation codes; `host` is one of them or another organisation. Empty `services`, `providers` and
    `components` mean all. `contingency` is a share of the pool, paid on top of contributions; what is left of it at
    year end is returned by contribution or kept in the reserve. `floor` and `ceiling` bound every payment, as shares of
    the contribution, of what the contingency does not meet. `threshold` (pounds per patient) and `listed` services are
    for rule R6. `profile` spreads contributions over the year. `notice_months` bind a partner that leaves, and it bears
    stranded cost over `taper_years`. `succeeds`: former partner to the partner that took its place, whose figures,
    costs and positions are the successor's.
    """

    name: str
    host: str
    partners: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    contribution: str
    risk: str
    contribution_parameters: Mapping[str, Fraction] = field(default_factory=dict)
    risk_parameters: Mapping[str, Fraction] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    measure: str = "price_submitted"
    contingency: Fraction = Fraction(0)
    unused: str = "returned"
    floor: Fraction | None = None
    ceiling: Fraction | None = None
    threshold: Decimal | None = None
    listed: tuple[str, ...] = ()
    guarantor: str = ""
    notice_months: int = 12
    taper_years: int = 1
    profile: str = TWELFTHS
    succeeds: Mapping[str, str] = field(default_factory=dict)

    @property
    def populations(self) -> dict[str, str]:
        """Whose spend counts, to the partner it counts for: partners, and those they succeed."""
        return {**{code: code for code in self.partners}, **self.succeeds}

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> Agreement:
        """An agreement from its JSON terms. PoolError names the term, the value seen and what was expected."""
        if not isinstance(terms, Mapping):
            raise PoolError(f"The terms of an agreement are {terms!r:.60}; a JSON object with named terms is needed.")
        return _Reader(terms).agreement()


def rule_parameters(rule: str, given: Mapping[str, Any]) -> dict[str, Fraction]:
    """The parameters that a rule asks for, out of `given`, as exact numbers. PoolError when one is missing or wrong."""
    found = {}
    for name, (low, high) in rules()[rule].parameters.items():
        value = Fraction(given[name]) if name in given else None
        if value is None or value < low or (high is not None and value > high):
            upto = f" to {high}" if high is not None else ""
            raise PoolError(f"Rule {rule}: {name} is {value}; expected a number from {low}{upto}.")
        found[name] = value
    return found


class _Reader:
    """Reads terms one by one and refuses what is missing, unknown or out of bounds."""

    def __init__(self, terms: Mapping[str, Any]) -> None:
        self._left = dict(terms)
        self._name = str(terms.get("name", "")) or "(without a name)"

    def agreement(self) -> Agreement:
        contribution, risk = self._rule("contribution"), self._rule("risk")
        given = Agreement(
            name=self._text("name"),
            host=self._text("host"),
            partners=self._codes("partners", least=2),
            valid_from=self._day("valid_from"),
            valid_to=self._last_day(),
            contribution=contribution.rule,
            risk=risk.rule,
            contribution_parameters=self._parameters("contribution_parameters", contribution),
            risk_parameters=self._parameters("risk_parameters", risk),
            services=self._codes("services"),
            providers=self._codes("providers"),
            components=self._codes("components"),
            measure=self._choice("measure", MEASURES),
            contingency=self._number("contingency", Fraction(0), Fraction(1), Fraction(0)),
            unused=self._choice("unused", UNUSED),
            floor=self._bound("floor", Fraction(1)),
            ceiling=self._bound("ceiling", None),
            threshold=self._pounds("threshold"),
            listed=self._codes("listed"),
            guarantor=str(self._left.pop("guarantor", "")),
            notice_months=self._count("notice_months", 12, 0),
            taper_years=self._count("taper_years", 1, 1),
            profile=self._text("profile") if "profile" in self._left else TWELFTHS,
            succeeds=self._succeeds(),
        )
        self._judge(given)
        return given

    def _judge(self, given: Agreement) -> None:
        if self._left:
            self._refuse(", ".join(sorted(self._left)), "no such term", "only the terms of an agreement")
        if (given.floor is None) != (given.ceiling is None):
            self._refuse("floor, ceiling", "one without the other", "both or neither")
        if given.valid_to is not None and given.valid_to <= given.valid_from:
            self._refuse("valid_to", str(given.valid_to), f"a day after {given.valid_from}")
        if given.risk == "R6" and given.threshold is None and not given.listed:
            self._refuse("threshold", "nothing", "pounds per patient, or listed services, because rule R6 pools these")
        if odd := sorted({*given.succeeds} & {*given.partners} | {*given.succeeds.values()} - {*given.partners}):
            self._refuse("succeeds", ", ".join(odd), "former partners, each with the partner that took its place")
        if given.risk == "R8" and not given.guarantor:
            self._refuse("guarantor", "nothing", "who bears what lies above the cap, such as the host or NHS England")

    def _refuse(self, term: str, seen: str, expected: str) -> None:
        raise PoolError(f"Agreement {self._name}: {term} is {seen}; expected {expected}. Correct the terms.")

    def _text(self, term: str) -> str:
        value = self._left.pop(term, "")
        if not isinstance(value, str) or not value.strip():
            self._refuse(term, repr(value), "text")
        return str(value).strip()

    def _day(self, term: str) -> date:
        value = self._left.pop(term, "")
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self._refuse(term, repr(value), "a day such as 2026-04-01")
            raise

    def _last_day(self) -> date | None:
        if self._left.get("valid_to"):
            return self._day("valid_to")
        self._left.pop("valid_to", None)
        return None

    def _codes(self, term: str, least: int = 0) -> tuple[str, ...]:
        value = self._left.pop(term, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            self._refuse(term, repr(value), "a list of codes")
        if len(set(value)) != len(value) or len(value) < least:
            self._refuse(term, repr(value), f"at least {least} codes, none twice")
        return tuple(value)

    def _succeeds(self) -> dict[str, str]:
        value = self._left.pop("succeeds", {})
        if not isinstance(value, dict) or not all(isinstance(v, str) and v for pair in value.items() for v in pair):
            self._refuse("succeeds", repr(value), "an object of codes such as {'QMF': 'Z9B2Z'}")
        return dict(value)

    def _choice(self, term: str, choices: tuple[str, ...]) -> str:
        value = self._left.pop(term, choices[0])
        if not isinstance(value, str) or value not in choices:
            self._refuse(term, repr(value), f"one of {', '.join(choices)}")
        return str(value)

    def _rule(self, kind: str) -> Rule:
        value = self._left.pop(kind, "")
        known = {code: rule for code, rule in rules().items() if rule.kind == kind}
        if not isinstance(value, str) or value not in known:
            self._refuse(kind, repr(value), f"one of {', '.join(known)}")
        return known[str(value)]

    def _parameters(self, term: str, rule: Rule) -> dict[str, Fraction]:
        value = self._left.pop(term, {})
        if not isinstance(value, dict) or set(value) != set(rule.parameters):
            wanted = ", ".join(rule.parameters) or "none"
            self._refuse(term, repr(value), f"the parameters of rule {rule.rule}: {wanted}")
        return {name: self._within(f"{term}.{name}", value[name], *rule.parameters[name]) for name in value}

    def _number(self, term: str, low: Fraction, high: Fraction | None, default: Fraction) -> Fraction:
        return self._within(term, self._left.pop(term), low, high) if term in self._left else default

    def _bound(self, term: str, high: Fraction | None) -> Fraction | None:
        return self._within(term, self._left.pop(term), Fraction(0), high) if term in self._left else None

    def _pounds(self, term: str) -> Decimal | None:
        if term not in self._left:
            return None
        value = self._within(term, self._left.pop(term), Fraction(0), None)
        return Decimal(value.numerator) / Decimal(value.denominator)

    def _count(self, term: str, default: int, least: int) -> int:
        value = self._left.pop(term, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self._refuse(term, repr(value), f"a whole number from {least}")
        return int(value)

    def _within(self, term: str, value: Any, low: Fraction, high: Fraction | None) -> Fraction:
        bounds = (
            f"a number from {low}" + (f" to {high}" if high is not None else "") + ", written as text such as '0.05'"
        )
        try:
            if isinstance(value, (float, bool)):
                raise ValueError
            number = Fraction(Decimal(value))
        except (InvalidOperation, ValueError, TypeError, OverflowError):
            self._refuse(term, repr(value), bounds)
            raise
        if number < low or (high is not None and number > high):
            self._refuse(term, repr(value), bounds)
        return number


def _rule(row: Mapping[str, str]) -> Rule:
    parameters: dict[str, tuple[Fraction, Fraction | None]] = {}
    for one in filter(None, row["parameters"].split(";")):
        name, _, bounds = one.partition(":")
        low, _, high = bounds.partition("..")
        parameters[name] = (Fraction(low), Fraction(high) if high else None)
    return Rule(
        row["rule"], row["kind"], row["name"], parameters, row["meaning"], row["source"], row["confidence"],
    )  # fmt: skip

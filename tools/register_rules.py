"""Identification rules: free-text logic parsed once, here, into clauses and criteria."""

from __future__ import annotations

import re
from pathlib import Path

from register_io import BuildError, Row, read_rows

# The pack rests on the 2025/26 code table and guidance, published on this day.
PUBLISHED = "2025-03-24"
# Judgement: the pack is applied to every year since the services were first prescribed, because no
# earlier public rules exist; a rule of a year the list does not hold gives a line that year does not list.
APPLIED_FROM = "2013-04-01"

# A literal is (negated, term, code): code is blank when the criterion column of the row holds the codes.
Literal = tuple[bool, str, str]
Clause = frozenset[Literal]

# Terms of the logic -> (criterion column, dimension, pattern kind).
TERMS: dict[str, tuple[str, str, str]] = {
    "tfc": ("tfc", "treatment_function_code", "exact"),
    "hrg": ("hrg", "hrg", "prefix"),
    "unbundled_hrg": ("unbundled_hrg", "unbundled_hrg", "prefix"),
    "opcs4": ("opcs4", "procedure_any", "prefix"),
    "icd10": ("icd10", "diagnosis", "prefix"),
    "admission_method": ("admission_method", "admission_method", "exact"),
    "ccuf": ("ccuf", "critical_care_unit_function", "exact"),
    "submitted_code": ("submitted_code", "submitted_code", "glob"),
    "spell_specialised": ("", "spell_specialised", "flag"),
    "tool_output": ("", "service_line_sus", "exact"),
}

# Each exclusion text -> criteria (dimension, pattern kind, patterns). A new text stops the build.
EXCLUSIONS: dict[str, list[tuple[str, str, list[str]]]] = {
    "LE01A;LE02A (acute kidney injury)": [("hrg", "prefix", ["LE01A", "LE02A"])],
    "LE01B;LE02B": [("hrg", "prefix", ["LE01B", "LE02B"])],
    "primary C25 (goes to 19Q)": [("diagnosis_primary", "prefix", ["C25"])],
    "icd10 D57.3 (trait)": [("diagnosis_any", "prefix", ["D573"])],
    "icd10 D56.3 (trait)": [("diagnosis_any", "prefix", ["D563"])],
    "varicose vein procedures (YR30-YR33) and YQ42Z": [("hrg", "prefix", ["YR30", "YR31", "YR32", "YR33", "YQ42Z"])],
    "CCGPS08S_EXC activity": [("service_line_sus", "exact", ["CCGPS08S_EXC"])],
    "*_WEMS;*_ABI;*_DEAF": [("submitted_code", "glob", ["*_WEMS", "*_ABI", "*_DEAF"])],
    "*_ABI;*_DEAF": [("submitted_code", "glob", ["*_ABI", "*_DEAF"])],
    # 04, inside the printed range 01-12, is the paediatric unit the rule itself names: it stays included.
    "general paediatric wards (ccuf 16) and adult ICU (ccuf 01-12;90)": [
        (
            "critical_care_unit_function",
            "exact",
            ["01", "02", "03", "05", "06", "07", "08", "09", "10", "11", "12", "16", "90"],
        )
    ],
}

ANY_LISTED = "any NCBPS code listed for the activity year"
_CODE = re.compile(r"^[A-Z0-9]*[0-9][A-Z0-9.]*$")
_DIMENSION_WORDS = {
    "treatment_function_code": "treatment function",
    "diagnosis_any": "any diagnosis",
    "diagnosis_primary": "primary diagnosis",
    "procedure_any": "any procedure",
    "hrg": "HRG",
    "spell_hrg": "core HRG of the spell",
    "unbundled_hrg": "unbundled HRG",
    "admission_method": "admission method",
    "critical_care_unit_function": "critical care unit function",
    "submitted_code": "submitted code",
    "service_line_sus": "line given by the national tool",
    "spell_specialised": "spell already specialised",
    "age_min": "age at least",
    "age_max": "age at most",
    "sex": "sex",
    "provider_list": "provider on the list",
}


def tokens(text: str) -> list[str]:
    """Words and brackets of a logic text."""
    return re.findall(r"\(|\)|[^\s()]+", text)


class Parser:
    """Recursive descent over OR, AND, NOT and brackets, giving disjunctive normal form directly."""

    def __init__(self, text: str) -> None:
        self.text, self.words, self.at = text, tokens(text), 0

    def _peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def _next(self) -> str:
        word = self._peek()
        self.at += 1
        return word

    def parse(self) -> list[Clause]:
        """Clauses in the order written; fails when words are left over."""
        clauses = self._any()
        if self._peek():
            raise BuildError(f"logic {self.text!r}: cannot read from {self._peek()!r}")
        return list(dict.fromkeys(clauses))

    def _any(self) -> list[Clause]:
        found = self._all()
        while self._peek() == "OR":
            self._next()
            found = found + self._all()
        return found

    def _all(self) -> list[Clause]:
        found = self._one()
        while self._peek() == "AND":
            self._next()
            right = self._one()
            found = [a | b for a in found for b in right]
        return found

    def _one(self) -> list[Clause]:
        word = self._next()
        if word == "NOT":
            inner = self._one()
            if len(inner) != 1 or len(inner[0]) != 1:
                raise BuildError(f"logic {self.text!r}: NOT is understood before a single term only")
            negated, term, code = next(iter(inner[0]))
            return [frozenset({(not negated, term, code)})]
        if word == "(":
            inner = self._any()
            if self._next() != ")":
                raise BuildError(f"logic {self.text!r}: a bracket is not closed")
            return inner
        if word not in TERMS:
            raise BuildError(f"logic {self.text!r}: unknown term {word!r}")
        code = self._next() if _CODE.match(self._peek()) else ""
        return [frozenset({(False, word, code)})]


def _patterns(rule: Row, literal: Literal) -> tuple[str, list[tuple[str, str]]]:
    """Dimension and (pattern, kind) pairs of one literal of a rule."""
    negated, term, code = literal
    column, dimension, kind = TERMS[term]
    if term == "spell_specialised":
        return dimension, [("Y", kind)]
    if term == "tool_output":
        return dimension, [(rule["service_line_code"], kind)]
    if term == "hrg" and code and negated:
        return "spell_hrg", [(code, kind)]
    if term == "icd10":
        dimension = {"primary": "diagnosis_primary", "any": "diagnosis_any"}[rule["icd10_position"]]
    codes = [code] if code else rule[column].split(";")
    if term == "submitted_code":
        return dimension, [_submitted(c) for c in codes]
    return dimension, [(c.strip().replace(".", ""), kind) for c in codes]


def _submitted(code: str) -> tuple[str, str]:
    if code == ANY_LISTED:
        return "NCBPS", "listed"
    return code, "glob" if "*" in code else "exact"


def _always(rule: Row) -> list[tuple[str, str, str, str]]:
    """Criteria every clause of a rule carries: age, sex, provider list, exclusions."""
    found = [
        (d, "N", rule[c], k)
        for c, d, k in (
            ("age_min", "age_min", "number"),
            ("age_max", "age_max", "number"),
            ("sex", "sex", "exact"),
            ("provider_eligibility", "provider_list", "list"),
        )
        if rule[c]
    ]
    if rule["exclusions"]:
        if rule["exclusions"] not in EXCLUSIONS:
            raise BuildError(f"rule {rule['rule_id']}: unknown exclusion {rule['exclusions']!r}; add it to EXCLUSIONS")
        for dimension, kind, patterns in EXCLUSIONS[rule["exclusions"]]:
            found += [(dimension, "Y", p, kind) for p in patterns]
    return found


def _check_columns(rule: Row, clauses: list[Clause]) -> None:
    """Every filled criterion column is in the logic and the reverse."""
    named = {t for c in clauses for (_, t, code) in c if not code and TERMS[t][0]}
    filled = {t for t, (column, _, _) in TERMS.items() if column and rule[column]}
    if named != filled or rule["main_specialty"] or rule["patient_class"]:
        raise BuildError(f"rule {rule['rule_id']}: logic names {sorted(named)}, filled columns {sorted(filled)}")


def _words(criteria: list[tuple[str, str, str, str]]) -> str:
    parts: dict[tuple[str, str], list[str]] = {}
    for dimension, negated, pattern, _ in criteria:
        parts.setdefault((dimension, negated), []).append(pattern)
    texts = []
    for (dimension, negated), patterns in parts.items():
        shown = ", ".join(patterns[:6]) + (f" and {len(patterns) - 6} more" if len(patterns) > 6 else "")
        texts.append(f"{'not ' if negated == 'Y' else ''}{_DIMENSION_WORDS[dimension]} {shown}")
    return "; ".join(texts)


def build(source: Path) -> dict[str, list[Row]]:
    """identification_rules, rule_clauses and rule_criteria."""
    rules, clause_rows, criteria_rows = [], [], []
    for rule in read_rows(source / "identification_rules.csv"):
        clauses = Parser(rule["logic"]).parse()
        _check_columns(rule, clauses)
        common = {"rule_id": rule["rule_id"], "source": rule["source"], "confidence": rule["confidence"]}
        for number, clause in enumerate(clauses, start=1):
            criteria = _clause_criteria(rule, clause)
            clause_rows.append({**common, "clause": number, "description": _words(criteria)})
            criteria_rows += [
                {**common, "clause": number, "dimension": d, "negated": n, "pattern": p, "pattern_kind": k}
                for d, n, p, k in criteria
            ]
        rules.append(_rule_row(rule))
    if len(rules) != 260:
        raise BuildError(f"identification_rules.csv has {len(rules)} rules, 260 expected")
    return {"identification_rules": rules, "rule_clauses": clause_rows, "rule_criteria": criteria_rows}


def _clause_criteria(rule: Row, clause: Clause) -> list[tuple[str, str, str, str]]:
    order = list(TERMS)
    found: list[tuple[str, str, str, str]] = []
    for literal in sorted(clause, key=lambda x: (x[0], order.index(x[1]), x[2])):
        dimension, patterns = _patterns(rule, literal)
        found += [(dimension, "Y" if literal[0] else "N", p, k) for p, k in patterns]
    return list(dict.fromkeys(found + _always(rule)))


def _rule_row(rule: Row) -> Row:
    keep = (
        "rule_id",
        "service_line_code",
        "service_line_name",
        "pss_line",
        "npoc_code",
        "setting",
        "level",
        "method",
        "priority",
        "logic",
        "exclusions",
        "cross_check",
        "provider_required",
        "propagation",
        "tool_flag_official",
        "status",
        "notes",
        "source",
        "confidence",
    )
    return {
        **{k: rule[k] for k in keep},
        "provider_list": rule["provider_eligibility"],
        "rule_confidence": rule["confidence"],
        "valid_from": APPLIED_FROM,
        "valid_to": "",
        "known_from": PUBLISHED,
    }

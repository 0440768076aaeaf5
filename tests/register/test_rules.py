"""The parsed identification rules say what the free text says."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tertiary.register import Register

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from register_io import BuildError
from register_rules import Parser

DIMENSIONS = {
    "tfc": {"treatment_function_code"},
    "hrg": {"hrg", "spell_hrg"},
    "unbundled_hrg": {"unbundled_hrg"},
    "opcs4": {"procedure_any"},
    "icd10": {"diagnosis_any", "diagnosis_primary"},
    "admission_method": {"admission_method"},
    "ccuf": {"critical_care_unit_function"},
    "submitted_code": {"submitted_code"},
    "spell_specialised": {"spell_specialised"},
    "tool_output": {"service_line_sus"},
}
ALWAYS = {"age_min", "age_max", "sex", "provider_list"}


def criteria(register: Register, rule: str) -> dict[int, set[tuple[str, str, str, str]]]:
    found: dict[int, set[tuple[str, str, str, str]]] = defaultdict(set)
    for r in register["rule_criteria"].to_pylist():
        if r["rule_id"] == rule:
            found[r["clause"]].add((r["dimension"], r["negated"], r["pattern"], r["pattern_kind"]))
    return dict(found)


def test_every_term_of_the_logic_is_a_criterion_and_the_reverse(register: Register) -> None:
    by_rule: dict[str, set[str]] = defaultdict(set)
    for r in register["rule_criteria"].to_pylist():
        by_rule[r["rule_id"]].add(r["dimension"])
    for rule in register["identification_rules"].to_pylist():
        terms = set(re.findall(r"[a-z_0-9]+", rule["logic"])) & set(DIMENSIONS)
        dimensions = by_rule[rule["rule_id"]]
        for term in terms:
            assert DIMENSIONS[term] & dimensions, (rule["rule_id"], term)
        allowed = set().union(*(DIMENSIONS[t] for t in terms)) | ALWAYS
        if not rule["exclusions"]:
            assert dimensions <= allowed, rule["rule_id"]
        assert bool(rule["provider_list"]) == ("provider_list" in dimensions), rule["rule_id"]


def test_clauses_are_numbered_and_every_rule_has_one(register: Register) -> None:
    clauses: dict[str, list[int]] = defaultdict(list)
    for r in register["rule_clauses"].to_pylist():
        clauses[r["rule_id"]].append(r["clause"])
    assert len(clauses) == 260
    assert all(sorted(n) == list(range(1, len(n) + 1)) for n in clauses.values())
    used = {(r["rule_id"], r["clause"]) for r in register["rule_criteria"].to_pylist()}
    assert used == {(r, c) for r, numbers in clauses.items() for c in numbers}


def test_age_limits_and_lists_stand_in_every_clause(register: Register) -> None:
    heart = criteria(register, "PSS-APC-13E-01")
    assert set(heart) == {1, 2}
    for clause in heart.values():
        assert ("age_min", "N", "19", "number") in clause
        assert ("provider_list", "N", "CARDIAC_SURGERY_CENTRES", "list") in clause
    assert ("hrg", "N", "ED10Z", "prefix") in heart[1]
    assert ("treatment_function_code", "N", "170", "exact") in heart[2]
    assert not any(d == "hrg" for d, *_ in heart[2])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("PSS-APC-01C-02", ("spell_hrg", "Y", "SB97Z", "prefix")),
        ("PSS-APC-01R-02", ("spell_hrg", "Y", "SC97Z", "prefix")),
        ("PSS-APC-01R-02", ("spell_specialised", "Y", "Y", "flag")),
        ("PSS-APC-06Z-01", ("treatment_function_code", "Y", "150", "exact")),
        ("PSS-APC-19P-01", ("diagnosis_primary", "Y", "C25", "prefix")),
        ("PSS-APC-38S-01", ("diagnosis_any", "Y", "D573", "prefix")),
        ("PSS-APC-38S-01", ("diagnosis_primary", "N", "D570", "prefix")),
        ("PSS-APC-08S-01", ("service_line_sus", "Y", "CCGPS08S_EXC", "exact")),
        ("PSS-APC-CCGPS08S_EXC-01", ("service_line_sus", "N", "CCGPS08S_EXC", "exact")),
        ("PSS-APC-30Z-01", ("hrg", "Y", "YR33", "prefix")),
        ("PSS-APC-30Z-01", ("hrg", "Y", "YQ42Z", "prefix")),
        ("PSS-NRD-11B-01", ("hrg", "Y", "LE01A", "prefix")),
        ("PSS-MHSDS-22SA-01", ("submitted_code", "Y", "*_WEMS", "glob")),
        ("PSS-MHSDS-22SA-01", ("submitted_code", "N", "NCBPS22S/MS_*", "glob")),
        ("PSS-CC-PIC-01", ("critical_care_unit_function", "Y", "16", "exact")),
        ("PSS-CC-PIC-01", ("critical_care_unit_function", "N", "04", "exact")),
    ],
)
def test_exclusions_and_negations(register: Register, rule: str, expected: tuple[str, str, str, str]) -> None:
    assert all(expected in clause for clause in criteria(register, rule).values())


def test_paediatric_unit_is_not_excluded_by_its_own_rule(register: Register) -> None:
    (clause,) = criteria(register, "PSS-CC-PIC-01").values()
    excluded = {p for d, n, p, _ in clause if d == "critical_care_unit_function" and n == "Y"}
    assert not excluded & {"04", "17"}


def test_no_pattern_has_a_dot_or_a_blank(register: Register) -> None:
    for row in register["rule_criteria"].to_pylist():
        assert row["pattern"] and "." not in row["pattern"] and row["pattern"] == row["pattern"].strip(), row


def test_submitted_code_rules(register: Register) -> None:
    rows = register["rule_criteria"].to_pylist()
    listed = {r["rule_id"] for r in rows if r["pattern_kind"] == "listed"}
    star = {r["rule_id"] for r in register["identification_rules"].to_pylist() if r["service_line_code"] == "*"}
    assert listed == star and len(star) == 3


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("hrg", [{"hrg"}]),
        ("hrg OR opcs4", [{"hrg"}, {"opcs4"}]),
        ("hrg OR (opcs4 AND tfc)", [{"hrg"}, {"opcs4", "tfc"}]),
        ("(hrg OR tfc) AND icd10", [{"hrg", "icd10"}, {"tfc", "icd10"}]),
        ("hrg AND tfc OR icd10", [{"hrg", "tfc"}, {"icd10"}]),
        ("hrg AND NOT tfc 150", [{"hrg", "-tfc150"}]),
        ("hrg OR hrg", [{"hrg"}]),
    ],
)
def test_parser(text: str, clauses: list[set[str]]) -> None:
    made = [{("-" if n else "") + t + c for n, t, c in clause} for clause in Parser(text).parse()]
    assert made == clauses


@pytest.mark.parametrize("text", ["hrg AND", "hrg tfc", "(hrg", "colour", "NOT (hrg OR tfc)", "hrg)"])
def test_parser_refuses(text: str) -> None:
    with pytest.raises(BuildError):
        Parser(text).parse()

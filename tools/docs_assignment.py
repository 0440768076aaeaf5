"""docs/reference/assignment.md, written from the register, src/tertiary/assign and the words in tools/pages."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from docs_text import PAGES, code, filled, rows, table
from tertiary.assign import data
from tertiary.assign import settings as settings_module
from tertiary.assign.excluded import NOTHING
from tertiary.assign.settings import CHOICES, AssignSettings
from tertiary.assign.words import NOTES
from tertiary.register import Register

TOOL = "tool_v5_3"
RULESETS = ("chart_2025_26", "chart_2024_25", TOOL)


def assignment_page() -> str:
    """docs/reference/assignment.md. KeyError when a label, look-up or note has no meaning in assignment-words.csv."""
    register = Register.load()
    boxes = {name: partial(_boxes, register, name) for name in RULESETS}
    words = {
        "labels": partial(_words, "label", {r["label"] for r in data.rows("outcomes")}),
        "lookups": partial(_words, "lookup", {r["lookup_method"] for r in data.rows("tool_reasons")}),
        "payers": partial(_words, "payer", {r["payer_kind"] for r in data.rows("outcomes")}),
        "statuses": partial(_words, "status", ()),
        "options": partial(_words, "option", {*NOTES, *_notes()}),
    }
    return filled(
        "assignment",
        {
            "flows": _flows,
            "dates": _dates,
            "rulesets": partial(_rulesets, register),
            "lists": _lists,
            "outcomes": partial(_outcomes, register),
            "settings": _settings,
            "readings": _readings,
            "excluded": _excluded,
            **boxes,
            **words,
        },
    )


def _flows() -> str:
    return table(
        ("flow", "method", "CDS type where blank", "source", "confidence"),
        [
            (code(r["flow"]), r["method"], r["cds_type_default"], r["source"], r["confidence"])
            for r in data.rows("flow_methods")
        ],
    )


def _dates() -> str:
    """CDS types with the same date stand in one row."""
    same: dict[tuple[str, ...], list[str]] = {}
    for r in data.rows("assignment_dates"):
        order = ", ".join(map(code, r["date_order"].split("|")))
        same.setdefault((r["scope"], order, r["source"], r["confidence"]), []).append(r["cds_type"])
    return table(
        ("CDS type", "scope", "date", "source", "confidence"),
        [(", ".join(types), *rest) for rest, types in same.items()],
    )


def _rulesets(register: Register) -> str:
    found = sorted(_rows(register, "assignment_rulesets"), key=lambda r: (r["method"], r["valid_from"]))
    return table(
        ("method", "from", "to (before)", "ruleset", "note", "source", "confidence"),
        [
            (r["method"], str(r["valid_from"]), str(r["valid_to"] or ""), code(r["ruleset"]), r["note"], r["source"],
             r["confidence"])
            for r in found
        ],
    )  # fmt: skip


def _boxes(register: Register, ruleset: str) -> str:
    found = [r for r in _rows(register, "assignment_steps") if r["ruleset"] == ruleset]
    return table(
        ("box", "question", "test", "predicate", "yes", "no", "category on yes", "on no", "note", "source",
         "confidence"),
        [
            (
                r["box_id"], r["question"], r["condition"], code(r["predicate"]), _target(r["yes_to"]),
                _no_target(r), _category(r, "yes"), _category(r, "no"), _basis(r) + r["note"], r["source_reference"],
                r["confidence"],
            )
            for r in sorted(found, key=lambda r: r["step_order"])
        ],
    )  # fmt: skip


def _basis(r: Mapping[str, Any]) -> str:
    return f"**{r['basis']}**. " if r["basis"] in ("replaced", "inserted") else ""


def _target(to: str) -> str:
    return f"→ {code(to)}" if to.startswith("OUT:") else to


def _no_target(r: Mapping[str, Any]) -> str:
    emergency = f"; emergency care {_target(r['no_to_011'])}" if r["no_to_011"] else ""
    return _target(r["no_to"]) + emergency


def _category(r: Mapping[str, Any], answer: str) -> str:
    plain, mental = r[f"category_{answer}"], r[f"category_{answer}_mental_health"]
    return plain if mental in ("", plain) else f"{plain} / {mental}"


def _lists() -> str:
    same: dict[tuple[str, str, str], list[str]] = {}
    for r in data.rows("condition_codes"):
        same.setdefault((r["list"], r["source"], r["confidence"]), []).append(r["code"])
    return table(
        ("list", "codes", "source", "confidence"),
        [(code(name), ", ".join(codes), source, sure) for (name, source, sure), codes in same.items()],
    )


def _outcomes(register: Register) -> str:
    """Rulesets with the same rule for an outcome stand in one row."""
    about = {r["outcome"]: r for r in data.rows("outcomes")}
    same: dict[tuple[str, ...], list[str]] = {}
    confidence: dict[tuple[str, ...], list[str]] = {}
    for r in _rows(register, "assignment_outcomes"):
        kind = about[r["outcome"]]
        key = (code(r["outcome"]), kind["label"], kind["payer_kind"], r["rule"], r["note"], r["source_reference"])
        same.setdefault(key, []).append(r["ruleset"])
        confidence.setdefault(key, []).append(r["confidence"])
    return table(
        ("outcome", "label", "payer kind", "commissioner", "note", "source", "rulesets", "confidence"),
        [(*key, ", ".join(names), ", ".join(confidence[key])) for key, names in same.items()],
    )


def _settings() -> str:
    reasons = setting_reasons()
    return table(
        ("setting", "default", "choices", "what it decides"),
        [
            (
                code(f.name), code(str(f.default)), ", ".join(map(code, CHOICES.get(f.name, ()))) or _kind(f.default),
                reasons[f.name],
            )
            for f in fields(AssignSettings)
        ],
    )  # fmt: skip


def _kind(default: object) -> str:
    return "`True`, `False`" if isinstance(default, bool) else "a code"


def setting_reasons() -> dict[str, str]:
    """The text under each field of AssignSettings, by field."""
    body = ast.parse(inspect.getsource(settings_module)).body
    one = next(n for n in body if isinstance(n, ast.ClassDef) and n.name == AssignSettings.__name__)
    found: dict[str, str] = {}
    for field, text in zip(one.body, one.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant), field.target.id
            found[field.target.id] = str(text.value.value)
    return found


def _readings() -> str:
    """The hand-written part, without its first line, which says where it is kept."""
    return (PAGES / "assignment-readings.md").read_text(encoding="utf-8").partition("\n")[2].strip()


def _excluded() -> str:
    return table(
        ("component", "category", "supply route", "line", "from", "to (before)", "payer", "note", "source",
         "confidence"),
        [
            (
                r["component"], r["commissioned_service_category"].replace("*", "any"),
                r["supply_route"].replace("*", "any"), r["line"].replace("*", "any").replace("_", " "),
                r["valid_from"], r["valid_to"], r["payer_kind"], code(r["note"]), r["source"], r["confidence"],
            )
            for r in data.rows("tariff_excluded_payers")
        ],
    )  # fmt: skip


def _notes() -> set[str]:
    return {r["note"] for r in data.rows("tariff_excluded_payers") if r["note"]} | {NOTHING["note"]}


def _words(kind: str, used: Iterable[str]) -> str:
    found = {r["word"]: r["meaning"] for r in rows(PAGES / "assignment-words.csv") if r["kind"] == kind}
    if missing := sorted(set(used) - set(found)):
        raise KeyError(f"pages/assignment-words.csv gives no meaning to {kind} {', '.join(missing)}")
    return table(("word", "meaning"), [(code(word), meaning) for word, meaning in found.items()])


def _rows(register: Register, name: str) -> list[dict[str, Any]]:
    return list(register[name].to_pylist())

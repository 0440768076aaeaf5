"""Commissioner assignment cases: one activity row a case through `assign`, on a register overlay made of the fixtures.

The fixtures replace practices, postcodes and providers; service status, detention sites and the tool's tables are the
register's own. The tool's code of a chart case is reproduced as NHS England's check would see the correct submission.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertiary.assign import AssignSettings, assign
from tertiary.conform.fixtures import write_overlay
from tertiary.conform.report import Suite
from tertiary.errors import TertiaryError

if TYPE_CHECKING:
    import pyarrow as pa

TOOL = "tool_v5_3"
NEEDED = ("case_id", "ruleset", "expected_commissioner", "expected_outcome", "expected_box_path")
# compared even when blank: blank means that there is none
BLANK_IS_NONE = ("expected_commissioner", "expected_service_category")
FOUND = {
    "expected_commissioner": "commissioner_code",
    "expected_outcome": "assignment_label",
    "expected_lookup_method": "lookup_method",
    "expected_service_category": "category_assigned",
    "expected_box_path": "box_path",
    "expected_reason": "reason",
    "v5_3_reassignment_code": "reassignment_code",
}
SAME_NAME = (
    "cds_type", "overseas_visitor_charging_category", "administrative_category", "gp_practice_code", "provider_code",
    "treatment_function_code", "source_of_admission", "referred_via_ras", "appendix_c_service", "section_7a_service",
    "other_public_health", "armed_forces_fertility_approved", "osv_international_agreement", "financial_year",
    "gp_practice_responsibility", "residence_responsibility", "commissioned_service_category", "point_of_delivery",
)  # fmt: skip
FLOWS = {"011": "ec", "020": "op"}


def run_cam(suite: Suite, files: Sequence[Path]) -> None:
    """Run every case of every file and enter the comparison in `suite`. TertiaryError names file, row and field."""
    for file in files:
        cases = read_rows(file, NEEDED)
        found = outcomes(cases, file)
        for case in cases:
            _compare(suite, case, found[case["case_id"]])


def read_rows(file: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a vector file as text. TertiaryError when it cannot be read or a column is missing."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(handle)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TertiaryError(f"{file}: cannot be read as a UTF-8 CSV ({error}). Save it again as CSV.") from error
    missing = [name for name in needed if rows and name not in rows[0]]
    if missing:
        raise TertiaryError(f"{file}: column(s) {', '.join(missing)} missing. Add them; found {', '.join(rows[0])}.")
    return rows


def outcomes(cases: Sequence[Mapping[str, str]], file: Path) -> dict[str, dict[str, str]]:
    """What the product gives for each case, by case_id, with the keys of FOUND."""
    ids = [case["case_id"] for case in cases]
    double = sorted({i for i in ids if ids.count(i) > 1})
    if double:
        raise TertiaryError(f"{file}: case_id {', '.join(double)} appears more than once. Give each case its own.")
    prepared = [_prepare(case, file, row) for row, case in enumerate(cases, start=2)]
    chart = [p for p in prepared if p["ruleset"] != TOOL]
    tool = [p for p in prepared if p["ruleset"] == TOOL]
    with tempfile.TemporaryDirectory(prefix="tertiary-conform-") as folder:
        overlay = Path(folder)
        known = write_overlay(file.parent, overlay, prepared)
        found = _assigned(chart, overlay)
        checked = [_as_submitted(p, known) for p in chart if p["v5_3_reassignment_code"]]
        by_tool = _assigned([*tool, *checked], overlay)
    for case in tool:
        found[case["case_id"]] = by_tool[case["case_id"]]
    for case in checked:
        found[case["case_id"]]["reassignment_code"] = by_tool[case["case_id"]]["reassignment_code"]
    return found


def _prepare(case: Mapping[str, str], file: Path, row: int) -> dict[str, Any]:
    """A case with its dates read. A tool case has no patient date: its month decides."""
    made: dict[str, Any] = dict(case)
    for name in ("start_date", "event_date"):
        text = case.get(name, "")
        try:
            made[name] = date.fromisoformat(text) if text else None
        except ValueError:
            raise TertiaryError(f"{file}, row {row}, {name}: {text!r} is not a date such as 2025-06-10.") from None
    made["settings"] = _settings(case.get("options", ""), f"{file}, row {row}, options")
    made["v5_3_reassignment_code"] = case.get("v5_3_reassignment_code", "")
    month = case.get("financial_month", "")
    if month and not month.isdigit():
        raise TertiaryError(f"{file}, row {row}, financial_month: {month!r} is not a number from 1 to 12.")
    made["financial_month"] = int(month) if month else None
    return made


def _settings(options: str, where: str) -> AssignSettings:
    """Settings named in a case, such as `missing_charging_category=literal;penal_source_of_admission=40`."""
    settings = AssignSettings()
    known = {f.name: f.type for f in fields(AssignSettings)}
    for part in filter(None, (p.strip() for p in options.replace("|", ";").split(";"))):
        name, _, value = part.partition("=")
        if name not in known:
            raise TertiaryError(f"{where}: {part!r} is not a setting. Settings: {', '.join(known)}.")
        chosen: Any = value == "True" if value in ("True", "False") else value
        settings = replace(settings, **{name: chosen})
    return settings


def _as_submitted(case: Mapping[str, Any], known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The case as a contract monitoring row that carries the right category and responsibility fields."""
    day = case["event_date"]
    practice = known["practices"].get(case["gp_practice_code"], "")
    return {
        **case,
        "ruleset": TOOL,
        "financial_year": f"{_year(day)}{(_year(day) + 1) % 100:02d}",
        "financial_month": (day.month - 4) % 12 + 1,
        "gp_practice_responsibility": case.get("gp_practice_responsibility") or practice,
        "residence_responsibility": case.get("residence_responsibility")
        or known["postcodes"].get(case["postcode_usual_address"], ""),
        "commissioned_service_category": case.get("commissioned_service_category") or case["expected_service_category"],
    }


def _year(day: date) -> int:
    return day.year if day.month >= 4 else day.year - 1


def _assigned(cases: Sequence[Mapping[str, Any]], overlay: Path) -> dict[str, dict[str, str]]:
    """Cases through `assign`, one call for each ruleset and settings."""
    groups: dict[tuple[str, AssignSettings], list[Mapping[str, Any]]] = {}
    for case in cases:
        groups.setdefault((case["ruleset"], case["settings"]), []).append(case)
    found: dict[str, dict[str, str]] = {}
    for (ruleset, settings), members in groups.items():
        found |= _one_group(members, ruleset, settings, overlay)
    return found


def _one_group(
    cases: Sequence[Mapping[str, Any]], ruleset: str, settings: AssignSettings, overlay: Path
) -> dict[str, dict[str, str]]:
    from tertiary.engine import DuckDBEngine
    from tertiary.register import Register

    if ruleset == TOOL:
        settings = replace(settings, contract_monitoring_ruleset="tool")
    register = Register.load(overlays=[overlay, overlay / "rulesets" / ruleset])
    with DuckDBEngine(threads=1) as engine:
        rows = engine.load("conform_cases", _activity(cases, ruleset))
        given = engine.fetch(assign(engine, rows, register, settings)).to_pylist()
    return {row["record_id"]: _values(row) for row in given}


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    chart = f"{row['assignment_box']}/{row['lookup_method']}" if row["lookup_method"] else row["assignment_box"]
    values = {name: str(row[column]) for name, column in FOUND.items() if column != "reason"}
    values["expected_reason"] = row["reassignment_code"] or chart
    return {FOUND[name]: value for name, value in values.items()}


def _activity(cases: Iterable[Mapping[str, Any]], ruleset: str) -> pa.Table:
    """Canonical activity with the identification columns, one row a case."""
    import pyarrow as pa

    from tertiary.tables import arrow_schema

    schema = arrow_schema("activity")
    blank = {f.name: "" if pa.types.is_string(f.type) else None for f in schema}
    rows, finals = [], []
    for number, case in enumerate(cases):
        monitoring = ruleset == TOOL
        finals.append(case.get("service_code", ""))
        values = {name: case.get(name, "") for name in SAME_NAME}
        rows.append(
            {
                **blank,
                **values,
                "record_id": case["case_id"],
                "row_key": number,
                "fate": "accepted",
                "component": "activity",
                "flow": "plcm" if monitoring else FLOWS.get(case.get("cds_type", ""), "apc_spell"),
                "provider_code": case["provider_key"],
                "postcode": _postcode(case.get("postcode_usual_address", "")),
                "service_line_submitted": case.get("service_code", ""),
                "diagnosis_all": _code_list(case.get("diagnosis_icd10", "")),
                "procedure_all": _code_list(case.get("procedure_opcs4", "")),
                "start_date": case["start_date"] or case["event_date"],
                "end_date": case["event_date"],
                "discharge_date": case["event_date"],
                "activity_date": case["event_date"],
                "financial_month": case["financial_month"],
            }
        )
    table = pa.Table.from_pylist(rows, schema=schema)
    return table.append_column("service_line_final", pa.array(finals, pa.string()))


def _postcode(text: str) -> str:
    squeezed = text.replace(" ", "").upper()
    return f"{squeezed[:-3]} {squeezed[-3:]}" if squeezed else ""


def _code_list(text: str) -> str:
    for sign in "|;, ":
        text = text.replace(sign, ",")
    return ",".join(code.replace(".", "").upper() for code in text.split(",") if code)


def _compare(suite: Suite, case: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name, column in FOUND.items():
        expected = case.get(name)
        if expected is None or (expected == "" and name not in BLANK_IS_NONE):
            continue
        suite.compare(case["case_id"], name, expected, found[column])

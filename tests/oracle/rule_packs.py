"""Whole small rule packs, and records that hit and just miss them, as Hypothesis strategies.

`worlds()` draws a `World`: the register tables that identification reads, and records of every flow. Codes come from
short alphabets, so that rules meet records, each other and the edges of their dates often. Two conventions of the
register are kept: a rule's provider list stands in each of its clauses, and a rule that needs a specialised core asks
for it in each of its clauses. Identifiers do not contradict each other: a CDS identifier names one record, and a
contract row that gives two identifiers means one stay or visit by both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from oracle.cases import Row, record, with_rows

EDGES = (date(2024, 4, 1), date(2025, 4, 1), date(2025, 10, 1))
DAYS = [date(2025, 6, 10)] * 4 + [edge + timedelta(days=n) for edge in EDGES for n in (-1, 0)]
SPANS = [(None, None)] * 6 + [(EDGES[1], None), (None, EDGES[1]), (EDGES[1], EDGES[2]), (EDGES[2], None)]

SETTINGS = {
    "APC": ("apc_episode", "apc_spell"),
    "OP": ("op",),
    "CC": ("cc_adult", "cc_paediatric", "cc_neonatal"),
    "NRD": ("plcm", "acm"),
    "MHSDS": ("plcm", "acm"),
    "ACM": ("acm", "plcm"),
    "DRUG": ("drplcm",),
    "DEVICE": ("deplcm",),
}
ALONE = ("apc_episode", "apc_spell", "cc_adult", "plcm", "acm", "drplcm", "deplcm", "ec", "iap", "prior_approval")

LINES = ("NCBPS01A", "NCBPS02B", "NCBPS03C")
SUBMITTED = ("", "", "", *LINES, "NCBPS04X", "NCBPS05T", "CCGPS08S_EXC", "99999999", "NOSUCH")
CATEGORIES = ("", "", "NCBPS22S/ASSESS", "NCBPS22S/LS_WEMS", "NCBPS22A/MS")
KINDS = {"NCBPS05T": "top_up_identifier", "CCGPS08S_EXC": "non_direct", "99999999": "non_direct"}
STATUSES = [
    ("NCBPS01A", "green", None, None),
    ("NCBPS02B", "red", EDGES[0], EDGES[1]),
    ("NCBPS02B", "not_listed", EDGES[1], None),
    ("NCBPS03C", "green", EDGES[1], None),
    ("NCBPS04X", "not_listed", EDGES[0], None),
    ("NCBPS05T", "blue", EDGES[0], None),
]

DIAGNOSES = ("A10", "A101", "A102", "A11", "B20")
PROCEDURES = ("X10", "X101", "Y102")
HRGS = ("HA01A", "HA01B", "HB02Z")
UNBUNDLED = ("SA01Z", "SA02Z", "XC01Z")
CODES: dict[str, tuple[str, ...]] = {
    "diagnosis_any": DIAGNOSES,
    "diagnosis_primary": DIAGNOSES,
    "procedure_any": PROCEDURES,
    "unbundled_hrg": UNBUNDLED,
    "hrg": HRGS,
    "spell_hrg": HRGS,
    "treatment_function_code": ("100", "150"),
    "main_specialty_code": ("100", "150"),
    "admission_method": ("11", "21", "2A"),
    "patient_classification": ("1", "2"),
    "critical_care_unit_function": ("04", "13"),
    "sex": ("1", "2"),
    "submitted_code": (*LINES, *CATEGORIES[2:]),
    "service_line_sus": (*LINES, "CCGPS08S_EXC"),
}
COLUMNS = {
    "diagnosis_any": "diagnosis_all",
    "diagnosis_primary": "diagnosis_all",
    "procedure_any": "procedure_all",
    "unbundled_hrg": "unbundled_hrg_all",
}
AGES = (0, 17, 18, 19, 40)
PROVIDERS = ("RRV", "RBV", "RJ1")
SITES = ("", "01", "02")
LISTS = ("CENTRES", "UNITS", "NOT_LOADED")
PROPAGATION = (
    *("whole_spell", "whole_spell", "whole_spell", "not_specialised", "not_specialised", "episode_only"),
    *("record_only", "attendance_only", "core_not_specialised", "requires_specialised_core"),
)

Criterion = tuple[str, str, str, str]  # dimension, negated, kind, pattern


@dataclass(frozen=True)
class World:
    """A rule pack and records: rows by register table, and canonical records."""

    tables: dict[str, list[Row]]
    records: list[Row]

    def __repr__(self) -> str:
        names = ("identification_rules", "rule_criteria", "provider_lists", "setting_flows")
        rows = {**{name: self.tables[name] for name in names}, "records": self.records}
        return "\n".join(f"{name}: {filled(row)}" for name, listed in rows.items() for row in listed)

    def register(self, blank: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
        """The rows as register tables; every other table stays empty."""
        return with_rows(blank, **self.tables)


def filled(row: Row) -> dict[str, str]:
    """What a row says, without its blanks."""
    return {name: str(value) for name, value in row.items() if value not in ("", None)}


def rule(
    rule_id: str, clauses: Sequence[Sequence[Criterion]], setting: str = "APC", line: str = LINES[0], **values: Any
) -> tuple[Row, list[Row]]:
    """A rule with its criteria; a provider list is written into each clause, as in the register."""
    row: Row = {"rule_id": rule_id, "setting": setting, "service_line_code": line, "priority": 1}
    row |= {"propagation": "whole_spell" if setting == "APC" else "record_only", "status": "derived", **values}
    always: list[Criterion] = []
    if row.get("provider_list"):
        always.append(("provider_list", "N", "list", row["provider_list"]))
    if row["propagation"] == "requires_specialised_core":
        always.append(("spell_specialised", "N", "flag", "Y"))
    criteria = []
    for number, clause in enumerate(clauses, 1):
        wanted = {
            (d, negated, pattern): (d, negated, kind, pattern) for d, negated, kind, pattern in (*clause, *always)
        }
        asks = [c for c in wanted.values() if c[0] == "spell_specialised"][:-1]
        criteria += [
            {"rule_id": rule_id, "clause": number, "dimension": d, "negated": n, "pattern_kind": k, "pattern": p}
            for d, n, k, p in wanted.values()
            if (d, n, k, p) not in asks
        ]
    return row, criteria


def world(
    rules: Sequence[tuple[Row, list[Row]]],
    records: Sequence[Mapping[str, Any]],
    members: Sequence[Row] = (),
    setting_flows: Sequence[Row] | None = None,
) -> World:
    """A world from rules (see `rule`), records' values and members of provider lists."""
    flows = [{"setting": s, "flow": f} for s, names in SETTINGS.items() for f in names]
    codes = sorted({c for c in SUBMITTED if c not in ("", "NOSUCH")})
    names = ("service_line_code", "delegation_status", "valid_from", "valid_to")
    tables: dict[str, list[Row]] = {
        "identification_rules": [row for row, _ in rules],
        "rule_criteria": [c for _, criteria in rules for c in criteria],
        "provider_lists": list(members),
        "setting_flows": list(flows if setting_flows is None else setting_flows),
        "service_lines": [{"service_line_code": c, "code_kind": KINDS.get(c, "service")} for c in codes],
        "service_line_status": [dict(zip(names, row, strict=True)) for row in STATUSES],
    }
    return World(tables, [record(n, **values) for n, values in enumerate(records)])


def _patterns() -> list[tuple[str, str, str]]:
    """(dimension, kind, pattern): for each code its beginnings, itself and two globs."""
    found = []
    for dimension, codes in CODES.items():
        prefixes = sorted({c[:n] for c in codes for n in range(1, len(c) + 1)})
        globs = sorted({p for c in codes for p in (c[:-1] + "*", "*" + c[-1], c[0] + "?" + c[2:])} | {"*"})
        found += [(dimension, "prefix", p) for p in prefixes]
        found += [(dimension, "exact", c) for c in codes]
        found += [(dimension, "glob", g) for g in globs]
    return found


def _by_dimension() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for dimension, kind, pattern in _patterns():
        found.setdefault(dimension, []).append((dimension, kind, pattern))
    found["submitted_code"] += [("submitted_code", "listed", p) for p in ("NCBPS", "NCBPS0", "NCBPS03")]
    for limit in ("age_min", "age_max"):
        found[limit] = [(limit, "number", str(age)) for age in (0, 18, 19)]
    found["spell_specialised"] = [("spell_specialised", "flag", "Y")]
    return found


PATTERNS = _by_dimension()

_criteria = st.builds(
    lambda test, negated: (test[0], negated, test[1], test[2]),
    st.sampled_from(sorted(PATTERNS)).flatmap(lambda d: st.sampled_from(PATTERNS[d])),
    st.sampled_from(["N", "N", "N", "N", "Y"]),
)
_clauses = st.sampled_from([1, 1, 2, 3]).flatmap(lambda size: st.lists(_criteria, min_size=size, max_size=size))


@st.composite
def _rule(draw: st.DrawFn, number: int, setting: str) -> tuple[Row, list[Row]]:
    propagation = draw(st.sampled_from(PROPAGATION))
    lines = (*LINES, *LINES, "*") if propagation != "not_specialised" else ("CCGPS08S_EXC", LINES[0])
    start, end = draw(st.sampled_from(SPANS))
    values: Row = {
        "line": draw(st.sampled_from(lines)),
        "priority": draw(st.sampled_from([1, 2, 2, 3])),
        "propagation": propagation,
        "valid_from": start,
        "valid_to": end,
    }
    name = draw(st.sampled_from(["", "", "", *LISTS]))
    if name:
        values |= {"provider_list": name, "provider_required": draw(st.sampled_from("YN"))}
    clauses = draw(st.lists(_clauses, min_size=1, max_size=3))
    # the letter goes first, so that the order of ids is not the order of rows
    return rule(f"{draw(st.sampled_from('ABC'))}{number:03d}", clauses, setting, **values)


@st.composite
def _rival(draw: st.DrawFn, number: int, rules: Sequence[tuple[Row, list[Row]]]) -> tuple[Row, list[Row]]:
    """One of `rules` again, most often for another line, at its own priority or at that of another rule."""
    row, criteria = draw(st.sampled_from(rules))
    equal, _ = draw(st.sampled_from([(row, criteria), draw(st.sampled_from(rules))]))
    changed = {
        "rule_id": f"{draw(st.sampled_from('ABC'))}{number:03d}",
        "service_line_code": draw(st.sampled_from(LINES)),
    }
    return {**row, **changed, "priority": equal["priority"]}, [{**c, "rule_id": changed["rule_id"]} for c in criteria]


def _padding(count: int, setting: str) -> list[tuple[Row, list[Row]]]:
    """Rules of one code each that put the bits of the others into later words of the mask."""
    return [
        rule(
            f"{'ABC'[n % 3]}P{n:03d}",
            [[("diagnosis_any", "N", "exact", f"P{n:03d}")]],
            setting,
            LINES[n % 2],
            priority=(0, 0, 0, 2)[n % 4],
        )
        for n in range(count)
    ]


@st.composite
def _mapping(draw: st.DrawFn, settings: Sequence[str]) -> list[Row]:
    """Which flows meet which settings; sometimes with dates, per flow."""
    rows = []
    for setting in settings:
        flows = SETTINGS[setting]
        # a spell's rows and its episodes are always tested in the same settings
        for group in [flows] if setting == "APC" else [(f,) for f in flows]:
            start, end = draw(st.sampled_from(SPANS + SPANS[:1] * 10))
            rows += [{"setting": setting, "flow": f, "valid_from": start, "valid_to": end} for f in group]
    return rows


@st.composite
def _members(draw: st.DrawFn) -> list[Row]:
    rows = []
    for name in LISTS[:2]:
        for provider in draw(st.lists(st.sampled_from(PROVIDERS), max_size=2, unique=True)):
            start, end = draw(st.sampled_from([(date(2013, 4, 1), None), (EDGES[1], None), (EDGES[0], EDGES[1])]))
            member = {"list_name": name, "provider_code": provider, "valid_from": start, "valid_to": end}
            member["service_line_code"] = draw(st.sampled_from(["", "", "", *LINES[:2]]))
            site = draw(st.sampled_from(["", *SITES]))
            rows.append({**member, "site_code": provider + site if site else ""})
    return rows


def _some(codes: Sequence[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(codes), max_size=2, unique=True).map(",".join)


_background = st.fixed_dictionaries(
    {
        "diagnosis_all": _some(DIAGNOSES),
        "procedure_all": _some(PROCEDURES),
        "unbundled_hrg_all": _some(UNBUNDLED),
        "age": st.sampled_from([*AGES, 999, None]),
        "service_line_submitted": st.sampled_from(SUBMITTED),
        "mental_health_category": st.sampled_from(CATEGORIES),
        "service_line_sus": st.sampled_from(["", "", LINES[0], "CCGPS08S_EXC"]),
        **{
            name: st.sampled_from(["", *CODES[name]])
            for name in (
                *("hrg", "spell_hrg", "treatment_function_code", "main_specialty_code", "admission_method"),
                *("patient_classification", "critical_care_unit_function", "sex"),
            )
        },
    }
)


@st.composite
def _values(draw: st.DrawFn, aims: Sequence[Sequence[Row]]) -> Row:
    """A record's codes: some of anything, most often bent towards one clause."""
    made = dict(draw(_background))
    if aims and draw(st.integers(0, 4)):
        for criterion in draw(st.sampled_from(aims)):
            # a negated code is put in now and then, a wanted one left out now and then
            if (draw(st.integers(0, 9)) == 0) != (criterion["negated"] == "Y"):
                continue
            _bend(made, criterion, draw(st.sampled_from(["", "0", "1", ""])))
    made["fate"] = draw(st.sampled_from(["accepted"] * 14 + ["superseded"]))
    return made


def _bend(made: Row, criterion: Row, filler: str) -> None:
    dimension, kind, pattern = criterion["dimension"], criterion["pattern_kind"], criterion["pattern"]
    if dimension in ("provider_list", "spell_specialised"):
        return
    if kind == "number":
        made["age"] = int(pattern)
        return
    code = pattern.replace("*", filler).replace("?", "0") if kind == "glob" else pattern
    code += filler if kind == "prefix" or filler == "0" else ""  # an exact code with more behind it just misses
    column = COLUMNS.get(dimension, dimension)
    if kind == "listed":
        made["service_line_submitted"] = next(line for line in LINES if line.startswith(pattern))
    elif dimension == "submitted_code":
        made["mental_health_category"], made["service_line_submitted"] = (code, "") if "/" in code else ("", code)
    elif column == dimension:
        made[column] = code
    else:
        others = [c for c in made[column].split(",") if c and c != code]
        made[column] = ",".join([code, *others] if filler != "1" else [*others, code])


@st.composite
def _place(draw: st.DrawFn) -> Row:
    provider, site = draw(st.sampled_from(PROVIDERS)), draw(st.sampled_from(SITES))
    return {"provider_code": provider, "site_code": provider + site if site else ""}


@st.composite
def _stay(draw: st.DrawFn, number: int, aims: Mapping[str, list[list[Row]]]) -> list[Row]:
    """A spell: episodes, its own row, critical care in it, contract rows that name it."""
    shared: Row = {**draw(_place()), "spell_id": f"S{number}"}
    day = draw(st.sampled_from(DAYS))
    rows: list[Row] = []
    episodes = draw(st.sampled_from([0, 1, 2, 2, 3, 4]))
    flows = ["apc_episode"] * episodes + ["apc_spell"] * draw(st.integers(int(episodes == 0), 1))
    for place, flow in enumerate(draw(st.permutations(flows))):
        on = day if draw(st.integers(0, 5)) else draw(st.sampled_from(DAYS))
        cds = f"C{number}.{place}" if draw(st.booleans()) else ""
        aim = aims["spell" if draw(st.booleans()) else "APC"]
        rows.append({"flow": flow, "activity_date": on, "cds_unique_id": cds, **draw(_values(aim))})
    if draw(st.booleans()):
        flow = draw(st.sampled_from(SETTINGS["CC"]))
        rows.append({"flow": flow, "activity_date": day, **draw(_values(aims["CC"]))})
    if draw(st.booleans()):
        named = draw(st.sampled_from(["", *(r.get("cds_unique_id", "") for r in rows)]))
        contract: Row = {"flow": "plcm", "activity_date": day, "cds_unique_id": named, **draw(_values(aims["plcm"]))}
        if draw(st.integers(0, 3)) == 0:
            contract["spell_id"] = ""
        if draw(st.integers(0, 3)) == 0:
            contract |= draw(_place())  # the same CDS identifier at another provider names another record
        rows.append(contract)
    return [{**shared, **row} for row in rows]


@st.composite
def _visit(draw: st.DrawFn, number: int, aims: Mapping[str, list[list[Row]]]) -> list[Row]:
    """An attendance and sometimes the contract row that names it."""
    shared: Row = {**draw(_place()), "activity_date": draw(st.sampled_from(DAYS))}
    seen = {"flow": "op", "attendance_id": f"V{number}", "cds_unique_id": f"CV{number}", **draw(_values(aims["OP"]))}
    rows = [seen]
    if draw(st.booleans()):
        name = draw(st.sampled_from(["attendance_id", "cds_unique_id"]))
        rows.append({"flow": "plcm", name: seen[name], **draw(_values(aims["plcm"]))})
    return [{**shared, **row} for row in rows]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A rule pack of six to fourteen drawn rules, often with padding up to three mask words, and its records."""
    others = draw(st.lists(st.sampled_from(sorted(set(SETTINGS) - {"APC"})), min_size=1, max_size=2, unique=True))
    settings = ["APC", *others]
    choices = ["APC", "APC", "APC", *settings]
    rules = [draw(_rule(n, draw(st.sampled_from(choices)))) for n in range(draw(st.integers(5, 11)))]
    rules += [draw(_rival(len(rules) + n, rules)) for n in range(draw(st.integers(1, 4)))]
    padding = _padding(draw(st.sampled_from([140, 0, 70, 0, 140, 62])), draw(st.sampled_from(choices)))
    cut = draw(st.integers(0, len(rules)))
    pack = [*rules[:cut], *padding, *rules[cut:]]
    aims: dict[str, list[list[Row]]] = {name: [] for name in (*SETTINGS, "plcm", "spell")}
    for row, criteria in [*rules, *padding[-2:]]:
        for number in sorted({c["clause"] for c in criteria}):
            clause = [c for c in criteria if c["clause"] == number]
            aims[row["setting"]].append(clause)
            if "plcm" in SETTINGS[row["setting"]]:
                aims["plcm"].append(clause)
            if row["setting"] == "APC" and row["propagation"] in ("whole_spell", "not_specialised"):
                aims["spell"].append(clause)
    records: list[Row] = []
    for number in range(draw(st.integers(4, 8))):
        records += draw(_stay(number, aims))
    for number in range(draw(st.integers(2, 4))):
        records += draw(_visit(number, aims))
    anything = [clause for clauses in aims.values() for clause in clauses]
    for flow in draw(st.lists(st.sampled_from(ALONE), min_size=2, max_size=8)):
        shared = {"flow": flow, **draw(_place())}
        records.append({**shared, "activity_date": draw(st.sampled_from(DAYS)), **draw(_values(anything))})
    return world(pack, records, draw(_members()), draw(_mapping(settings)))

"""docs/reference/flows.md and checks.md, written from src/tertiary/flows/*.csv."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from docs_text import REPO, code, filled, rows, table
from tertiary.flows.contracts import Contract, Field, Mapped, contracts, row_flows

NUMBERED = re.compile(r"(.*?)(\d+)$")
FLOWS = REPO / "src" / "tertiary" / "flows"
# what `how` of mapping.csv does to a cell; a new word needs its meaning here
HOW = {
    "text": "as it stands, without blanks at the ends",
    "code": "in capitals; the value stated, if any, where the cell is blank",
    "constant": "the value stated, whatever the file holds",
    "by_value": "by the value of the source, `*` for any other",
    "by_flow": "by the flow",
    "first_filled": "by which of the sources is filled, the last value when none is",
    "first_part": "the part before the first slash",
    "recode": "in capitals, with the codes stated replaced",
    "scoped": "with the provider in front, since such numbers are unique within a provider only",
    "within_spell": "the number within its spell",
    "patient": "the pseudonym; blank where it is withheld, zero or empty",
    "age": "whole years 0 to 130, else from the birth date, else 999 for not known",
    "date": "a date, in any of the forms that D02 accepts",
    "timestamp": "a date and time",
    "money": "pounds with at most 8 decimals",
    "quantity": "a number with at most 3 decimals; the value stated where there is none",
    "icd10": "ICD-10 codes without dots, blanks or trailing marks, separated by commas",
    "opcs4": "OPCS-4 codes without dots, separated by commas",
    "hrg": "healthcare resource groups, separated by commas",
    "postcode": "with one blank before the last three characters",
    "provider": "capitals; the trailing 00 of a code of five characters is left out",
    "financial_year": "six digits such as 202526",
    "financial_month": "1 to 13, April is 1",
    "year_of_activity": "of the month named in the source, else of the activity date",
    "month_of_activity": "of the month named in the source, else of the activity date",
    "year_declared": "as stated, else of the activity date",
    "month_declared": "as stated, else of the activity date",
}
ROLES = {"header": "submission", "nhs_number": "NHS number", "dropped": "not kept"}
LOOKS_AT = {
    "@mandatory": "every field that the standard calls mandatory",
    "@coded": "every field with a code",
    "@dates": "every date",
    "@money": "every amount",
    "@quantities": "every quantity",
    "@nhs_number": "NHS number fields",
}
ACTIONS = {
    "reject file": "no row of the file is used; the next file goes on",
    "quarantine": "the row is set aside with its text as it arrived, and counts nowhere",
    "supersede": "the row is kept as superseded: an equal row before it counts",
    "repair": "the value under *repair* is used instead and stands in the finding",
    "flag": "the row is used as it is; the finding is a query to the sender",
}
LEVELS = {
    "file": ("Files", "Is it a file that can be read, and which flow is it?"),
    "format": ("Format of cells", "Is each value of the kind and length the layout asks for?"),
    "reference": ("Reference lists", "Is a code in the register's list on the day?"),
    "cross_field": ("Fields against each other", "Do the fields of one row agree?"),
    "cross_flow": ("Flows against each other", "Do the flows of one provider and month agree?"),
    "commissioner": ("Commissioner", "What the [assignment method](assignment.md) says of the commissioner submitted."),
}


def flows_page() -> str:
    """docs/reference/flows.md."""
    return filled(
        "flows", {"summary": _summary, "layouts": _layouts, "dropped": _dropped, "mapping": _mapping, "how": _how}
    )


def checks_page() -> str:
    """docs/reference/checks.md."""
    return filled("checks", {"actions": _actions, "levels": _levels})


def _facts() -> dict[str, dict[str, str]]:
    return {r["flow"]: r for r in rows(FLOWS / "flows.csv")}


def _summary() -> str:
    facts = _facts()
    return table(
        ("flow", "name", "one row is", "standard", "fields", "source", "confidence"),
        [
            (
                f"[`{flow}`](#{_layout_anchor(facts[flow]['layout'])})", facts[flow]["name"],
                facts[flow]["description"], facts[flow]["standard"], str(len(c.fields)), facts[flow]["source"],
                facts[flow]["confidence"],
            )
            for flow, c in contracts().items()
        ],
    )  # fmt: skip


def _layout_anchor(layout: str) -> str:
    return "layout-" + layout


def _layouts() -> str:
    by_layout: dict[str, list[Contract]] = {}
    for c in contracts().values():
        by_layout.setdefault(c.layout, []).append(c)
    return "\n\n".join(_layout(layout, found) for layout, found in by_layout.items())


def _layout(layout: str, found: Sequence[Contract]) -> str:
    one = found[0]
    if any([f.name for f in c.fields] != [f.name for f in one.fields] for c in found):
        raise ValueError(f"flows.csv: the flows of layout {layout} have different fields")
    facts = _facts()
    about = [
        f"`{c.flow}`: {facts[c.flow]['description']}. Standard: {facts[c.flow]['standard']}; "
        f"CDS type: {c.cds_type or 'none'}; component: {facts[c.flow]['component']}; "
        f"measures: {facts[c.flow]['measures'].replace(';', ' and ')}; "
        f"setting of identification: {facts[c.flow]['setting'] or 'none'}."
        for c in found
    ]
    feeds = _feeds(one)
    read = [f for f in one.fields if f.role != "known"]
    known = ", ".join(name for name, _ in _numbered([f for f in one.fields if f.role == "known"], _bare))
    parts = [f"## Layout {layout}", "\n\n".join(about), *_told_apart(layout), _fields(read, feeds)]
    if known:
        parts.append(f"*Known, not read*: {known}.")
    parts.append("Sources of the fields: " + "; ".join(_sources(one.flow)) + ".")
    return "\n\n".join(parts)


def _told_apart(layout: str) -> list[str]:
    pairs = row_flows(layout)
    if not pairs:
        return []
    told: dict[tuple[str, str], list[str]] = {}
    for field, value, flow in pairs:
        told.setdefault((field, flow), []).append(value)
    said = "; ".join(f"{code(flow)} where {field} is {' or '.join(v)}" for (field, flow), v in told.items())
    first = next(c.flow for c in contracts().values() if c.layout == layout)
    return [f"The flow of a row is the first of these that fits: {said}. Any other row is {code(first)}."]


def _fields(found: Sequence[Field], feeds: dict[str, list[str]]) -> str:
    def about(f: Field) -> tuple[str, ...]:
        return (
            ", ".join(f.aliases),
            "needed" if f.is_needed else "",
            _becomes(f, feeds),
            f.type + (f" ({f.max_length})" if f.max_length and f.type == "text" else ""),
            f.requirement,
        )

    headers = ("field", "also called", "needed", "feeds", "type", "status")
    return table(headers, [(name, *said) for name, said in _numbered(found, about)])


def _bare(field: Field) -> tuple[str, ...]:
    return ()


def _numbered(found: Sequence[Field], about: Callable[[Field], tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    """Fields by name with what is said of them; a numbered run of which the same is said is one entry."""
    runs: dict[tuple[str, tuple[str, ...]], list[tuple[int, str]]] = {}
    for f in found:
        numbered = NUMBERED.match(f.name)
        key, number = (numbered[1], int(numbered[2])) if numbered else (f.name, 0)
        runs.setdefault((key, about(f)), []).append((number, f.name))
    made = []
    for (_, said), members in runs.items():
        first, last = min(members), max(members)
        whole = last[0] - first[0] + 1 == len(members) > 1
        for name in [f"{first[1]} to {last[1]}"] if whole else [name for _, name in members]:
            made.append((name, said))
    return made


def _becomes(field: Field, feeds: dict[str, list[str]]) -> str:
    """What happens to a field: its columns, or its role."""
    if field.role == "canonical":
        return ", ".join(map(code, feeds[field.name]))
    columns = ", ".join(map(code, feeds.get(field.name, [])))
    return ROLES[field.role] + (f": {columns}" if columns else "")


def _feeds(contract: Contract) -> dict[str, list[str]]:
    """Columns that a field can feed, by field."""
    made: dict[str, list[str]] = {}
    for m in contract.mapping:
        for name in [n for names in m.sources for n in names] + ([m.value] if m.how == "age" else []):
            made.setdefault(name, []).append(m.column)
    return made


def _sources(flow: str) -> list[str]:
    counted: dict[tuple[str, str], int] = {}
    for r in rows(FLOWS / "fields.csv"):
        if r["flow"] == flow:
            key = (r["source"].replace("; ", ", "), r["confidence"].replace("; ", ", "))
            counted[key] = counted.get(key, 0) + 1
    return [f"{source} ({n}; confidence: {confidence})" for (source, confidence), n in counted.items()]


def _dropped() -> str:
    return table(
        ("field", "flows", "why"),
        [(r["field_name"], _flows(r["flow"]), r["why"]) for r in rows(FLOWS / "dropped_fields.csv")],
    )


def _mapping() -> str:
    """Flows that make a column the same way stand in one row."""
    same: dict[Mapped, list[str]] = {}
    for c in contracts().values():
        for m in c.mapping:
            same.setdefault(m, []).append(c.flow)
    order = list(dict.fromkeys(m.column for c in contracts().values() for m in c.mapping))
    found = sorted(same.items(), key=lambda item: order.index(item[0].column))
    return table(
        ("column", "flows", "made as", "from", "value"),
        [
            (code(m.column), ", ".join(flows), m.how, " or ".join(map(_joined, m.sources)), _value(m))
            for m, flows in found
        ],
    )


def _joined(names: Sequence[str]) -> str:
    if len(names) < 4:
        return " and ".join(names)
    return f"{names[0]} to {names[-1]} ({len(names)} fields)"


def _value(m: Mapped) -> str:
    return m.value.replace(";", ", ").replace("*=", "`*`=")


def _how() -> str:
    used = {m.how for c in contracts().values() for m in c.mapping}
    if unknown := used - set(HOW):
        raise KeyError(f"docs_flows.HOW has no meaning for {', '.join(sorted(unknown))}")
    return "\n".join(f"| {how} | {meaning} |" for how, meaning in HOW.items() if how in used)


def _actions() -> str:
    used = {r["action"] for r in rows(FLOWS / "checks.csv")}
    if unknown := used - set(ACTIONS):
        raise KeyError(f"docs_flows.ACTIONS has no meaning for {', '.join(sorted(unknown))}")
    return table(("what happens", "meaning"), [(name, said) for name, said in ACTIONS.items() if name in used])


def _levels() -> str:
    found: dict[str, list[dict[str, str]]] = {level: [] for level in LEVELS}
    for r in rows(FLOWS / "checks.csv"):
        found[r["level"]].append(r)
    return "\n\n".join(f"## {LEVELS[level][0]}\n\n{LEVELS[level][1]}\n\n{_checks(rs)}" for level, rs in found.items())


def _checks(found: Iterable[dict[str, str]]) -> str:
    return table(
        ("rule", "check", "flows", "looks at", "severity", "what happens", "expected", "what to do", "repair",
         "source", "confidence"),
        [
            (
                r["rule_id"], r["check"], _flows(r["flow"]), _looks_at(r), r["severity"], r["action"],
                _note(r), r["advice"], r["repair"], r["source"], r["confidence"],
            )
            for r in found
        ],
    )  # fmt: skip


def _looks_at(r: dict[str, str]) -> str:
    fields = r["fields"]
    return LOOKS_AT[fields] if fields.startswith("@") else ", ".join(map(code, fields.split(";")))


def _note(r: dict[str, str]) -> str:
    """What was expected; for rules that are stated and not tested here, where they are kept."""
    stated = r["parameters"] if r["kind"] == "stated" else ""
    return "; ".join(filter(None, (r["expected"].replace("{length}", "the length of the layout in"), stated)))


def _flows(text: str) -> str:
    return "all" if text == "*" else text.replace(";", ", ")

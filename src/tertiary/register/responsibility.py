"""Which services are delegated on a day, and which body performs which function for whom.

Source of the method: the national service code lists, board papers and legislation named in the rows of
`responsibility`. Statements are made as at a day (`on`) and as known on a day (`as_known`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tertiary.errors import RegisterError
from tertiary.register.store import Register
from tertiary.register.validity import holds

if TYPE_CHECKING:
    from collections.abc import Iterable

BODY_COLUMNS = ["service_set", "region_code", "function", "body_rule", "role", "status", "legal_basis",
                "known_from", "source", "confidence"]  # fmt: skip
DELEGATED = "icb_of_population"
JOINT = "icbs_and_nhs_england_joint"
# the ODS code by which every table names NHS England (register table `bodies`)
NHS_ENGLAND = "X24"


def _as_known(register: Register, as_known: date | None) -> Register:
    if as_known is None or as_known == register.as_known:
        return register
    return Register(register.overlays, as_known)


def _select(register: Register, on: date, include_draft: bool) -> pa.Table:
    """Responsibility rows that hold on a day: drafts replace what they would replace, only when asked for."""
    data = holds(register["responsibility"], on)
    drafts = pc.equal(data["status"], "draft")
    if not include_draft:
        return data.filter(pc.invert(drafts))
    proposed = data.filter(drafts)
    actual = data.filter(pc.invert(drafts)).join(
        proposed.select(["service_set", "region_code", "function"]),
        keys=["service_set", "region_code", "function"],
        join_type="left anti",
    )
    return pa.concat_tables([actual.select(data.column_names), proposed])


def members(register: Register, on: date) -> pa.Table:
    """service_line_code, service_set and pss_line of the codes in a responsibility set on a day."""
    return holds(register["service_set_members"], on).select(["service_line_code", "service_set", "pss_line"])


def responsible(
    register: Register,
    on: date,
    as_known: date | None = None,
    *,
    service_line: str | None = None,
    sub_icb: str | None = None,
    grain: str | None = None,
    include_draft: bool = False,
) -> pa.Table:
    """Who performs each function on a day, as known on a day.

    Grain `region` (default without `service_line` or `sub_icb`): one row a set of codes, region and function,
    where the ICB of the person stands as "each ICB of the region". Grain `sub_icb`: one row a set (or the code
    asked for), sub-ICB and function, with the ICB named; a sub-ICB split between ICBs on the day has body_code ''.
    Every code of a set is held alike; `lines` tells the set of a code.
    RegisterError when the line or the sub-ICB is not known on that day.
    """
    register = _as_known(register, as_known)
    asked = grain or ("sub_icb" if service_line or sub_icb else "region")
    if asked not in ("region", "sub_icb"):
        raise RegisterError(f"Grain {asked!r} is not known. Give region or sub_icb.")
    places = _places(register, on, sub_icb) if asked == "sub_icb" else _regions(register, on)
    data = _select(register, on, include_draft).select(BODY_COLUMNS)
    first = ["service_set"]
    if service_line is not None:
        data = data.join(_member(register, on, service_line), keys="service_set", join_type="inner")
        first = ["service_line_code", "pss_line", "service_set"]
    joined = data.join(places, keys="region_code", join_type="inner")
    named = _named(register, _resolved(joined), "more than one ICB: by practice, or LSOA without registration"
                   if asked == "sub_icb" else "each ICB of the region, for its own people")  # fmt: skip
    place = ["sub_icb_code", "icb_code", "region_code"] if asked == "sub_icb" else ["region_code", "region_name"]
    shown = [*first, *place, "function", "body_code", "body_name", "body_rule", "role", "status", "legal_basis",
             "known_from", "source", "confidence"]  # fmt: skip
    return named.select(shown).sort_by([(c, "ascending") for c in (first[0], place[0], "function")])


def _member(register: Register, on: date, service_line: str) -> pa.Table:
    codes = members(register, on)
    found = codes.filter(pc.equal(codes["service_line_code"], service_line))
    if not found.num_rows:
        raise RegisterError(
            f"Service line {service_line!r} is no prescribed service code on {on}. "
            "`tertiary register service_lines` lists the codes; NCBPS11B is one."
        )
    return found


def _regions(register: Register, on: date) -> pa.Table:
    """Regions with hub, retained unit and host on a day; the ICB of a person is left open."""
    hosts = holds(register["region_hosts"], on).select(["region_code", "icb_code"])
    regions = register["regions"].select(["region_code", "name", "specialised_hub", "retained_unit"])
    regions = regions.rename_columns(["region_code", "region_name", "hub", "unit"])
    joined = regions.join(hosts.rename_columns(["region_code", "host"]), keys="region_code")
    return joined.append_column("icb_code", pa.array([""] * joined.num_rows))


def _places(register: Register, on: date, sub_icb: str | None) -> pa.Table:
    """Sub-ICBs with ICB, region, hub and host on a day; before sub-ICBs existed, their first ICB stands."""
    data = register["sub_icbs"]
    first = pc.min(data["valid_from"]).as_py()
    data = holds(data, max(on, first))
    if sub_icb is not None:
        data = data.filter(pc.equal(data["sub_icb_code"], sub_icb))
    if not data.num_rows:
        raise RegisterError(f"Sub-ICB {sub_icb!r} is not known on {on}. `tertiary register sub_icbs` lists the codes.")
    regions = _regions(register, on).drop_columns(["icb_code", "region_name"])
    return data.select(["sub_icb_code", "icb_code", "region_code"]).join(regions, keys="region_code")


def _resolved(data: pa.Table) -> pa.Table:
    """body_code of each row from its body rule and its place."""
    rule, region = data["body_rule"], data["region_code"]
    unit = pc.binary_join_element_wise(
        "RETAINED", pc.utf8_upper(pc.if_else(pc.equal(data["unit"], ""), "unit", data["unit"])), "_"
    )
    choices = {
        "icb_of_population": data["icb_code"],
        JOINT: pc.binary_join_element_wise("JOINT", region, "_"),
        "region_hub": data["hub"],
        "nhs_england": NHS_ENGLAND,
        "retained_unit": unit,
        "multi_icb_host_of_region": pc.fill_null(data["host"], "NOT_SOURCED"),
        "secretary_of_state": "DHSC",
        "opic": pc.binary_join_element_wise("OPIC", region, "_"),
    }
    code: pa.ChunkedArray = pa.chunked_array([pa.array(["NOT_SOURCED"] * data.num_rows)])
    for name, value in choices.items():
        code = pc.if_else(pc.equal(rule, name), value, code)
    return data.append_column("body_code", code)


def _named(register: Register, data: pa.Table, blank: str) -> pa.Table:
    bodies = register["bodies"].select(["body_code", "name"]).rename_columns(["body_code", "body_name"])
    data = data.join(bodies, keys="body_code", join_type="left outer")
    name = pc.fill_null(pc.if_else(pc.equal(data["body_code"], ""), blank, data["body_name"]), "")
    return data.set_column(data.schema.get_field_index("body_name"), "body_name", name)


def lines(register: Register, on: date, as_known: date | None = None) -> pa.Table:
    """Codes on a day: status of the year, responsibility set and manual line. Key: service_line_code."""
    register = _as_known(register, as_known)
    status = holds(register["service_line_status"], on).select(
        ["service_line_code", "financial_year", "delegation_status", "basis", "confidence"]
    )
    names = register["service_lines"].select(["service_line_code", "name", "code_kind", "pss_line", "npoc"])
    sets = members(register, on).select(["service_line_code", "service_set"])
    data = names.join(status, keys="service_line_code").join(sets, keys="service_line_code")
    texts = ("financial_year", "delegation_status", "basis", "confidence", "service_set")
    for column in texts:
        at = data.schema.get_field_index(column)
        data = data.set_column(at, column, pc.fill_null(data[column], ""))
    return data.sort_by("service_line_code")


def services(register: Register, on: date, as_known: date | None = None, *, region: str | None = None) -> pa.Table:
    """Manual lines on a day and who decides about them. Key: pss_line.

    status: delegated (in every region), delegated_in_some_regions (regions say which), joint, or
    nhs_england; with `region`, as seen from that region. A split line counts as delegated when any of
    its codes is; codes_delegated and codes_retained
    say how many of its codes are each. basis: published, carried_forward or stated (before lists by code).
    """
    register = _as_known(register, as_known)
    decide = _select(register, on, include_draft=False)
    decide = decide.filter(pc.equal(decide["function"], "decide"))
    if region is not None:
        decide = decide.filter(pc.equal(decide["region_code"], region))
    rules: dict[str, dict[str, list[str]]] = {}
    for row in decide.select(["service_set", "region_code", "body_rule"]).to_pylist():
        rules.setdefault(row["service_set"], {}).setdefault(row["body_rule"], []).append(row["region_code"])
    codes = _service_codes(register, on)
    basis = _basis(register, on)
    rows = []
    for service in register["services"].to_pylist():
        sets = [s for s in codes.get(service["pss_line"], ()) if s != "network_and_top_up"]
        status, where = _line_status({s: rules.get(s, {}) for s in sets})
        held = sum(1 for s in sets if DELEGATED in rules.get(s, {}))
        rows.append(
            {
                "pss_line": service["pss_line"],
                "service_name": service["service_name"],
                "npoc": service["npoc"],
                "highly_specialised": service["highly_specialised"],
                "status": status,
                "regions_delegated": ";".join(sorted(where)),
                "codes_delegated": held,
                "codes_retained": len(sets) - held,
                "counted_in_154": service["counted_in_154"],
                "basis": basis,
                "confidence": "medium" if basis == "carried_forward" else service["confidence"],
                "notes": service["notes"],
                "source": service["source"],
            }
        )
    return pa.Table.from_pylist(rows, schema=SERVICES_SCHEMA)


SERVICES_SCHEMA = pa.schema(
    [(n, pa.int32() if n.startswith("codes_") else pa.string()) for n in (
        "pss_line", "service_name", "npoc", "highly_specialised", "status", "regions_delegated", "codes_delegated",
        "codes_retained", "counted_in_154", "basis", "confidence", "notes", "source")]
)  # fmt: skip


def _service_codes(register: Register, on: date) -> dict[str, list[str]]:
    """Sets of the codes of each manual line, one entry a code."""
    found: dict[str, list[str]] = {}
    for row in members(register, on).to_pylist():
        found.setdefault(row["pss_line"], []).append(row["service_set"])
    return found


def _basis(register: Register, on: date) -> str:
    status = register["service_line_status"]
    found = set(holds(status, on)["basis"].to_pylist())
    if "carried_forward" in found or (not found and on > (pc.max(status["valid_from"]).as_py() or on)):
        return "carried_forward"
    return "published" if found else "stated"


def _line_status(held: dict[str, dict[str, list[str]]]) -> tuple[str, set[str]]:
    delegated: set[str] = set()
    joint = False
    regions: set[str] = set()
    for by_rule in held.values():
        delegated |= set(by_rule.get(DELEGATED, ()))
        joint = joint or JOINT in by_rule
        regions |= {r for found in by_rule.values() for r in found}
    if delegated:
        return ("delegated" if delegated == regions else "delegated_in_some_regions"), delegated
    return ("joint" if joint else "nhs_england"), set()


def counts(
    register: Register, on: date, as_known: date | None = None, *, region: str | None = None
) -> dict[str, dict[str, int]]:
    """Numbers of manual lines and codes on a day, by status, for checks against the published figures.

    `lines`: of the lines counted (or probably counted) in the published 154; `unresolved` is what the 154
    leave open. `codes`: codes of that year's list by colour.
    """
    register = _as_known(register, as_known)
    table = services(register, on, region=region)
    rows = table.select(["status", "counted_in_154"]).to_pylist()
    by_line = _count(row["status"] for row in rows if row["counted_in_154"] == "Y")
    by_line["probable"] = sum(1 for row in rows if row["counted_in_154"] == "probable")
    by_line["unresolved"] = PUBLISHED_LINES - sum(by_line.values())
    status = holds(register["service_line_status"], on)["delegation_status"].to_pylist()
    return {"lines": by_line, "codes": _count(status)}


PUBLISHED_LINES = 154


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))

"""Look-up tables of the method as small engine tables, one row a key and period where dates matter.

Column names carry a prefix so that all of them can be attached in one flat join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import codes
from tertiary.assign.periods import Period, rows_on

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.register import Register

ARMED_FORCES = "13Q"
ENGLAND = "E92000001"
WALES = "W92000004"
STAND_IN = "region_of_provider"
MAPPED = "provider_mapping"
PRACTICE_DATES = ("commissioner_from", "commissioner_to", "open_date", "close_date")


@dataclass(frozen=True)
class Dimensions:
    """Engine tables: see the functions that make them for their keys. `has_directory`: any postcode is loaded."""

    practices: ir.Table
    special_postcodes: ir.Table
    directory: ir.Table
    has_directory: bool
    lsoas: ir.Table
    providers: ir.Table
    bodies: ir.Table
    lines: ir.Table
    places: ir.Table
    accountable: ir.Table


def dimensions(engine: Engine, register: Register, used: Sequence[Period]) -> Dimensions:
    """Load every look-up for the periods that occur."""
    return Dimensions(
        practices=engine.load("assign_practices", practices(register)),
        special_postcodes=engine.load("assign_special_postcodes", special_postcodes(register)),
        directory=engine.load("assign_directory", postcode_directory(register)),
        has_directory=register["postcodes"].num_rows > 0,
        lsoas=engine.load("assign_lsoas", lsoas(register)),
        providers=engine.load("assign_providers", providers(register, used)),
        bodies=engine.load("assign_bodies", bodies(register, used)),
        lines=engine.load("assign_lines", lines(register, used)),
        places=engine.load("assign_places", places(register, used)),
        accountable=engine.load("assign_accountable", accountable(register, used)),
    )


def practices(register: Register) -> pa.Table:
    """Key practice_code. Who commissions it, where it stands, and what its own address answers (`pr_place_`)."""
    sub_icbs = set(register["sub_icbs"]["sub_icb_code"].to_pylist())
    found = register["practices"].select(
        ["practice_code", "postcode", "region_code", "icb_code", "commissioner_code", "lsoa21_code", "icb_code_2026",
         "country_code", "english", *PRACTICE_DATES]
    )  # fmt: skip
    joined = found.join(postcode_directory(register), "postcode", join_type="left outer")
    joined = joined.join(lsoas(register), "lsoa21_code", join_type="left outer")
    return _columns([_practice(row, sub_icbs) for row in joined.to_pylist()], {f"pr_{d}" for d in PRACTICE_DATES})


def _practice(row: dict[str, Any], sub_icbs: set[str]) -> dict[str, Any]:
    commissioner, postcode = row["commissioner_code"], row["postcode"]
    home = {c: row[f"pc_{c}"] or row[f"ls_{c}"] or "" for c in ("sub_icb", "icb", "icb_2026", "region", "lad")}
    outside = row["icb_code"] in codes("crown_dependency_geography") or (
        row["english"] != "Y" and _area(postcode) in codes("crown_dependency_postcode_area")
    )
    return {
        "practice_code": row["practice_code"],
        "pr_sub_icb": commissioner if commissioner in sub_icbs else "",
        "pr_welsh": commissioner in codes("welsh_board"),
        "pr_english": row["english"] == "Y",
        "pr_dms": commissioner == ARMED_FORCES,
        "pr_army": commissioner == ARMED_FORCES and row["country_code"] == ENGLAND,
        "pr_abroad": outside or postcode.startswith(codes("overseas_dms_postcode_prefix")),
        "pr_region": row["region_code"],
        "pr_board": row["pc_board"] or (commissioner if commissioner in codes("welsh_board") else ""),
        "pr_icb_2026": row["icb_code_2026"],
        "pr_place_country": row["pc_country"] or (ENGLAND if row["ls_sub_icb"] else ""),
        **{f"pr_place_{name}": code for name, code in home.items()},
        **{f"pr_{name}": row[name] for name in PRACTICE_DATES},
    }


def _area(postcode: str) -> str:
    return "".join(c for c in postcode[:2] if c.isalpha())


def special_postcodes(register: Register) -> pa.Table:
    """Key postcode: default and foreign pseudo postcodes, and addresses of detention sites with their hub."""
    found: dict[str, dict[str, Any]] = {}
    for row in register["pseudo_postcodes"].to_pylist():
        found[row["pseudo_postcode"]] = {"postcode": row["pseudo_postcode"], "sp_use": row["use"], "sp_hub": ""}
    for row in sorted(register["health_justice_sites"].to_pylist(), key=lambda r: int(r["row_id"])):
        if row["postcode"]:
            found.setdefault(row["postcode"], {"postcode": row["postcode"], "sp_use": "", "sp_hub": row["hub_code"]})
    return _columns(list(found.values()))


def postcode_directory(register: Register) -> pa.Table:
    """Key postcode: country, sub-ICB, ICB, region, district and health board, with the ICB of April 2026 by LSOA."""
    import pyarrow.compute as pc

    data = register["postcodes"].select(
        ["postcode", "country_code", "sub_icb_code", "icb_code", "region_code", "lad_code", "health_board_code",
         "lsoa21_code"]
    )  # fmt: skip
    data = data.rename_columns(
        ["postcode", "pc_country", "pc_sub_icb", "pc_icb", "pc_region", "pc_lad", "pc_board", "lsoa21_code"]
    )
    homes = register["lsoas"].select(["lsoa21_code", "icb_code_2026"]).rename_columns(["lsoa21_code", "pc_icb_2026"])
    subs = rows_on(register, "sub_icbs", _latest(register)).select(["sub_icb_code", "region_code"])
    joined = data.join(homes, "lsoa21_code", join_type="left outer").drop(["lsoa21_code"])
    joined = joined.join(subs.rename_columns(["pc_sub_icb", "sub_region"]), "pc_sub_icb", join_type="left outer")
    region = pc.if_else(pc.equal(joined["pc_region"], ""), pc.fill_null(joined["sub_region"], ""), joined["pc_region"])
    joined = joined.drop(["sub_region", "pc_region"]).append_column("pc_region", region)
    filled = pc.fill_null(joined["pc_icb_2026"], "")
    return joined.drop(["pc_icb_2026"]).append_column("pc_icb_2026", filled)


def _latest(register: Register) -> Any:
    return max(d for d in register["sub_icbs"]["valid_from"].to_pylist() if d)


def lsoas(register: Register) -> pa.Table:
    """Key lsoa21_code: sub-ICB, ICB on both footprints, region and district. England only."""
    data = register["lsoas"].select(
        ["lsoa21_code", "sub_icb_code_2024", "icb_code_2024", "icb_code_2026", "region_code", "lad_code"]
    )
    return data.rename_columns(["lsoa21_code", "ls_sub_icb", "ls_icb", "ls_icb_2026", "ls_region", "ls_lad"])


def bodies(register: Register, used: Sequence[Period]) -> pa.Table:
    """Key (written, period): organisation codes as they are written, whole or with a trailing 00, and what they are.

    A board or location that does not exist in the period is `not_in_force`: its code is read but answers nothing.
    """
    kinds: dict[str, str] = {}
    for row in register["commissioner_codes"].to_pylist():
        kinds[row["code"]] = "welsh_board" if row["code"] in codes("welsh_board") else "other"
        if row["valid_as_commissioner"] == "N":
            kinds[row["code"]] = "never_valid"
    kinds.update({row["region_code"]: "region" for row in register["regions"].to_pylist()})
    dated = [*register["icbs"]["icb_code"].to_pylist(), *register["sub_icbs"]["sub_icb_code"].to_pylist()]
    kinds.update(dict.fromkeys(dated, "not_in_force"))
    written = {code + "00": code for code in kinds if code + "00" not in kinds} | {code: code for code in kinds}
    made = []
    for period in used:
        known = {code: (kind, "", "") for code, kind in kinds.items()} | _in_force(register, period)
        for name, code in sorted(written.items()):
            kind, icb, region = known[code]
            row = {"written": name, "period": period.number, "code": code, "kind": kind, "icb": icb, "region": region}
            made.append(row)
    return _columns(made)


def _in_force(register: Register, period: Period) -> dict[str, tuple[str, str, str]]:
    """Kind, ICB and region of the ICBs and sub-ICBs that exist in the period, by code."""
    icbs = rows_on(register, "icbs", period.first_day).to_pylist()
    subs = rows_on(register, "sub_icbs", period.first_day).to_pylist()
    return {r["icb_code"]: ("icb", r["icb_code"], r["region_code"]) for r in icbs} | {
        r["sub_icb_code"]: ("sub_icb", r["icb_code"], r["region_code"]) for r in subs
    }


def providers(register: Register, used: Sequence[Period]) -> pa.Table:
    """Key (provider_code as written, period): host place, hub and whether NHS England has a contract.

    The Provider to Commissioning Hub Mapping decides where it is loaded; else the region of the provider stands in.
    """
    hosts = {row["provider_code"]: row for row in register["provider_hosts"].to_pylist()}
    homes = _homes(register, hosts)
    mapped_at_all = register["provider_hub_mapping"].num_rows > 0
    made = []
    for period in used:
        mapping = _pairs(rows_on(register, "provider_hub_mapping", period.first_day), "provider_code", "hub_code")
        hosting = _pairs(rows_on(register, "region_hosts", period.first_day), "region_code", "icb_code")
        icbs = _pairs(rows_on(register, "sub_icbs", period.first_day), "sub_icb_code", "icb_code")
        known = {**dict.fromkeys(mapping), **hosts}
        for code, row in known.items():
            host = row or {"sub_icb_code": "", "region_code": "", "hub_code": "", "lsoa21_code": ""}
            home = homes.get(host["lsoa21_code"], {"lad_code": "", "icb_code_2026": ""})
            hub = mapping.get(code, "") if mapped_at_all else host["hub_code"]
            value = {
                "period": period.number,
                "pv_sub_icb": host["sub_icb_code"],
                "pv_region": host["region_code"],
                "pv_icb": icbs.get(host["sub_icb_code"], "") or home["icb_code_2026"],
                "pv_lad": home["lad_code"],
                "pv_hub": hub,
                "pv_hub_method": (MAPPED if mapped_at_all else STAND_IN) if hub else "",
                "pv_contracting_host": hosting.get(host["region_code"], ""),
            }
            made += [{"written": w, **value} for w in (code, code + "00") if w == code or w not in known]
    return _columns(made)


def _homes(register: Register, hosts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """District and ICB of April 2026 of the LSOAs in which providers' main sites stand."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted({row["lsoa21_code"] for row in hosts.values()}), pa.string())
    data = register["lsoas"].select(["lsoa21_code", "lad_code", "icb_code_2026"])
    return {r["lsoa21_code"]: r for r in data.filter(pc.is_in(data["lsoa21_code"], wanted)).to_pylist()}


def lines(register: Register, used: Sequence[Period]) -> pa.Table:
    """Key (service_line_code, period): status and flags of the year, manual line, programme and responsibility set."""
    known = register["service_lines"].to_pylist()
    made = []
    for period in used:
        status = _by_line(rows_on(register, "service_line_status", period.first_day))
        sets = _by_line(rows_on(register, "service_set_members", period.first_day))
        made += [_line(r, status.get(r["service_line_code"]), sets, period.number) for r in known]
    return _columns(made)


def _by_line(table: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["service_line_code"]: row for row in table.to_pylist()}


def _line(line: dict[str, Any], status: dict[str, Any] | None, sets: dict[str, Any], period: int) -> dict[str, Any]:
    code = line["service_line_code"]
    found = status or {}
    special = code in codes("not_specialised_line")
    return {
        "service_line_code": code,
        "period": period,
        "ln_status": found.get("delegation_status", "not_listed"),
        "ln_listed": bool(found) and found["delegation_status"] != "not_listed",
        "ln_specialised": line["code_kind"] in codes("specialised_line_kind") and not special,
        "ln_highly": found.get("highly_specialised") == "Y",
        "ln_mental": bool(found.get("specialised_mental_health_flag")) and not special,
        "ln_public_health": bool(found.get("public_health_flag")) and not special,
        "ln_flag": bool(found.get("specialised_flag")) and not special,
        "ln_dental": bool(found.get("secondary_dental_flag")) and not special,
        "ln_set": sets.get(code, {}).get("service_set", ""),
        "ln_pss": line["pss_line"],
        "ln_npoc": line["npoc_code"],
    }


def places(register: Register, used: Sequence[Period]) -> pa.Table:
    """Key (code, period): a sub-ICB, or an ICB on its own, with its ICB, region, hub and whether it is delegated.

    The blank code stands for a patient without a known place: delegated once every sub-ICB is.
    """
    made = []
    hubs = {r["region_code"]: r["specialised_hub"] for r in register["regions"].to_pylist()}
    first = min(d for d in register["direct_commissioners"]["valid_from"].to_pylist() if d)
    for period in used:
        day = period.first_day
        rows = {r["sub_icb_code"]: r for r in rows_on(register, "direct_commissioners", day).to_pylist()}
        for sub in rows_on(register, "sub_icbs", day).to_pylist():
            code = sub["sub_icb_code"]
            delegated = rows.get(code, {}).get("delegated") == "Y" and day >= first
            made.append(_place(code, period, sub["icb_code"], sub["region_code"], hubs, delegated))
        made.append(_place("", period, "", "", hubs, delegated_everywhere(register, period)))
        for icb in rows_on(register, "icbs", day).to_pylist():
            inside = [r for r in rows.values() if r["icb_code"] == icb["icb_code"]]
            delegated = day >= first and bool(inside) and all(r["delegated"] == "Y" for r in inside)
            made.append(_place(icb["icb_code"], period, icb["icb_code"], icb["region_code"], hubs, delegated))
    return _columns(list({(r["code"], r["period"]): r for r in made}.values()))


def delegated_everywhere(register: Register, period: Period) -> bool:
    """Whether every sub-ICB has delegation in force in the period."""
    rows = rows_on(register, "direct_commissioners", period.first_day)
    first = min(d for d in register["direct_commissioners"]["valid_from"].to_pylist() if d)
    return period.first_day >= first and set(rows["delegated"].to_pylist()) == {"Y"}


def _place(code: str, period: Period, icb: str, region: str, hubs: dict[str, str], delegated: bool) -> dict[str, Any]:
    return {
        "code": code, "period": period.number, "icb": icb, "region": region, "hub": hubs.get(region, ""),
        "delegated": delegated,
    }  # fmt: skip


def accountable(register: Register, used: Sequence[Period]) -> pa.Table:
    """Key (service_set, region, period): the rule that says who is accountable. Drafts are never used."""
    made = {}
    for period in used:
        for row in rows_on(register, "responsibility", period.first_day).to_pylist():
            if row["function"] == "be_accountable" and row["status"] != "draft":
                key = (row["service_set"], row["region_code"], period.number)
                made[key] = row["body_rule"]
    rows = [{"service_set": s, "region": r, "period": p, "ac_rule": rule} for (s, r, p), rule in sorted(made.items())]
    return _columns(rows or [{"service_set": "", "region": "", "period": -1, "ac_rule": ""}])


def _pairs(table: pa.Table, key: str, value: str) -> dict[str, str]:
    return dict(zip(table[key].to_pylist(), table[value].to_pylist(), strict=True))


def _columns(rows: list[dict[str, Any]], dates: set[str] | None = None) -> pa.Table:
    """Arrow table of rows that all have the same keys; `dates` are date columns, the rest text, flags or numbers."""
    import pyarrow as pa

    def kind(name: str) -> pa.DataType:
        if dates and name in dates:
            return pa.date32()
        value = rows[0][name]
        return pa.bool_() if isinstance(value, bool) else pa.int32() if isinstance(value, int) else pa.string()

    return pa.table({name: pa.array([row[name] for row in rows], kind(name)) for name in rows[0]})

"""Who is responsible for each record: the official method walked as data, with every box and look-up kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tertiary.assign.base import base
from tertiary.assign.data import codes
from tertiary.assign.decide import accountable, candidates, commissioner, delegation_status, payer
from tertiary.assign.dimensions import Dimensions, dimensions
from tertiary.assign.excluded import KEY as EXCLUDED_KEY
from tertiary.assign.excluded import excluded_payers
from tertiary.assign.facts import facts
from tertiary.assign.periods import boundaries, periods
from tertiary.assign.settings import AssignSettings
from tertiary.assign.tool import KEPT as TOOL_KEPT
from tertiary.assign.tool import with_tool_facts, with_tool_outcome
from tertiary.assign.words import KEY, Method, method, walks, words
from tertiary.joins import Lookup, attach, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from tertiary.engine import Engine
    from tertiary.register import Register

ADDED = (
    "assignment_date", "population_icb", "population_sub_icb", "population_method", "commissioner_code", "payer_code",
    "payer_kind", "category_assigned", "assignment_box", "assignment_label", "lookup_method", "accountable_body",
    "contracting_host", "delegation_status", "pss_line", "npoc_code", "method", "box_path", "not_answerable",
    "lookups", "options", "reassignment_code", "commissioner_read", "commissioner_kind",
)  # fmt: skip
# what the outcome, the payer and the reasons still read once the boxes are answered
KEPT = (
    "row_key", "period", "component", "commissioned_service_category", "supply_route", "service_line_final",
    "assignment_date", "ln_specialised", "ln_status", "ln_set", "ln_pss", "ln_npoc", "pr_sub_icb", "residence",
    "res_sub_icb", "res_country", "resp_code", "resp_method", "resp_icb", "rp_region", "rp_delegated", "pop_icb",
    "pop_sub_icb", "population_method", "sp_hub", "pv_sub_icb", "pv_icb", "pv_region", "pv_hub", "pv_hub_method",
    "pv_contracting_host", "commissioner_submitted", "cs_code", "cs_kind",
)  # fmt: skip


def assign(engine: Engine, identified: ir.Table, register: Register, settings: AssignSettings) -> ir.Table:
    """`identified` (canonical activity, `row_key` and the identification columns) with the columns of ADDED.

    One row a record in and out. `commissioner_read` is the submitted code without a trailing 00 where the rest is a
    known code, `commissioner_kind` what it is; `reassignment_code` is the contract monitoring tool's.
    Method: the Commissioner Assignment Method of the year of the assignment date. RegisterError when the register's
    decision table cannot be walked.
    """
    days = boundaries(register)
    rows = base(engine, identified, register, days)
    numbers = engine.fetch(rows.select("period").distinct())["period"].to_pylist()
    used = periods(register, numbers or [0], settings)
    dims = dimensions(engine, register, used)
    how = method(register, used, settings)
    placed = _placed(engine, engine.materialise("assign_facts", facts(rows, dims, settings)), dims, register)
    if how.uses_tool:
        placed = with_tool_facts(engine, placed, dims, register, used)
    hubs = {r["region_code"]: r["specialised_hub"] for r in register["regions"].to_pylist()}
    kept = [*KEPT, *(TOOL_KEPT if how.uses_tool else ())]
    asked = placed.select(*kept, **words(placed, how, settings), **candidates(placed, hubs))
    asked = engine.materialise("assign_words", asked)
    distinct = engine.fetch(asked.select(*KEY).distinct()).to_pylist()
    walked = engine.load("assign_walks", walks(distinct, how, settings))
    decided = _decided(engine, asked, walked, excluded_payers(engine, asked, used), dims, how)
    kept_apart = engine.materialise("assign_decided", decided)
    for done in ("assign_base", "assign_facts", "assign_words"):
        engine.drop(done)
    return attach(identified, kept_apart, ["row_key"], how="inner")


def _placed(engine: Engine, found: ir.Table, dims: Dimensions, register: Register) -> ir.Table:
    """Facts with the places of the responsible sub-ICB and of the population, and whether home is on the border."""
    import ibis

    def named(prefix: str) -> ir.Table:
        return dims.places.rename({f"{prefix}_{c}": c for c in ("icb", "region", "hub", "delegated")})

    rows = attach_all(
        found,
        [
            Lookup(named("rp"), {"resp_code": "code", "period": "period"}),
            Lookup(named("pp"), {"pop_code": "code", "period": "period"}),
        ],
    )
    border = {kind: [r["area_code"] for r in register["welsh_border_areas"].to_pylist() if r["area_type"] == kind]
              for kind in {r["area_type"] for r in register["welsh_border_areas"].to_pylist()}}  # fmt: skip
    areas = [code for kind, found_codes in border.items() for code in found_codes if kind != "icb"]
    split_icb = ibis.cases(
        (rows.resp_method == "practice", rows.pr_icb_2026),
        (rows.resp_method == "provider_address", rows.pv_icb),
        else_=rows.res_icb_2026,
    )
    rows = rows.mutate(
        **{f"{p}_{c}": rows[f"{p}_{c}"].fill_null("") for p in ("rp", "pp") for c in ("icb", "region", "hub")},
        rp_delegated=rows.rp_delegated.fill_null(False),
        border=rows.res_icb.isin(border["icb"]) | rows.res_lad.isin(areas),
        split_icb=split_icb,
    )
    sub_icb = (rows.pp_icb == rows.pop_code) & (rows.pop_code != "")
    return rows.mutate(
        resp_icb=(rows.rp_icb != "").ifelse(rows.rp_icb, rows.split_icb),
        pop_icb=ibis.cases((rows.pp_icb != "", rows.pp_icb), (rows.placed, rows.split_icb), else_=rows.ls_icb_2026),
        pop_sub_icb=sub_icb.ifelse("", rows.pop_code),
    )


def _decided(
    engine: Engine, asked: ir.Table, walked: ir.Table, excluded: ir.Table, dims: Dimensions, how: Method
) -> ir.Table:
    """The columns of ADDED, one row a record."""
    import ibis

    asked = asked.mutate(ac_region=(asked.rp_region != "").ifelse(asked.rp_region, asked.pv_region))
    rules = dims.accountable
    rows = attach_all(
        asked,
        [
            Lookup(walked, KEY, how="inner"),
            Lookup(excluded, EXCLUDED_KEY),
            Lookup(rules, {"ln_set": "service_set", "ac_region": "region", "period": "period"}),
        ],
    )
    rows = rows.mutate(
        ex_payer_kind=rows.ex_payer_kind.fill_null("none"),
        ex_note=rows.ex_note.fill_null(""),
        ac_rule=rows.ac_rule.fill_null(""),
    )
    blank = ibis.literal("")
    rows = rows.mutate(**commissioner(rows), delegation_status=delegation_status(rows), reassignment_code=blank)
    if how.uses_tool:
        rows = with_tool_outcome(engine, rows)
    rows = rows.mutate(**payer(rows))
    hosted = (rows.delegation_status == "delegated") & rows.category_assigned.isin(codes("delegated_category"))
    options = ibis.cases(
        (rows.ex_note == "", rows["options"]), (rows["options"] == "", rows.ex_note),
        else_=rows["options"] + ";" + rows.ex_note,
    )  # fmt: skip
    added: dict[str, Any] = {
        "population_icb": rows.pop_icb,
        "population_sub_icb": rows.pop_sub_icb,
        "accountable_body": accountable(rows),
        "contracting_host": hosted.ifelse(rows.pv_contracting_host, ""),
        "pss_line": rows.ln_pss,
        "npoc_code": rows.ln_npoc,
        "lookups": _lookups(rows),
        "commissioner_read": (rows.cs_code != "").ifelse(rows.cs_code, rows.commissioner_submitted),
        "commissioner_kind": rows.cs_kind,
        "options": options,
    }
    return rows.select("row_key", **{name: added[name] if name in added else rows[name] for name in ADDED})


def _lookups(t: ir.Table) -> ir.Value:
    """Look-ups that answered, as name=value separated by semicolons."""
    import ibis

    def piece(name: str, value: ir.Value) -> ir.Value:
        return (value != "").ifelse(ibis.literal(f"{name}=") + value + ";", "")

    place = t.res_sub_icb.nullif("").fill_null(t.res_country)
    return (
        piece("service_status", (t.service_line_final != "").ifelse(t.ln_status, ""))
        + piece("practice", t.pr_sub_icb)
        + piece("provider_place", t.pv_sub_icb)
        + piece("provider_hub", t.pv_hub)
        + ibis.literal("residence=") + t.residence + (place != "").ifelse(ibis.literal(":") + place, "")
    )  # fmt: skip

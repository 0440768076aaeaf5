"""Who is responsible for each record: the official method walked as data, with every box and look-up kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from tertiary.assign.base import DATED_BY, base, dated
from tertiary.assign.data import codes
from tertiary.assign.decide import accountable, candidates, commissioner, delegation_status, payer
from tertiary.assign.dimensions import Dimensions, dimensions
from tertiary.assign.excluded import KEY as EXCLUDED_KEY
from tertiary.assign.excluded import excluded_payers
from tertiary.assign.facts import ASSUMED, facts
from tertiary.assign.periods import Period, boundaries, periods
from tertiary.assign.settings import AssignSettings
from tertiary.assign.tool import KEPT as TOOL_KEPT
from tertiary.assign.tool import with_tool_facts, with_tool_outcome
from tertiary.assign.words import KEY, Method, method, walks, words
from tertiary.joins import Lookup, attach_all

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
# facts that the outcome, the payer and the reasons still read once the boxes are answered
KEPT = (
    "period", "ln_specialised", "ln_status", "ln_set", "ln_pss", "ln_npoc", "pr_sub_icb", "residence", "res_sub_icb",
    "res_country", "resp_code", "resp_method", "resp_icb", "rp_region", "rp_delegated", "pop_icb", "pop_sub_icb",
    "population_method", "sp_hub", "pv_sub_icb", "pv_icb", "pv_region", "pv_hub", "pv_hub_method",
    "pv_contracting_host", "cs_code", "cs_kind",
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What the method stands on for a run: look-ups and rulesets of the periods in which assignment dates lie."""

    register: Register
    settings: AssignSettings
    days: tuple[date, ...]
    used: tuple[Period, ...]
    dims: Dimensions
    how: Method
    hubs: dict[str, str]

    @classmethod
    def of(cls, engine: Engine, activity: ir.Table, register: Register, settings: AssignSettings) -> Ground:
        """The ground for all accepted records of a run. RegisterError when the decision table cannot be walked."""
        days = boundaries(register)
        found = dated(engine, activity.select(*DATED_BY), register, days)
        numbers = engine.fetch(found.select("period").distinct())["period"].to_pylist()
        used = periods(register, numbers or [0], settings)
        hubs = {r["region_code"]: r["specialised_hub"] for r in register["regions"].to_pylist()}
        dims = dimensions(engine, register, used)
        return cls(register, settings, days, used, dims, method(register, used, settings), hubs)


def assign(
    engine: Engine,
    identified: ir.Table,
    register: Register,
    settings: AssignSettings,
    ground: Ground | None = None,
    carried: Collection[str] = (),
) -> ir.Table:
    """`identified` (canonical activity, `row_key` and the identification columns) with the columns of ADDED.

    One row a record in and out. `commissioner_read` is the submitted code without a trailing 00 where the rest is a
    known code, `commissioner_kind` what it is; `reassignment_code` is the contract monitoring tool's. `ground` is that
    of all records of the run where `identified` is a block of them. `carried`: the columns of `identified` to keep, all
    unless told. Method: the Commissioner Assignment Method of the year of the assignment date. RegisterError when the
    register's decision table cannot be walked.
    """
    on = ground or Ground.of(engine, identified, register, settings)
    rows = engine.name("assign_base", base(engine, identified, register, on.days))
    placed = _placed(engine.name("assign_facts", facts(rows, on.dims, settings)), on)
    if on.how.uses_tool:
        placed = with_tool_facts(engine, placed, on.dims, register, on.used)
    placed = engine.name("assign_placed", placed)
    read = ("component", "commissioned_service_category", "supply_route", "service_line_final", "assignment_date",
            "commissioner_submitted")  # fmt: skip
    keep = [c for c in identified.columns if not carried or c in carried or c in read]
    extra = [*KEPT, *(TOOL_KEPT if on.how.uses_tool else ()), "assignment_date"]
    asked = engine.hold(
        "assign_asked",
        placed.select(*keep, *extra, **words(placed, on.how, settings), **candidates(placed, on.hubs)),
    )
    distinct = engine.fetch(asked.select(*KEY).distinct()).to_pylist()
    walked = engine.load("assign_walks", walks(distinct, on.how, settings))
    return _decided(engine, asked, walked, excluded_payers(engine, asked, on.used), on, keep)


def _placed(found: ir.Table, on: Ground) -> ir.Table:
    """Facts with the places of the responsible sub-ICB and of the population, and whether home is on the border."""
    import ibis

    register = on.register

    def named(prefix: str) -> ir.Table:
        return on.dims.places.rename({f"{prefix}_{c}": c for c in ("icb", "region", "hub", "delegated")})

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
    assumed = rows.residence.isin(ASSUMED)
    home_icb, home_lad = (assumed.ifelse(rows[f"pv_{c}"], rows[f"res_{c}"]) for c in ("icb", "lad"))
    rows = rows.mutate(
        **{f"{p}_{c}": rows[f"{p}_{c}"].fill_null("") for p in ("rp", "pp") for c in ("icb", "region", "hub")},
        rp_delegated=rows.rp_delegated.fill_null(False),
        border=home_icb.isin(border["icb"]) | home_lad.isin(areas),
    )
    sub_icb = (rows.pp_icb == rows.pop_code) & (rows.pop_code != "")
    return rows.mutate(
        resp_icb=(rows.rp_icb != "").ifelse(rows.rp_icb, rows.split_icb),
        pop_icb=ibis.cases((rows.pp_icb != "", rows.pp_icb), (rows.placed, rows.split_icb), else_=rows.ls_icb_2026),
        pop_sub_icb=sub_icb.ifelse("", rows.pop_code),
    )


def _decided(
    engine: Engine, asked: ir.Table, walked: ir.Table, excluded: ir.Table, on: Ground, keep: Sequence[str]
) -> ir.Table:
    """The rows with the columns of ADDED."""
    import ibis

    asked = asked.mutate(ac_region=(asked.rp_region != "").ifelse(asked.rp_region, asked.pv_region))
    rules = on.dims.accountable
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
    if on.how.uses_tool:
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
    given = [name for name in keep if name not in ADDED]
    return rows.select(*given, **{name: added[name] if name in added else rows[name] for name in ADDED})


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

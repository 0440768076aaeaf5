"""From an outcome to a commissioner, and from the commissioner to payer, accountable body and contracting host.

Source of the look-ups: Commissioner Assignment Method guidance 2025/26 v1.1, pages 10 to 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.assign.data import codes
from tertiary.assign.dimensions import ARMED_FORCES, ENGLAND, WALES
from tertiary.assign.facts import ICB_ONLY, PLACED
from tertiary.register.responsibility import NHS_ENGLAND

if TYPE_CHECKING:
    import ibis.expr.types as ir

PRIVATE = "VPP00"
# Guidance p16-20: specialised commissioners of the other countries; Northern Ireland's code is not stated
DEVOLVED_SPECIALISED = {WALES: "7A5HC", "S92000003": "SD002"}


def candidates(t: ir.Table, hubs: dict[str, str]) -> dict[str, ir.Value]:
    """What each look-up would give for the record, before the walk says which one counts. `hubs`: region -> hub."""
    return {
        **_hub_of_practice(t, hubs),
        **_public_health(t),
        **_devolved(t),
        "lad_code": (t.res_lad != "").ifelse(t.res_lad, t.pv_lad),
        "lad_method": (t.res_lad != "").ifelse(t.residence, "provider_address"),
        "registered_here": _osv_here(t),
    }


def _place_method(t: ir.Table) -> ir.Value:
    return t.residence.isin(PLACED).ifelse(t.residence, "provider_address")


def _hub_of_practice(t: ir.Table, hubs: dict[str, str]) -> dict[str, ir.Value]:
    """Region of the practice; without practice, for detention sites and armed forces the region of the address."""
    import ibis

    by_practice = ~t.first_by_address & t.pr_english & t.practice_open & (t.pr_region != "")
    told = t.monitoring & (t.gr_kind.isin(["sub_icb", "icb"]))
    by_place = t.first_by_address | told
    region = ibis.cases(
        (by_practice, t.pr_region), (told, t.rp_region), (t.res_region != "", t.res_region), else_=t.pv_region
    )
    via = region.cases(*hubs.items(), else_="")
    method = ibis.cases(
        (by_practice, "practice"),
        (told, "gp_practice_responsibility"),
        (by_place, (t.res_region != "").ifelse(_place_method(t), "provider_address")),
        else_=t.pv_hub_method,
    )
    return {"gp_hub": (by_practice | by_place).ifelse(via, t.pv_hub), "gp_hub_method": method}


def _public_health(t: ir.Table) -> dict[str, ir.Value]:
    """Practice's region; armed forces: region of the practice's postcode; else region of the address."""
    import ibis

    by_practice = ~t.no_practice & t.pr_english & t.practice_open & (t.pr_region != "")
    army = t.pr_army & (t.pr_place_region != "")
    told = t.monitoring & (t.rp_region != "")
    placed = t.res_region != ""
    return {
        "ph_region": ibis.cases(
            (army, t.pr_place_region), (by_practice, t.pr_region), (placed, t.res_region), (told, t.rp_region),
            else_=t.pv_region,
        ),
        "ph_method": ibis.cases(
            (army, "practice_postcode"), (by_practice, "practice"), (placed, t.residence), (told, t.resp_method),
            else_="provider_address",
        ),
    }  # fmt: skip


def _devolved(t: ir.Table) -> dict[str, ir.Value]:
    """Health board and specialised body of the other countries; a resident of England goes by the Welsh practice."""
    import ibis

    by_practice = (t.res_country == ENGLAND) | ((t.res_country == "") & t.pr_welsh)
    told = (t.residence == "residence_responsibility") & (t.rr_kind == "welsh_board")
    board = ibis.cases((told, t.rr_code), (t.residence == "postcode", t.pc_board), (t.pr_welsh, t.pr_board), else_="")
    country = by_practice.ifelse(WALES, t.res_country)
    return {
        "board": by_practice.ifelse(t.pr_board, board),
        "board_method": (by_practice | ((t.residence == "lsoa") & t.pr_welsh)).ifelse("practice_postcode", t.residence),
        "devolved_body": country.cases(*DEVOLVED_SPECIALISED.items(), else_=""),
        "devolved_method": by_practice.ifelse("practice_country", "residence_country"),
    }


def _osv_here(t: ir.Table) -> ir.Value:
    """Visitors under an agreement: registered with an English practice, or living here by address (guidance p25)."""
    listed = ~t.no_practice & t.pr_english & t.practice_open
    by_address = t.res_country.isin(codes("united_kingdom")) & t.residence.isin(PLACED)
    return listed | by_address


def commissioner(t: ir.Table) -> dict[str, ir.Value]:
    """commissioner_code and lookup_method of the outcome (t: facts, candidates and walk)."""
    import ibis

    icb_like = _takes_responsible(t)
    code = ibis.cases(
        (icb_like, (t.resp_method == ICB_ONLY).ifelse("", t.resp_code)),
        (_takes_host(t), t.pv_sub_icb),
        (t.outcome == "OUT:specialised_hub_provider", t.pv_hub),
        (t.outcome == "OUT:specialised_hub_gp_practice", t.gp_hub),
        (t.outcome == "OUT:armed_forces_hub", ARMED_FORCES),
        (t.outcome == "OUT:health_justice_hub", t.sp_hub),
        (t.outcome == "OUT:public_health_region", t.ph_region),
        (t.outcome == "OUT:local_authority", t.lad_code),
        (t.outcome == "OUT:devolved_board", t.board),
        (t.outcome == "OUT:devolved_specialised", t.devolved_body),
        (t.outcome == "OUT:private_or_cov", PRIVATE),
        else_="",
    )
    method = ibis.cases(
        (icb_like, t.resp_method),
        (_takes_host(t), "provider_address"),
        (t.outcome == "OUT:specialised_hub_provider", t.pv_hub_method),
        (t.outcome == "OUT:specialised_hub_gp_practice", t.gp_hub_method),
        (t.outcome == "OUT:armed_forces_hub", "national_code"),
        (t.outcome == "OUT:health_justice_hub", "site_postcode"),
        (t.outcome == "OUT:public_health_region", t.ph_method),
        (t.outcome == "OUT:local_authority", t.lad_method),
        (t.outcome == "OUT:devolved_board", t.board_method),
        (t.outcome == "OUT:devolved_specialised", t.devolved_method),
        (t.outcome == "OUT:private_or_cov", "default_code"),
        else_="",
    )
    return {"commissioner_code": code, "lookup_method": method}


def _takes_responsible(t: ir.Table) -> ir.Value:
    return (t.outcome == "OUT:responsible_sub_icb") | ((t.outcome == "OUT:osv_guidance") & t.registered_here)


def _takes_host(t: ir.Table) -> ir.Value:
    return (t.outcome == "OUT:host_sub_icb") | ((t.outcome == "OUT:osv_guidance") & ~t.registered_here)


def payer(t: ir.Table) -> dict[str, ir.Value]:
    """payer_code and payer_kind: an ICB by the sub-ICB's footprint of the day, NHS England, or the body itself."""
    import ibis

    excluded = t.assignment_label == "tariff_excluded"
    kind = excluded.ifelse(t.ex_payer_kind, t.payer_kind)
    icb = _takes_host(t).ifelse(t.pv_icb, t.resp_icb)
    code = ibis.cases(
        (kind == "icb", icb), (kind == "nhs_england", NHS_ENGLAND), (kind == "none", ""), else_=t.commissioner_code
    )
    nobody = (code == "") & (kind != "none")
    return {"payer_code": code, "payer_kind": nobody.ifelse("none", kind)}


def accountable(t: ir.Table) -> ir.Value:
    """Who is legally accountable: for prescribed lines the register's function be_accountable, else the payer."""
    import ibis

    prescribed = t.payer_kind.isin(["icb", "nhs_england"]) & (t.ac_rule != "")
    return ibis.cases(
        (prescribed & (t.ac_rule == "nhs_england"), NHS_ENGLAND),
        (prescribed & (t.ac_rule == "secretary_of_state"), "DHSC"),
        (prescribed & (t.ac_rule == "icb_of_population"), (t.pop_icb != "").ifelse(t.pop_icb, t.payer_code)),
        else_=t.payer_code,
    )


def delegation_status(t: ir.Table) -> ir.Value:
    """Of the final line on the assignment date, for the ICB of the responsible sub-ICB."""
    import ibis

    return ibis.cases(
        (t.service_line_final == "", "none"),
        (~t.ln_specialised, "other"),
        ((t.ln_status == "green") & t.rp_delegated, "delegated"),
        (t.ln_status.isin(["green", "amber", "red", "blue"]), "retained"),
        else_="other",
    )

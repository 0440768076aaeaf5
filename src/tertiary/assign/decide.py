"""From an outcome to a commissioner, and from the commissioner to payer, accountable body and contracting host.

Source of the look-ups: Commissioner Assignment Method guidance 2025/26 v1.1, pages 10 to 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertiary.assign.data import codes
from tertiary.assign.dimensions import ARMED_FORCES, ENGLAND, WALES
from tertiary.assign.facts import ASSUMED, ICB_ONLY
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


def _home_region(t: ir.Table) -> tuple[ir.Value, ir.Value]:
    """Region of the residence, or of the provider's main site where that stands for it, and how it was found."""
    import ibis

    assumed = t.residence.isin(ASSUMED)
    region = ibis.cases((t.res_region != "", t.res_region), (assumed, t.pv_region), else_="")
    return region, assumed.ifelse("provider_address", t.residence)


def _hub_of_practice(t: ir.Table, hubs: dict[str, str]) -> dict[str, ir.Value]:
    """Hub of the practice's region, else of the practice responsibility's; without practice, for detention sites and
    DMS of the region of the address; of an unknown practice by the provider's contract.
    """
    import ibis

    home, home_method = _home_region(t)
    by_practice = ~t.first_by_address & t.pr_english & t.practice_open & (t.pr_region != "")
    told = t.monitoring & (t.gr_region != "")
    by_place = t.first_by_address & (home != "")
    region = ibis.cases((by_practice, t.pr_region), (told, t.gr_region), (by_place, home), else_="")
    method = ibis.cases(
        (by_practice, "practice"),
        (told, "gp_practice_responsibility"),
        (by_place, home_method),
        else_=t.pv_hub_method,
    )
    via = region.cases(*hubs.items(), else_="")
    return {"gp_hub": (by_practice | told | by_place).ifelse(via, t.pv_hub), "gp_hub_method": method}


def _public_health(t: ir.Table) -> dict[str, ir.Value]:
    """Region of the practice, for DMS of its postcode; else of the practice responsibility, else of the address."""
    import ibis

    by_practice = ~t.no_practice & t.pr_english & t.practice_open & (t.pr_region != "")
    own = (t.pr_place_region != "").ifelse(t.pr_place_region, t.pr_region)
    army = t.dms & (own != "")
    told = t.monitoring & (t.gr_region != "")
    home, home_method = _home_region(t)
    return {
        "ph_region": ibis.cases((army, own), (by_practice, t.pr_region), (told, t.gr_region), else_=home),
        "ph_method": ibis.cases(
            (army, "practice_postcode"), (by_practice, "practice"), (told, "gp_practice_responsibility"),
            else_=home_method,
        ),
    }  # fmt: skip


def _devolved(t: ir.Table) -> dict[str, ir.Value]:
    """Health board and specialised body of the other countries; a resident of England goes by the Welsh practice."""
    import ibis

    by_practice = (t.res_country == ENGLAND) | ((t.res_country == "") & t.welsh_gp)
    told = (t.residence == "residence_responsibility") & (t.rr_kind == "welsh_board")
    by_area = (t.residence == "lsoa") & t.welsh_gp & (t.res_country == WALES)
    by_own = by_area | (t.residence == "practice_postcode")
    board = ibis.cases((told, t.rr_code), (t.residence == "postcode", t.pc_board), (by_own, t.gp_board), else_="")
    own_method, own_country = (
        t.gp_told.ifelse("gp_practice_responsibility", name) for name in ("practice_postcode", "practice_country")
    )
    country = by_practice.ifelse(WALES, t.res_country)
    return {
        "board": by_practice.ifelse(t.gp_board, board),
        "board_method": (by_practice | by_area).ifelse(own_method, t.residence),
        "devolved_body": country.cases(*DEVOLVED_SPECIALISED.items(), else_=""),
        "devolved_method": by_practice.ifelse(own_country, "residence_country"),
    }


def _osv_here(t: ir.Table) -> ir.Value:
    """Visitors under an agreement: registered with an English practice, or living here by address (guidance p25).

    A default or missing postcode means the provider's main site, here too.
    """
    return t.english_gp | t.res_country.isin(codes("united_kingdom"))


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
    # no look-up is named that gave nothing; of an ICB alone the board is known, though not the code to submit
    answered = (code != "") | (icb_like & (method == ICB_ONLY))
    return {"commissioner_code": code, "lookup_method": answered.ifelse(method, "")}


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

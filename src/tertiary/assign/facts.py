"""Who the patient is to the method: practice, residence, provider, line, and the sub-ICB they lead to.

Source: Commissioner Assignment Method guidance 2025/26 v1.1, pages 7 to 16 (look-ups) and 27 to 38 (residence).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import codes, rows
from tertiary.assign.dimensions import ENGLAND, PRACTICE_DATES, WALES, Dimensions
from tertiary.assign.settings import AssignSettings
from tertiary.joins import Lookup, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir

# prefix of what a responsibility or commissioner field names -> the field
BODIES = {
    "gr": "gp_practice_responsibility",
    "rr": "residence_responsibility",
    "cs": "commissioner_submitted",
}
# only an ICB is known: no sub-ICB is guessed, so the commissioner stays blank (supporting guidance 2025/26, rule A03)
ICB_ONLY = "icb_only"
DEFAULT_USE = "default_use_provider_address"
# read only here: dropped so that the next steps stay narrow
DONE = (
    "pr_place_country", "pr_place_sub_icb", "pr_place_icb", "pr_place_icb_2026", "pr_place_lad",
    *[f"pr_{name}" for name in PRACTICE_DATES], "pc_country", "pc_sub_icb", "pc_icb", "pc_icb_2026", "pc_region",
    "pc_lad", "ls_sub_icb", "ls_icb", "ls_region", "ls_lad", "in_directory", "practice_known",
)  # fmt: skip
# kinds for which the method takes the provider's main site as the residence (guidance p7, p12)
ASSUMED = ("default", "missing", "no_directory")


def facts(base: ir.Table, dims: Dimensions, settings: AssignSettings) -> ir.Table:
    """Base rows with practice, residence, provider and line facts and the responsible sub-ICB (`resp_code`)."""
    found = _fill(_attached(base, dims), set(base.columns))
    found = found.mutate(practice_open=_open(found), no_practice=_no_practice(found))
    found = found.mutate(dms=found.pr_dms & found.practice_open, **_registered(found))
    found = found.mutate(residence=_residence_kind(found, dims, settings))
    found = found.mutate(
        res_country=_country(found),
        res_sub_icb=_by_residence(
            found, "pc_sub_icb", "ls_sub_icb", "pr_place_sub_icb", _if_kind(found, "rr", "sub_icb")
        ),
        res_icb=_by_residence(found, "pc_icb", "ls_icb", "pr_place_icb", found.rr_icb),
        res_icb_2026=_by_residence(found, "pc_icb_2026", "ls_icb_2026", "pr_place_icb_2026"),
        res_region=_by_residence(found, "pc_region", "ls_region", "pr_place_region", found.rr_region),
        res_lad=_by_residence(found, "pc_lad", "ls_lad", "pr_place_lad"),
    )
    return _responsible(found).drop(*DONE)


def _attached(base: ir.Table, dims: Dimensions) -> ir.Table:
    lookups = [
        Lookup(dims.practices, {"gp_practice_code": "practice_code"}),
        Lookup(dims.special_postcodes, ["postcode"]),
        Lookup(dims.directory, ["postcode"]),
        Lookup(dims.lsoas, ["lsoa21_code"]),
        Lookup(dims.providers, {"provider_code": "written", "period": "period"}),
        Lookup(dims.lines, {"service_line_final": "service_line_code", "period": "period"}),
        *[
            Lookup(
                dims.bodies.rename({f"{short}_{c}": c for c in ("code", "kind", "icb", "region")}),
                {column: "written", "period": "period"},
            )
            for short, column in BODIES.items()
        ],
    ]  # fmt: skip
    found = attach_all(base, lookups)
    return found.mutate(in_directory=found.pc_country.notnull(), practice_known=found.pr_english.notnull())


def _fill(found: ir.Table, carried: set[str]) -> ir.Table:
    """Nothing found in a look-up reads as blank text or No; what the record carried is never null."""
    fills: dict[str, Any] = {}
    for name, kind in found.schema().items():
        if name in carried:
            continue
        if kind.is_string():
            fills[name] = found[name].fill_null("")
        elif kind.is_boolean():
            fills[name] = found[name].fill_null(False)
    return found.mutate(**fills)


def _open(found: ir.Table) -> ir.Value:
    """Active or proposed on the assignment date: not closed before it."""
    return (
        found.practice_known & (found.pr_close_date.isnull() | (found.assignment_date <= found.pr_close_date))
    ).fill_null(False)


def _no_practice(found: ir.Table) -> ir.Value:
    return (found.gp_practice_code == "") | found.gp_practice_code.isin(codes("no_practice"))


def _registered(found: ir.Table) -> dict[str, ir.Value]:
    """Registered with an English or a Welsh practice, and the Welsh practice's board.

    In contract monitoring the practice responsibility stands for a practice that is not found; one that is found
    speaks for itself.
    """
    listed = found.practice_open & ~found.no_practice
    told = found.monitoring & ~listed
    told_welsh = told & (found.gr_kind == "welsh_board")
    return {
        "english_gp": (listed & found.pr_english) | (told & found.gr_kind.isin(["sub_icb", "icb"])),
        "welsh_gp": (listed & found.pr_welsh) | told_welsh,
        "gp_told": told_welsh,
        "gp_board": told_welsh.ifelse(found.gr_code, found.pr_board),
    }


def _residence_kind(found: ir.Table, dims: Dimensions, settings: AssignSettings) -> ir.Value:
    """How the usual place of residence is known: the first of these that answers (guidance p7-9, p12).

    What stands in for a postcode is asked only where none can be read; one that is not in the directory answers No.
    """
    import ibis

    by_lsoa = ibis.literal(settings.residence_from_lsoa) & (
        (found.ls_sub_icb != "") | found.lsoa21_code.startswith("W") | found.lsoa21_code.startswith("S")
    )
    default = found.sp_use == DEFAULT_USE
    unread = (found.postcode == "") | ibis.literal(not dims.has_directory)
    pseudo = (found.sp_use != "") | found.postcode.startswith("ZZ99")
    told = found.monitoring & found.rr_kind.isin(["sub_icb", "icb", "welsh_board"])
    return ibis.cases(
        (found.dms & (found.pr_place_country != ""), "practice_postcode"),
        (default, "default"),
        (found.in_directory, "postcode"),
        (pseudo, "abroad"),
        (by_lsoa & unread, "lsoa"),
        (told & unread, "residence_responsibility"),
        (found.postcode == "", "missing"),
        else_="not_in_directory" if dims.has_directory else "no_directory",
    )


def _country(found: ir.Table) -> ir.Value:
    """Country of residence; default and missing postcodes stand for England."""
    import ibis

    kind = found.residence
    lsoa = ibis.cases(
        (found.lsoa21_code.startswith("W"), WALES), (found.lsoa21_code.startswith("S"), "S92000003"), else_=ENGLAND
    )
    told = (found.rr_kind == "welsh_board").ifelse(WALES, ENGLAND)
    return ibis.cases(
        (kind == "postcode", found.pc_country),
        (kind == "practice_postcode", found.pr_place_country),
        (kind == "lsoa", lsoa),
        (kind == "residence_responsibility", told),
        (kind.isin(["abroad", "not_in_directory"]), ""),
        else_=ENGLAND,
    )


def _by_residence(found: ir.Table, postcode: str, lsoa: str, practice: str, told: ir.Value | None = None) -> ir.Value:
    import ibis

    kind = found.residence
    branches = [(kind == "postcode", found[postcode]), (kind == "lsoa", found[lsoa])]
    branches.append((kind == "practice_postcode", found[practice]))
    if told is not None:
        branches.append((kind == "residence_responsibility", told))
    return ibis.cases(*branches, else_="")


def _if_kind(found: ir.Table, short: str, *kinds: str) -> ir.Value:
    return found[f"{short}_kind"].isin(kinds).ifelse(found[f"{short}_code"], "")


def _responsible(found: ir.Table) -> ir.Table:
    """OUT responsible sub-ICB: practice, else residence, else the provider's place; and the population's own ladder."""
    import ibis

    first_by_address = found.no_practice | (found.sp_hub != "") | found.dms
    day = found.assignment_date
    begun = found.pr_commissioner_from.isnull() | (day >= found.pr_commissioner_from) | (day < found.pr_open_date)
    current = begun & (found.pr_commissioner_to.isnull() | (day <= found.pr_commissioner_to))
    by_practice = ~first_by_address & found.pr_english & found.practice_open & (found.pr_sub_icb != "") & current
    agreed = found.flow.isin([row["flow"] for row in rows("flow_methods") if row["agreed_commissioner"] == "Y"])
    told = found.monitoring & (found.gr_kind == "sub_icb")
    method = ibis.cases(
        (by_practice, "practice"),
        (told, "gp_practice_responsibility"),
        (found.res_sub_icb != "", found.residence),
        (agreed & found.cs_kind.isin(["sub_icb", "icb"]), "commissioner_submitted"),
        (found.monitoring & ((found.gr_kind == "icb") | (found.rr_kind == "icb")), ICB_ONLY),
        (found.pv_sub_icb != "", "provider_address"),
        else_="none",
    )
    found = found.mutate(first_by_address=first_by_address, resp_method=method)
    code = found.resp_method.cases(
        ("practice", found.pr_sub_icb),
        ("gp_practice_responsibility", found.gr_code),
        ("commissioner_submitted", found.cs_code),
        (ICB_ONLY, (found.gr_kind == "icb").ifelse(found.gr_code, found.rr_code)),
        ("provider_address", found.pv_sub_icb),
        ("none", ""),
        else_=found.res_sub_icb,
    )
    found = found.mutate(resp_code=code, placed=~found.resp_method.isin(["provider_address", "none"]))
    return found.mutate(**_population(found), split_icb=_split_icb(found))


def _split_icb(found: ir.Table) -> ir.Value:
    """ICB of a sub-ICB that lies in several: by what gave it, or by a small area inside it."""
    import ibis

    return ibis.cases(
        (found.resp_method == "practice", found.pr_icb_2026),
        (found.resp_method == "provider_address", found.pv_icb),
        ((found.res_sub_icb == found.resp_code) & (found.res_icb_2026 != ""), found.res_icb_2026),
        (found.ls_sub_icb == found.resp_code, found.ls_icb_2026),
        else_="",
    )


def _population(found: ir.Table) -> Mapping[str, ir.Value]:
    """The same ladder without boxes; it never ends at the provider's place (blank when nobody is known)."""
    import ibis

    said = [(_if_kind(found, s, kind), "responsibility") for kind in ("sub_icb", "icb") for s in ("gr", "rr")]
    lsoa = found.ls_sub_icb
    choices = [(found.placed, found.resp_code), (lsoa != "", lsoa), *[(c != "", c) for c, _ in said]]
    shown = found.resp_method.cases(
        ("practice_postcode", "postcode"),
        ("gp_practice_responsibility", "responsibility"),
        ("residence_responsibility", "responsibility"),
        (ICB_ONLY, "responsibility"),
        ("commissioner_submitted", "commissioner"),
        else_=found.resp_method,
    )
    methods = [(found.placed, shown), (lsoa != "", "lsoa"), *[(c != "", m) for c, m in said]]
    return {"pop_code": ibis.cases(*choices, else_=""), "population_method": ibis.cases(*methods, else_="none")}

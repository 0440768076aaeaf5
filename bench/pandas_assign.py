"""Assignment in pandas: a merge for each look-up, a mask for each question, `np.select` for the boxes of the chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

ASSUMED = ["default", "missing", "no_directory"]
OUT = "OUT:"


def assign(records: pd.DataFrame, register: Any) -> pd.DataFrame:
    """Add assignment_date, population, commissioner, payer, category, box, label, accountable body and host."""
    from tertiary.assign import dimensions as tables
    from tertiary.assign.periods import boundaries, periods
    from tertiary.assign.settings import AssignSettings

    settings = AssignSettings()
    f = _dated(records, register)
    days = pd.DatetimeIndex([pd.Timestamp(d) for d in boundaries(register)])
    f["period"] = np.maximum(days.searchsorted(f["assignment_date"], side="right") - 1, 0).astype("int32")
    used = periods(register, sorted(f["period"].unique().tolist()), settings)
    f["practice_found"] = _look(f, tables.practices(register), {"gp_practice_code": "practice_code"})
    _look(f, tables.special_postcodes(register), {"postcode": "postcode"})
    f["in_directory"] = _look(f, tables.postcode_directory(register), {"postcode": "postcode"})
    _look(f, tables.lsoas(register), {"lsoa21_code": "lsoa21_code"})
    _look(f, tables.providers(register, used), {"provider_code": "written", "period": "period"})
    _look(f, tables.lines(register, used), {"service_line_final": "service_line_code", "period": "period"})
    bodies = tables.bodies(register, used)
    for short, column in (("gr", "gp_practice_responsibility"), ("rr", "residence_responsibility"),
                          ("cs", "commissioner_submitted")):  # fmt: skip
        _look(f, bodies, {column: "written", "period": "period"}, short)
    _residence(f, register["postcodes"].num_rows > 0)
    _responsible(f)
    places = tables.places(register, used)
    _look(f, places, {"resp_code": "code", "period": "period"}, "rp")
    _look(f, places, {"pop_code": "code", "period": "period"}, "pp")
    _icbs(f)
    _walk(f, register, used)
    _payer(f, register, used, tables.accountable(register, used))
    for name in ("assignment_date", "population_icb", "population_sub_icb", "commissioner_code", "payer_code",
                 "payer_kind", "assignment_box", "assignment_label", "accountable_body", "contracting_host",
                 "delegation_status"):  # fmt: skip
        records[name] = f[name]
    records["pss_line"], records["npoc_code"] = f["ln_pss"], f["ln_npoc"]
    records["commissioned_service_category"] = f["category"]
    return records


def _pick(cases: Sequence[tuple[Any, Any]], default: Any = "") -> pd.Series:
    """The value of the first case that holds, as text."""
    tests = [np.asarray(test, bool) for test, _ in cases]
    values = [v.to_numpy(object) if isinstance(v, pd.Series) else v for _, v in cases]
    other = default.to_numpy(object) if isinstance(default, pd.Series) else default
    return pd.Series(np.select(tests, values, other)).astype("str")


def _look(f: pd.DataFrame, table: Any, on: dict[str, str], prefix: str = "") -> pd.Series:
    """Add the columns of a look-up table to `f`; blank or False where nothing is found. Returns where it was found."""
    right = table.to_pandas().rename(columns={r: left for left, r in on.items()})
    right["found_"] = True
    got = f[list(on)].merge(right, on=list(on), how="left", validate="m:1")
    for name in right.columns.difference([*on, "found_"], sort=False):
        value = got[name]
        if right[name].dtype == bool:
            value = value.fillna(False).astype(bool)
        elif name.endswith(("_from", "_to", "_date")):
            value = pd.to_datetime(value)
        else:
            value = value.fillna("")
        f[f"{prefix}_{name}" if prefix else name] = value
    return got["found_"].eq(True)


def _dated(records: pd.DataFrame, register: Any) -> pd.DataFrame:
    """The columns that the method reads, with CDS type, kind of flow and assignment date."""
    from tertiary.assign.data import codes, flows, rows

    columns = [
        "flow", "cds_type", "component", "financial_year", "financial_month", "activity_date", "start_date", "end_date",
        "discharge_date", "gp_practice_code", "postcode", "lsoa21_code", "provider_code", "service_line_final",
        "gp_practice_responsibility", "residence_responsibility", "commissioner_submitted", "treatment_function_code",
        "overseas_visitor_charging_category", "administrative_category", "source_of_admission", "supply_route",
        "commissioned_service_category", "referred_via_ras", "section_7a_service", "other_public_health",
        "armed_forces_fertility_approved", "osv_international_agreement", "appendix_c_service", "diagnosis_all",
        "procedure_all",
    ]  # fmt: skip
    f = records[columns].copy()
    types = pd.DataFrame(rows("assignment_dates"))
    hospital = f["flow"].isin(flows("hospital")) & f["cds_type"].isin(types["cds_type"])
    default = f["flow"].map({r["flow"]: r["cds_type_default"] for r in rows("flow_methods")}).fillna("")
    f["cds_type"] = f["cds_type"].where(hospital, default)
    f["scope"] = f["cds_type"].map(types.set_index("cds_type")["scope"]).fillna("")
    f["monitoring"] = f["flow"].isin(flows("contract_monitoring"))
    f["record_only"] = f["flow"].isin(flows("record_only"))
    months = register["year_months"].select(["financial_year", "financial_month", "effective_date"]).to_pandas()
    asked = pd.DataFrame(
        {"financial_year": f["financial_year"], "financial_month": f["financial_month"].clip(upper=12)}
    )
    effective = pd.to_datetime(asked.merge(months, on=list(asked.columns), how="left")["effective_date"])
    day = f["activity_date"]
    for order, some in types.groupby("date_order"):
        chosen = None
        for name in order.split("|"):
            chosen = f[name] if chosen is None else chosen.fillna(f[name])
        day = day.where(~f["cds_type"].isin(some["cds_type"]), chosen)
    f["assignment_date"] = day.where(~f["monitoring"], effective.fillna(f["activity_date"]))
    diagnosis = "(?:^|,)(?:" + "|".join(codes("infertility_diagnosis_prefix")) + ")"
    procedure = "(?:^|,)(?:" + "|".join(codes("infertility_procedure")) + ")"
    f["infertility"] = f["diagnosis_all"].str.contains(diagnosis) | f["procedure_all"].str.contains(procedure)
    return f.drop(columns=["diagnosis_all", "procedure_all"])


def _residence(f: pd.DataFrame, has_directory: bool) -> None:
    """Practice and usual place of residence, by the first of the sources that answers."""
    from tertiary.assign.data import codes
    from tertiary.assign.dimensions import ENGLAND, WALES

    closed = f["pr_close_date"]
    f["practice_open"] = f["practice_found"] & (closed.isna() | (f["assignment_date"] <= closed))
    f["no_practice"] = f["gp_practice_code"].eq("") | f["gp_practice_code"].isin(codes("no_practice"))
    f["dms"] = f["pr_dms"] & f["practice_open"]
    listed = f["practice_open"] & ~f["no_practice"]
    told = f["monitoring"] & ~listed
    told_welsh = told & (f["gr_kind"] == "welsh_board")
    f["english_gp"] = (listed & f["pr_english"]) | (told & f["gr_kind"].isin(["sub_icb", "icb"]))
    f["welsh_gp"] = (listed & f["pr_welsh"]) | told_welsh
    f["gp_board"] = f["gr_code"].where(told_welsh, f["pr_board"])
    lsoa = f["lsoa21_code"]
    by_lsoa = (f["ls_sub_icb"] != "") | lsoa.str.startswith(("W", "S"))
    unread = (f["postcode"] == "") | (not has_directory)
    f["residence"] = _pick(
        [
            (f["dms"] & (f["pr_place_country"] != ""), "practice_postcode"),
            (f["sp_use"] == "default_use_provider_address", "default"),
            (f["in_directory"], "postcode"),
            ((f["sp_use"] != "") | f["postcode"].str.startswith("ZZ99"), "abroad"),
            (by_lsoa & unread, "lsoa"),
            (
                f["monitoring"] & f["rr_kind"].isin(["sub_icb", "icb", "welsh_board"]) & unread,
                "residence_responsibility",
            ),
            (f["postcode"] == "", "missing"),
        ],
        "not_in_directory" if has_directory else "no_directory",
    )
    kind = f["residence"]
    f["res_country"] = _pick(
        [
            (kind == "postcode", f["pc_country"]),
            (kind == "practice_postcode", f["pr_place_country"]),
            ((kind == "lsoa") & lsoa.str.startswith("W"), WALES),
            ((kind == "lsoa") & lsoa.str.startswith("S"), "S92000003"),
            ((kind == "residence_responsibility") & (f["rr_kind"] == "welsh_board"), WALES),
            (kind.isin(["abroad", "not_in_directory"]), ""),
        ],
        ENGLAND,
    )
    told_sub = f["rr_code"].where(f["rr_kind"] == "sub_icb", "")
    for name, by_told in (("sub_icb", told_sub), ("icb", f["rr_icb"]), ("icb_2026", ""), ("region", f["rr_region"]),
                          ("lad", "")):  # fmt: skip
        f[f"res_{name}"] = _pick(
            [
                (kind == "postcode", f[f"pc_{name}"]),
                (kind == "lsoa", f[f"ls_{name}"]),
                (kind == "practice_postcode", f[f"pr_place_{name}"]),
                (kind == "residence_responsibility", by_told),
            ]
        )


def _responsible(f: pd.DataFrame) -> None:
    """The responsible sub-ICB: practice, else residence, else the provider's place; and the population's own ladder."""
    from tertiary.assign.data import rows

    day, begun, ended = f["assignment_date"], f["pr_commissioner_from"], f["pr_commissioner_to"]
    f["by_address"] = f["no_practice"] | (f["sp_hub"] != "") | f["dms"]
    current = (begun.isna() | (day >= begun) | (day < f["pr_open_date"])) & (ended.isna() | (day <= ended))
    by_practice = ~f["by_address"] & f["pr_english"] & f["practice_open"] & (f["pr_sub_icb"] != "") & current
    agreed = f["flow"].isin([r["flow"] for r in rows("flow_methods") if r["agreed_commissioner"] == "Y"])
    only_icb = f["monitoring"] & ((f["gr_kind"] == "icb") | (f["rr_kind"] == "icb"))
    f["resp_method"] = _pick(
        [
            (by_practice, "practice"),
            (f["monitoring"] & (f["gr_kind"] == "sub_icb"), "gp_practice_responsibility"),
            (f["res_sub_icb"] != "", f["residence"]),
            (agreed & f["cs_kind"].isin(["sub_icb", "icb"]), "commissioner_submitted"),
            (only_icb, "icb_only"),
            (f["pv_sub_icb"] != "", "provider_address"),
        ],
        "none",
    )
    method = f["resp_method"]
    f["resp_code"] = _pick(
        [
            (method == "practice", f["pr_sub_icb"]),
            (method == "gp_practice_responsibility", f["gr_code"]),
            (method == "commissioner_submitted", f["cs_code"]),
            (method == "icb_only", f["gr_code"].where(f["gr_kind"] == "icb", f["rr_code"])),
            (method == "provider_address", f["pv_sub_icb"]),
            (method == "none", ""),
        ],
        f["res_sub_icb"],
    )
    f["placed"] = ~method.isin(["provider_address", "none"])
    same = (f["res_sub_icb"] == f["resp_code"]) & (f["res_icb_2026"] != "")
    f["split_icb"] = _pick(
        [
            (method == "practice", f["pr_icb_2026"]),
            (method == "provider_address", f["pv_icb"]),
            (same, f["res_icb_2026"]),
            (f["ls_sub_icb"] == f["resp_code"], f["ls_icb_2026"]),
        ]
    )
    said = [(f[f"{s}_kind"] == kind, f[f"{s}_code"]) for kind in ("sub_icb", "icb") for s in ("gr", "rr")]
    f["pop_code"] = _pick([(f["placed"], f["resp_code"]), (f["ls_sub_icb"] != "", f["ls_sub_icb"]), *said])


def _icbs(f: pd.DataFrame) -> None:
    is_icb = (f["pp_icb"] == f["pop_code"]) & (f["pop_code"] != "")
    f["resp_icb"] = f["rp_icb"].where(f["rp_icb"] != "", f["split_icb"])
    f["population_icb"] = _pick([(f["pp_icb"] != "", f["pp_icb"]), (f["placed"], f["split_icb"])], f["ls_icb_2026"])
    f["population_sub_icb"] = f["pop_code"].where(~is_icb, "")


def _answers(f: pd.DataFrame, register: Any) -> dict[str, np.ndarray]:
    """The answer to the question of each box."""
    from tertiary.assign.data import codes
    from tertiary.assign.dimensions import ENGLAND

    areas: dict[str, list[str]] = {}
    for row in register["welsh_border_areas"].to_pylist():
        areas.setdefault(row["area_type"], []).append(row["area_code"])
    lads = [code for kind, found in areas.items() if kind != "icb" for code in found]
    assumed = f["residence"].isin(ASSUMED)
    home_icb, home_lad = (f[f"pv_{c}"].where(assumed, f[f"res_{c}"]) for c in ("icb", "lad"))
    border = home_icb.isin(areas["icb"]) | home_lad.isin(lads)
    category = f["overseas_visitor_charging_category"]
    abroad = f["pr_abroad"] & f["practice_open"]
    here = f["res_country"].isin(codes("united_kingdom"))
    admitted = f["scope"] == "admitted"
    found = {
        "otherwise": np.ones(len(f), bool),
        "cds_type_011": f["cds_type"] == "011",
        "residence_england": f["res_country"] == ENGLAND,
        "private_or_charged": category.isin(codes("charged"))
        | f["administrative_category"].isin(codes("private_administrative_category")),
        "ordinarily_resident": (category.isin(codes("ordinarily_resident")) | (category == "")) & ~abroad & here,
        "highly_specialised": f["ln_highly"],
        "eea_access": f["sp_use"] == "eea_access",
        "international_agreement": f["osv_international_agreement"] == "Y",
        "english_practice": f["english_gp"],
        "welsh_practice_and_border": f["welsh_gp"] & border,
        "english_practice_and_border": f["english_gp"] & ~abroad & border,
        "specialised": f["ln_specialised"],
        "appendix_c": f["appendix_c_service"] == "Y",
        "referred_via_ras": f["referred_via_ras"] == "Y",
        "red_or_blue": f["ln_status"].isin(codes("red_or_blue")),
        "green_or_amber": f["ln_specialised"] & f["ln_status"].isin(["green", "amber"]),
        "green": f["ln_specialised"] & (f["ln_status"] == "green"),
        "contracted_provider": f["pv_hub"] != "",
        "secondary_dental": f["treatment_function_code"].isin(codes("dental_treatment_function")),
        "health_justice": (f["sp_hub"] != "") & (~admitted | (f["source_of_admission"] == "39")),
        "section_7a": (f["section_7a_service"] == "Y") | f["ln_public_health"],
        "other_public_health": f["other_public_health"] == "Y",
        "infertility": f["infertility"],
        "armed_forces_fertility": f["armed_forces_fertility_approved"] == "Y",
        "armed_forces_practice": f["pr_army"] & f["practice_open"],
        "delegated": f["rp_delegated"],
    }
    return {name: np.asarray(answer, bool) for name, answer in found.items()}


def _walk(f: pd.DataFrame, register: Any, used: Sequence[Any]) -> None:
    """Box by box: who stands at a box goes where the answer leads. Boxes stand in walking order."""
    from tertiary.assign.walk import steps

    answers = _answers(f, register)
    mental = f["ln_mental"].to_numpy(bool)
    walked = ~f["record_only"].to_numpy(bool) & (f["component"] == "activity").to_numpy()
    outcome, box, category = (np.full(len(f), "", object) for _ in range(3))
    table = register["assignment_steps"].to_pylist()
    rulesets = {(p.number, True): p.monitoring for p in used} | {(p.number, False): p.hospital for p in used}
    for ruleset in sorted(set(rulesets.values())):
        periods = [[n for (n, m), name in rulesets.items() if name == ruleset and m is side] for side in (True, False)]
        monitored = f["monitoring"].to_numpy(bool)
        mine = walked & np.where(monitored, f["period"].isin(periods[0]), f["period"].isin(periods[1]))
        boxes = steps(table, ruleset)
        numbers = {step.box: number for number, step in enumerate(boxes)}
        at = np.where(mine, 0, -1)
        for number, step in enumerate(boxes):
            here = at == number
            if not here.any():
                continue
            yes = answers[step.predicate]
            emergency = answers["cds_type_011"] & bool(step.no_to_emergency)
            for test, target, plain, twin in (
                (yes, step.yes_to, step.category_yes, step.category_yes_mental_health),
                (~yes & emergency, step.no_to_emergency, step.category_no, step.category_no_mental_health),
                (~yes & ~emergency, step.no_to, step.category_no, step.category_no_mental_health),
            ):
                gone = here & test
                if target.startswith(OUT):
                    outcome[gone], box[gone], at[gone] = target, step.box, -1
                    category[gone] = np.where(mental[gone], twin, plain)
                elif target:
                    at[gone] = numbers[target]
    box[~walked] = "not_applicable"
    f["outcome"], f["assignment_box"], f["category"] = (pd.Series(x).astype("str") for x in (outcome, box, category))


def _payer(f: pd.DataFrame, register: Any, used: Sequence[Any], accountable: Any) -> None:
    """Commissioner, payer and accountable body of the outcome."""
    from tertiary.assign.data import codes, rows
    from tertiary.assign.dimensions import ARMED_FORCES
    from tertiary.register.responsibility import NHS_ENGLAND

    hubs = {r["region_code"]: r["specialised_hub"] for r in register["regions"].to_pylist()}
    outcome = f["outcome"]
    practice = f["pr_english"] & f["practice_open"] & (f["pr_region"] != "")
    told = f["monitoring"] & (f["gr_region"] != "")
    assumed = f["residence"].isin(ASSUMED)
    home = _pick([(f["res_region"] != "", f["res_region"]), (assumed, f["pv_region"])])
    region = _pick(
        [(~f["by_address"] & practice, f["pr_region"]), (told, f["gr_region"]), (f["by_address"] & (home != ""), home)]
    )
    gp_hub = region.map(hubs).fillna("").where(region != "", f["pv_hub"])
    own = f["pr_place_region"].where(f["pr_place_region"] != "", f["pr_region"])
    public_health = _pick(
        [
            (f["dms"] & (own != ""), own),
            (~f["no_practice"] & practice, f["pr_region"]),
            (told, f["gr_region"]),
        ],
        home,
    )
    here = f["english_gp"] | f["res_country"].isin(codes("united_kingdom"))
    visitor = outcome == "OUT:osv_guidance"
    responsible = (outcome == "OUT:responsible_sub_icb") | (visitor & here)
    host = (outcome == "OUT:host_sub_icb") | (visitor & ~here)
    f["commissioner_code"] = _pick(
        [
            (responsible, f["resp_code"].where(f["resp_method"] != "icb_only", "")),
            (host, f["pv_sub_icb"]),
            (outcome == "OUT:specialised_hub_provider", f["pv_hub"]),
            (outcome == "OUT:specialised_hub_gp_practice", gp_hub),
            (outcome == "OUT:armed_forces_hub", ARMED_FORCES),
            (outcome == "OUT:health_justice_hub", f["sp_hub"]),
            (outcome == "OUT:public_health_region", public_health),
            (outcome == "OUT:local_authority", f["res_lad"].where(f["res_lad"] != "", f["pv_lad"])),
            (outcome == "OUT:devolved_board", _board(f)),
            (outcome == "OUT:devolved_specialised", _devolved_body(f)),
            (outcome == "OUT:private_or_cov", "VPP00"),
        ]
    )
    labels = {r["outcome"]: r for r in rows("outcomes")}
    kind = outcome.map({k: r["payer_kind"] for k, r in labels.items()}).fillna("none")
    excluded = (f["component"] != "activity") & ~f["record_only"]
    f["assignment_label"] = _pick(
        [(f["record_only"], "record_only"), (excluded, "tariff_excluded")],
        outcome.map({k: r["label"] for k, r in labels.items()}).fillna(""),
    )
    kind = _excluded(f, used).where(excluded, kind)
    icb = f["pv_icb"].where(host, f["resp_icb"])
    code = _pick([(kind == "icb", icb), (kind == "nhs_england", NHS_ENGLAND), (kind == "none", "")],
                 f["commissioner_code"])  # fmt: skip
    f["payer_code"], f["payer_kind"] = code, kind.where((code != "") | (kind == "none"), "none")
    specialised, status = f["ln_specialised"], f["ln_status"]
    f["delegation_status"] = _pick(
        [
            (f["service_line_final"] == "", "none"),
            (~specialised, "other"),
            ((status == "green") & f["rp_delegated"], "delegated"),
            (status.isin(["green", "amber", "red", "blue"]), "retained"),
        ],
        "other",
    )
    hosted = (f["delegation_status"] == "delegated") & f["category"].isin(codes("delegated_category"))
    f["contracting_host"] = f["pv_contracting_host"].where(hosted, "")
    f["ac_region"] = f["rp_region"].where(f["rp_region"] != "", f["pv_region"])
    _look(f, accountable, {"ln_set": "service_set", "ac_region": "region", "period": "period"})
    prescribed = f["payer_kind"].isin(["icb", "nhs_england"])
    f["accountable_body"] = _pick(
        [
            (prescribed & (f["ac_rule"] == "nhs_england"), NHS_ENGLAND),
            (prescribed & (f["ac_rule"] == "secretary_of_state"), "DHSC"),
            (prescribed & (f["ac_rule"] == "icb_of_population") & (f["population_icb"] != ""), f["population_icb"]),
        ],
        f["payer_code"],
    )


def _board(f: pd.DataFrame) -> pd.Series:
    from tertiary.assign.dimensions import ENGLAND, WALES

    by_practice = (f["res_country"] == ENGLAND) | ((f["res_country"] == "") & f["welsh_gp"])
    kind = f["residence"]
    by_own = ((kind == "lsoa") & f["welsh_gp"] & (f["res_country"] == WALES)) | (kind == "practice_postcode")
    told = (kind == "residence_responsibility") & (f["rr_kind"] == "welsh_board")
    return _pick(
        [
            (by_practice, f["gp_board"]),
            (told, f["rr_code"]),
            (kind == "postcode", f["pc_board"]),
            (by_own, f["gp_board"]),
        ]
    )


def _devolved_body(f: pd.DataFrame) -> pd.Series:
    from tertiary.assign.decide import DEVOLVED_SPECIALISED
    from tertiary.assign.dimensions import ENGLAND, WALES

    by_practice = (f["res_country"] == ENGLAND) | ((f["res_country"] == "") & f["welsh_gp"])
    return f["res_country"].where(~by_practice, WALES).map(DEVOLVED_SPECIALISED).fillna("")


def _excluded(f: pd.DataFrame, used: Sequence[Any]) -> pd.Series:
    """Payer kind of drugs and devices: distinct combinations looked up once and merged back."""
    from tertiary.assign.excluded import KEY, chosen

    days = {p.number: p.first_day for p in used}
    seen = f.loc[f["component"] != "activity", list(KEY)].drop_duplicates()
    kinds = [chosen(row, days[row["period"]])["payer_kind"] for row in seen.to_dict("records")]
    seen["kind"] = kinds
    return f[list(KEY)].merge(seen, on=list(KEY), how="left")["kind"].fillna("none")

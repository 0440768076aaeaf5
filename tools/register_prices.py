"""Prices, market forces, weights, costs and the HRG list."""

from __future__ import annotations

from pathlib import Path

from register_io import Row, fiscal, read_rows, year_end, year_start

PRICE_COLUMNS = (
    ("elective", ("elective_ordinary_gbp", "combined_daycase_elective_gbp")),
    ("day_case", ("day_case_only_gbp", "combined_daycase_elective_gbp")),
    ("non_elective", ("non_elective_gbp",)),
    ("outpatient_procedure", ("outpatient_procedure_gbp",)),
)
NCC_SOURCE = "National Cost Collection 2024/25, national schedule (GitHub NICE-Data-and-Analytics/COSTmos)"

# How each point of delivery is priced: codes -> (group, currency field, top-up, market forces, basis, note).
PRICING: list[tuple[str, tuple[str, str, str, str, str, str]]] = [
    ("EL", ("elective", "hrg", "Y", "Y", "priced", "combined day case and elective price, or its own where split")),
    ("DC DCRE RADAY RANIGHT", ("day_case", "hrg", "Y", "Y", "priced", "combined price, or its own where split")),
    ("NEL NELNE", ("non_elective", "hrg", "Y", "Y", "priced", "non-elective price")),
    ("NELST", ("non_elective_short_stay", "hrg", "Y", "Y", "priced", "non-elective price, reduced for some HRGs")),
    ("OPPROC OPPROCFA OPPROCFUP", ("outpatient_procedure", "hrg", "N", "Y", "priced", "procedure price")),
    (
        "OPFA OPFAHOME OPFAPREOP OPFASPCL OPFASPNCL NF2FFA WAFA",
        ("outpatient_first", "treatment_function_code", "N", "Y", "priced", "attendance price by treatment function"),
    ),
    (
        "OPFUP OPFUPHOME OPFUPPREOP OPFUPSPCL OPFUPSPNCL NF2FFUP WAFUP",
        (
            "outpatient_follow_up",
            "treatment_function_code",
            "N",
            "Y",
            "priced",
            "attendance price by treatment function",
        ),
    ),
    (
        "OPFAMPCL OPFAMPNCL",
        ("outpatient_first_multi", "treatment_function_code", "N", "Y", "priced", "multi-professional attendance"),
    ),
    (
        "OPFUPMPCL OPFUPMPNCL",
        ("outpatient_follow_up_multi", "treatment_function_code", "N", "Y", "priced", "multi-professional attendance"),
    ),
    ("UNBACC UNBNCC UNBPCC", ("critical_care_day", "hrg", "N", "Y", "priced", "a price a day")),
    ("ARD CRD", ("renal_session", "hrg", "N", "Y", "priced", "a session, or a day of peritoneal dialysis")),
    (
        "UNBCHEMO UNBRTHPY UNBRAD UNBREHAB UNBPALL UNBOTHER DAIMG",
        ("unbundled", "hrg", "N", "Y", "priced", "a delivery, fraction, test or day"),
    ),
    ("AE", ("emergency_care", "hrg", "N", "Y", "priced", "attendance price")),
    ("DRUG DEVICE", ("", "hrg", "N", "N", "pass_through", "actual cost; no market forces, no top-up")),
    ("BLOCK ADJUSTMENT CQUIN NAOTHER", ("", "hrg", "N", "N", "as_agreed", "value as agreed")),
    ("YOC", ("year_of_care", "hrg", "N", "Y", "priced", "a twelfth of the annual price of the band a month")),
    ("ELXBD", ("excess_bed_day_elective", "hrg", "N", "Y", "priced", "a rate a day beyond the trim point")),
    (
        "NELXBD NELNEXBD",
        ("excess_bed_day_non_elective", "hrg", "N", "Y", "priced", "a rate a day beyond the trim point"),
    ),
]
# group, basis of a record priced from it, group whose price stands where it has none, what one unit is
GROUPS = [
    ("elective", "national", "", "a spell"),
    ("day_case", "national", "", "a spell"),
    ("non_elective", "national", "", "a spell"),
    ("non_elective_short_stay", "national", "non_elective", "an emergency spell of less than two days"),
    ("outpatient_procedure", "national", "", "an attendance with a procedure"),
    ("outpatient_first", "national", "", "a first attendance, single professional"),
    ("outpatient_first_multi", "national", "outpatient_first", "a first attendance, multi-professional"),
    ("outpatient_follow_up", "national", "", "a follow-up attendance, single professional"),
    ("outpatient_follow_up_multi", "national", "outpatient_follow_up", "a follow-up attendance, multi-professional"),
    ("critical_care_day", "critical_care", "", "a day"),
    ("renal_session", "national", "", "a session, or a day of peritoneal dialysis"),
    ("unbundled", "national", "", "a delivery, fraction, test or day"),
    ("emergency_care", "national", "", "an attendance"),
    ("excess_bed_day_elective", "excess_bed_day", "", "a day beyond the trim point"),
    ("excess_bed_day_non_elective", "excess_bed_day", "", "a day beyond the trim point"),
    ("year_of_care", "year_of_care", "", "a patient month"),
]
# the point of delivery says whether an attendance is a first one, the HRG whether it is multi-professional
ATTENDANCES = [
    ("WF01A", "outpatient_follow_up_multi", "outpatient_follow_up"),
    ("WF01B", "outpatient_first_multi", "outpatient_first"),
    ("WF02A", "outpatient_follow_up", "outpatient_follow_up_multi"),
    ("WF02B", "outpatient_first", "outpatient_first_multi"),
]
SCRIPT = "public repricing scripts and payment scheme documents"
# unit prices were published in whole pounds; nothing read states how schemes round otherwise
POLICY = {
    "derived_unit_places": "0", "month_places": "2", "line_rounding": "half_away_from_zero_to_pence",
    "top_up_flags": "final", "local_price": "as_submitted", "band_change": "next_april",
    "leaver": "through_month_of_end",
    "source": "background: unit prices to the nearest pound, totals in pence; local prices by the Data Dictionary's "
    "meaning of NATIONAL TARIFF INDICATOR; year-of-care terms as designed here",
    "confidence": "low",
}  # fmt: skip
POLICY_YEARS = [f"{year}{(year + 1) % 100:02d}" for year in range(2017, 2027)]
SUBMITTED = ("", "hrg", "N", "N", "submitted", "no national price was found; the submitted price stands")


def build(source: Path) -> dict[str, list[Row]]:
    """Every price and cost table."""
    prices = source / "prices"
    tariff = read_rows(prices / "hrg_tariff_2017_19.csv")
    schedule = read_rows(prices / "ncc_2024_25_national_schedule.csv")
    return {
        "unit_prices": _unit_prices(tariff),
        "market_forces": _market_forces(prices),
        "point_of_delivery_prices": _points(source),
        "price_groups": _groups(),
        "attendance_groups": _attendances(),
        "pricing_policies": [{"financial_year": year, **POLICY} for year in POLICY_YEARS],
        "critical_care_weights": _weights(prices),
        "cost_collection": [_cost(r) for r in schedule],
        "cost_indices": _indices(prices),
        "hrgs": _hrgs(tariff, schedule, read_rows(source / "identification_rules.csv")),
    }


def _unit_prices(tariff: list[Row]) -> list[Row]:
    rows = []
    for r in tariff:
        year = fiscal(r["year"])
        for group, columns in PRICE_COLUMNS:
            price = next((r[c] for c in columns if r[c]), "")
            if price:
                rows.append(
                    {
                        "financial_year": year,
                        "price_group": group,
                        "currency_code": r["hrg"],
                        "unit_price": price,
                        "price_status": "national",
                        "valid_from": year_start(year),
                        "valid_to": year_end(year),
                        "source": r["source"],
                        "confidence": "high",
                    }
                )
    return sorted(rows, key=lambda r: (r["financial_year"], r["price_group"], r["currency_code"]))


def _market_forces(prices: Path) -> list[Row]:
    return [
        {
            "provider_code": r["provider_code"],
            "financial_year": fiscal(r["year"]),
            "factor": r["mff_factor"],
            "valid_from": year_start(fiscal(r["year"])),
            "valid_to": year_end(fiscal(r["year"])),
            "source": r["source"],
            "confidence": "medium",
        }
        for r in read_rows(prices / "mff_provider_2026_27.csv")
    ]


def _points(source: Path) -> list[Row]:
    known = {code: values for codes, values in PRICING for code in codes.split()}
    rows = []
    for r in read_rows(source / "schemas" / "codes_point_of_delivery.csv"):
        group, field, top_up, market, basis, note = known.get(r["pod_code"], SUBMITTED)
        rows.append(
            {
                "point_of_delivery": r["pod_code"],
                "valid_from": "2013-04-01",
                "valid_to": "",
                "price_group": group,
                "currency_field": field,
                "top_up_applies": top_up,
                "market_forces_applies": market,
                "basis": basis,
                "note": note,
                "source": SCRIPT,
                "confidence": "medium" if r["pod_code"] in known else "low",
            }
        )
    return rows


def _groups() -> list[Row]:
    names = ("price_group", "price_basis", "falls_back_to", "meaning")
    return [{**dict(zip(names, g, strict=True)), "source": SCRIPT, "confidence": "medium"} for g in GROUPS]


def _attendances() -> list[Row]:
    names = ("hrg", "price_group", "attendance_group")
    return [{**dict(zip(names, a, strict=True)), "source": SCRIPT, "confidence": "medium"} for a in ATTENDANCES]


def _weights(prices: Path) -> list[Row]:
    return [{**r, "confidence": "high"} for r in read_rows(prices / "critical_care_weights.csv")]


def _cost(r: Row) -> Row:
    return {
        "department_code": r["department_code"],
        "currency_code": r["currency_code"],
        "row_number": r["row"],
        "currency_desc": r["currency_desc"],
        "activity": r["activity"],
        "unit_cost": r["unit_cost"],
        "cost": r["cost"],
        "financial_year": fiscal(r["year"]),
        "source": NCC_SOURCE,
        "confidence": "high",
    }


def _indices(prices: Path) -> list[Row]:
    return [
        {
            "financial_year": fiscal(r["fiscal_year"]),
            "gdp_deflator": r["gdp_deflator"],
            "cpi_index": r["cpi_index"],
            "cpih_index": r["cpih_index"],
            "is_forecast": "Y" if r["is_forecast"] == "True" else "N",
            "source": r["source"],
            "confidence": "high",
        }
        for r in read_rows(prices / "cost_indices.csv")
    ]


def _is_hrg(code: str) -> bool:
    return len(code) == 5 and code[:2].isalpha() and code[2:4].isdigit() and code[4].isalpha() and code.isupper()


def _hrgs(tariff: list[Row], schedule: list[Row], rules: list[Row]) -> list[Row]:
    seen: dict[str, Row] = {}

    def add(code: str, name: str, year: str, basis: str) -> None:
        row = seen.setdefault(code, {"hrg": code, "name": "", "years": set(), "bases": []})
        row["name"] = name or row["name"]
        row["years"] |= {year} if year else set()
        row["bases"] += [basis] if basis not in row["bases"] else []

    for r in sorted(tariff, key=lambda r: r["year"]):
        add(r["hrg"], r["hrg_name"], fiscal(r["year"]), "national tariff 2017 to 2019")
    for r in schedule:
        if _is_hrg(r["currency_code"]):
            add(r["currency_code"], r["currency_desc"], fiscal(r["year"]), "cost collection 2024/25")
    for r in rules:
        for code in (f"{r['hrg']};{r['unbundled_hrg']}").split(";"):
            if code:
                add(code, "", "", "named in the rules")
    return [
        {
            "hrg": c,
            "name": r["name"],
            "first_year": min(r["years"], default=""),
            "last_year": max(r["years"], default=""),
            "basis": "; ".join(r["bases"]),
            "source": "union of " + ", ".join(r["bases"]),
            "confidence": "high" if r["years"] else "medium",
        }
        for c, r in sorted(seen.items())
    ]

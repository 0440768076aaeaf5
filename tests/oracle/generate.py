"""Records made to be difficult: every setting, rules that just hold and just fail, places and dates at their edges.

`batch(register, seed, rows)` gives records; `overlay(register)` gives the register with the tables that are not
public filled with invented rows, so that look-ups by postcode, provider lists, prices and top-ups are walked too.
Every code of an organisation, practice or area is real; no record is about a person.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from oracle.cases import record, with_rows

Row = dict[str, Any]

FLOW_OF_SETTING = {
    "APC": ("apc_spell", "apc_episode"),
    "OP": ("op",),
    "CC": ("cc_adult", "cc_paediatric", "cc_neonatal"),
    "NRD": ("plcm", "acm"),
    "MHSDS": ("plcm", "acm"),
    "ACM": ("acm", "plcm"),
    "DRUG": ("drplcm",),
    "DEVICE": ("deplcm",),
}
YEARS = ("202425", "202526", "202627")
BANDS = ("CF1", "CF2", "CF3")
EDGES = [date(year, 4, 1) for year in (2024, 2025, 2026)]
PROVIDERS = [
    "RRV",
    "RBV",
    "RRK",
    "RGT",
    "RR8",
    "RHM",
    "RTE",
    "RWM",
    "RVV",
    "RM1",
    "RTH",
    "RVR",
    "R0A",
    "NXX",
    "RRV00",
    "RT3",
]
PRISONS = ["M60 9AH", "DN7 6EE", "B18 4AS"]
DIRECTORY = [
    # postcode, country, sub-ICB, ICB, region, district, board
    ("M60 9AH", "E92000001", "14L", "QOP", "Y62", "E08000003", ""),
    ("DN7 6EE", "E92000001", "02X", "QF7", "Y63", "E08000017", ""),
    ("B18 4AS", "E92000001", "15E", "QHL", "Y60", "E08000025", ""),
    ("SY1 1AA", "E92000001", "M2L0M", "QOC", "Y60", "E06000051", ""),
    ("CW3 0AH", "E92000001", "27D", "QYG", "Y62", "E06000049", ""),
    ("GL50 3EQ", "E92000001", "11M", "QR1", "Y58", "E07000078", ""),
    ("NW1 2PG", "E92000001", "93C", "QMJ", "Y56", "E09000007", ""),
    ("SE25 4QB", "E92000001", "36L", "QWE", "Y56", "E09000008", ""),
    ("SP4 8QY", "E92000001", "92G", "QOX", "Y58", "E06000054", ""),
    ("CF10 3NP", "W92000004", "", "", "", "W06000015", "7A4"),
    ("LD3 7EB", "W92000004", "", "", "", "W06000023", "7A7"),
    ("CH7 1PZ", "W92000004", "", "", "", "W06000005", "7A1"),
    ("EH1 1AA", "S92000003", "", "", "", "S12000036", "SS9"),
    ("BT1 1AA", "N92000002", "", "", "", "N09000003", "ZC010"),
    ("JE2 3AB", "L93000001", "", "", "", "", ""),
    ("SL1 1AA", "E92000001", "D4U1Y", "QNQ", "Y59", "E06000039", ""),
    ("GU14 8QB", "E92000001", "D4U1Y", "QNQ", "Y59", "E07000092", ""),
    ("LL65 3NY", "W92000004", "", "", "", "W06000001", "7A1"),
    ("KA9 2RZ", "S92000003", "", "", "", "S12000028", "SA9"),
]
# small areas of postcodes in former Frimley, which lies in three boards from April 2026; and a postcode that has ended
AREAS = {"SL1 1AA": "E01016444", "GU14 8QB": "E01023149"}
ENDED = {"SE25 4QB": date(2024, 12, 1)}
# Wales and Scotland: the country can be told, no English board can
AREAS_ELSEWHERE = ["W01001939", "S01006506"]
PSEUDO = [
    "ZZ99 3VZ",
    "ZZ99 3WZ",
    "ZZ99 3CZ",
    "ZZ99 3GZ",
    "ZZ99 1WZ",
    "ZZ99 2WZ",
    "ZZ99 4HZ",
    "ZZ99 4PZ",
    "ZZ99 6GZ",
    "ZZ99 0XZ",
]
RESPONSIBLE = [
    "93C",
    "14L",
    "D4U1Y",
    "QMJ",
    "Z9B2Z",
    "Z9B2Z00",
    "93C00",
    "Q99",
    "X98",
    "7A4",
    "13Q",
    "VPP00",
    "06K",
    "YDD82",
    "QOP",
    "QOC",
    "M2L0M",
    "11M00",
    "7A7",
    "S0E4D",
]
INFERTILITY = ["N469", "N970", "Z312", "Z350", "Z351", "N468", "N96"]
FERTILITY_PROCEDURES = ["N341", "N347", "Q131", "Q139", "Q211", "Q212", "Q382", "Q384", "Q488", "Q485", "Y966", "Y967"]
TREATMENT_FUNCTIONS = ["300", "100", "140", "145", "217", "450", "451", "452", "264", "370", "150", "400", "812", ""]
PODS = [
    "EL",
    "DC",
    "NEL",
    "OPFA",
    "OPFUP",
    "OPPROC",
    "AE",
    "BLOCK",
    "CQUIN",
    "UNBCHEMO",
    "CC",
    "ADULTCC",
    "NONSUCH",
    "",
]


@dataclass
class Pools:
    """Values to draw from, read once."""

    rules: list[Row]
    criteria: dict[str, dict[int, list[Row]]]
    practices: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    lsoas: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    hrgs: list[str] = field(default_factory=list)


def pools(register: Mapping[str, Any]) -> Pools:
    """Everything the generator draws from, in a fixed order."""
    criteria: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for c in register["rule_criteria"].to_pylist():
        criteria[c["rule_id"]][c["clause"]].append(c)
    made = Pools(register["identification_rules"].to_pylist(), criteria)
    for p in sorted(register["practices"].to_pylist(), key=lambda x: str(x["practice_code"])):
        made.practices[_kind_of_practice(p)].append(p)
    areas = register["lsoas"].select(["lsoa21_code", "icb_code_2024", "lad_code"]).to_pylist()
    split = [a["lsoa21_code"] for a in areas if a["icb_code_2024"] in ("QNQ", "QM7", "QJG")]
    made.lsoas = sorted([a["lsoa21_code"] for a in areas[::97]] + split[::29] + AREAS_ELSEWHERE * 5)
    made.lines = sorted(r["service_line_code"] for r in register["service_lines"].to_pylist())
    pods = {r["point_of_delivery"] for r in register["point_of_delivery_prices"].to_pylist()}
    made.pods = [*sorted(pods), "NONSUCH", ""]
    made.categories = ["", "12", "21", "22", "25", "26", "31", "32", "41", "51", "55", "61", "71", "81"]
    made.hrgs = [*sorted(r["hrg"] for r in register["hrgs"].to_pylist())[::37], ""]
    return made


def _kind_of_practice(p: Row) -> str:
    if p["is_armed_forces"] == "Y":
        return "forces"
    if p["commissioner_code"] == "13Q":
        return "forces_abroad"
    if p["commissioner_code"].startswith("7A"):
        return "welsh"
    if p["commissioner_code"] == "D4U1Y":
        return "frimley"
    if p["icb_code"] in ("QYG", "QOC", "QGH", "QR1", "QUY"):
        return "border"
    if p["open_date"] and p["open_date"] >= date(2024, 3, 1):
        return "new"
    if p["close_date"]:
        return "closed" if p["close_date"] < date(2024, 1, 1) else "closing"
    if p["english"] != "Y":
        return "elsewhere"
    return "justice" if len(p["commissioner_code"]) == 3 and p["commissioner_code"][2] in "QTMRA" else "english"


def overlay(register: Mapping[str, Any], seed: int = 1) -> dict[str, Any]:
    """The register with invented rows in the tables that are not public."""
    rng = random.Random(seed)
    names = ("postcode", "country_code", "sub_icb_code", "icb_code", "region_code", "lad_code", "health_board_code")
    directory = [
        dict(zip(names, row, strict=True)) | {"lsoa21_code": AREAS.get(row[0], ""), "valid_to": ENDED.get(row[0])}
        for row in DIRECTORY
    ]
    lists = sorted({r["provider_list"] for r in register["identification_rules"].to_pylist() if r["provider_list"]})
    members = [
        {"list_name": name, "provider_code": provider, "valid_from": start, "valid_to": end}
        for name in lists[::2]
        for provider in rng.sample(PROVIDERS[:12], 4)
        for start, end in [rng.choice([(date(2013, 4, 1), None), (EDGES[1], None), (date(2013, 4, 1), EDGES[1])])]
    ]
    years = [("202425", EDGES[0]), ("202526", EDGES[1]), ("202627", EDGES[2])]
    hrgs = pools(register).hrgs[:-1]
    prices = [
        {
            "financial_year": year,
            "price_group": group,
            "currency_code": code,
            "unit_price": Decimal(rng.randrange(1, 999999)) / 100,
        }
        for year, _ in years[:2]
        for group in ("elective", "day_case", "non_elective", "outpatient_procedure", "unbundled", "critical_care_day")
        for code in hrgs[::2]
    ] + [
        {
            "financial_year": year,
            "price_group": group,
            "currency_code": code,
            "unit_price": Decimal(rng.randrange(1, 99999)) / 100,
        }
        for year, _ in years
        for group in ("outpatient_first", "outpatient_follow_up")
        for code in TREATMENT_FUNCTIONS[:8]
    ]
    forces = [
        {"provider_code": p, "financial_year": year, "factor": Decimal(rng.randrange(1000000, 1180000)) / 1000000}
        for year, _ in years[:2]
        for p in PROVIDERS[:9]
    ]
    top_ups = [
        {
            "financial_year": year,
            "service_line_code": line,
            "provider_code": p,
            "rate": Decimal(rng.randrange(0, 400000)) / 1000000,
        }
        | {"rank": rank, "valid_from": start + timedelta(days=rank * 30 - 30)}
        for year, start in years
        for line in ("NCBPS10Z", "NCBPS13E", "NCBPS08S", "NCBPS23X", "NCBPS06Z")
        for rank, p in enumerate(rng.sample(PROVIDERS[:9], 4), 1)
    ]
    # the same provider again, later and sooner to win
    top_ups += [{**t, "rank": 7 - t["rank"], "rate": Decimal("0.111"), "valid_from": EDGES[1]} for t in top_ups[::2]]
    hubs = {r["provider_code"]: r["hub_code"] for r in register["provider_hosts"].to_pylist()}
    contracts = [
        {"provider_code": p, "hub_code": hubs[p], "valid_from": start}
        for p in PROVIDERS[:11]
        if p in hubs
        for start in [rng.choice([date(2013, 4, 1), date(2013, 4, 1), EDGES[1]])]
    ]
    # RT3 was taken over by RJ1, which the list of factors names
    forces.append({"provider_code": "RJ1", "financial_year": "202526", "factor": Decimal("1.144191")})
    rules = _price_rules(rng, hrgs)
    prices += rules.pop("extra_prices")
    return with_rows(
        register,
        **rules,
        postcodes=directory,
        provider_lists=members,
        unit_prices=prices,
        market_forces=forces,
        top_ups=top_ups,
        provider_hub_mapping=contracts,
    )


def _price_rules(rng: random.Random, hrgs: list[str]) -> dict[str, list[Row]]:
    """Invented rows for every table of price rules; they meet half of the prices."""
    share = [Decimal(rng.randrange(100000, 990000)) / 1000000 for _ in range(3)]
    uplifts = [
        {"financial_year": year, "price_group": group, "rate": Decimal(rng.randrange(-20000, 60000)) / 1000000}
        for year, group in (
            ("202526", "elective"), ("202627", "elective"), ("202627", "non_elective"), ("202627", "unbundled")
        )
    ]  # fmt: skip
    reductions = [{"financial_year": y, "currency_code": c, "share": share[0]} for y in YEARS for c in hrgs[::3]]
    best = [
        {"financial_year": year, "price_group": group, "currency_code": code, "best_practice_flag": flag,
         "priority": priority, "multiplier": times, "addition": added, "addition_market_forces": forces,
         "valid_from": start, "valid_to": end}
        for year in YEARS
        for group in ("elective", "non_elective", "outpatient_procedure")
        for code, flag, priority, times, added, forces, start, end in [
            ("*", "BP1", 9, share[1] + 1, None, "", None, None),
            *((c, "BP1", 5, None, Decimal("123.45"), "N", EDGES[1], EDGES[2]) for c in hrgs[::6]),
            *((c, "BP2", 1, share[2], Decimal("-7.05"), "Y", None, EDGES[2]) for c in hrgs[::4]),
        ]
    ]  # fmt: skip
    bands = [{"financial_year": y, "band_code": c, "annual_price": Decimal("10000.07")} for y in YEARS for c in BANDS]
    rates = [
        {"financial_year": "202526", "price_group": group, "currency_code": code, "unit_price": Decimal(rate)}
        for group, rate in (("excess_bed_day_elective", 311), ("outpatient_first_multi", "262.50"))
        for code in (*hrgs[::2], *TREATMENT_FUNCTIONS[:4])
    ]
    fixed = [
        {"payer_code": payer, "provider_code": provider, "valid_from": EDGES[0], "valid_to": end}
        for payer, provider, end in (("QOP", "RRV", None), ("QMJ", "RBV", EDGES[1]), ("X24", "RHM", None))
    ]
    policies = [
        {"financial_year": year, "derived_unit_places": places, "month_places": 2, "top_up_flags": flags,
         "line_rounding": "half_away_from_zero_to_pence",
         "local_price": "by_list" if year == "202627" else "as_submitted"}
        for year, places, flags in (
            ("202425", 0, "final"), ("202526", 2, "final;derived;sus"), ("202627", 0, "final;sus")
        )
    ]  # fmt: skip
    return {
        "price_uplifts": uplifts, "short_stay_reductions": reductions, "best_practice_prices": best,
        "year_of_care_prices": bands, "low_volume_agreements": fixed, "pricing_policies": policies,
        "extra_prices": rates,
    }  # fmt: skip


class Maker:
    """Draws records; the same seed gives the same records."""

    def __init__(self, pool: Pools, seed: int) -> None:
        self.rng, self.pool, self.rows = random.Random(seed), pool, list[Row]()
        self.spells = 0

    def make(self, rows: int) -> list[Row]:
        """At least `rows` records: spells with their episodes and critical care, visits, contract rows."""
        kinds = ("spell", "op", "ec", "cc", "plcm", "acm", "drug", "device", "plan", "approval")
        weights = (30, 18, 5, 4, 22, 8, 5, 4, 3, 1)
        while len(self.rows) < rows:
            getattr(self, "_" + self.rng.choices(kinds, weights)[0])()
        return self.rows[:rows]

    # parts of a record

    def _day(self) -> date:
        rng = self.rng
        if rng.random() < 0.5:
            return rng.choice(EDGES) + timedelta(days=rng.choice([-2, -1, -1, 0, 0, 1, 2, 30, -30]))
        return date(2023, 9, 1) + timedelta(days=rng.randrange(1260))

    def _month(self, day: date) -> Row:
        year = day.year if day.month >= 4 else day.year - 1
        return {"financial_year": f"{year}{(year + 1) % 100:02d}", "financial_month": (day.month - 4) % 12 + 1}

    def _practice(self) -> str:
        rng = self.rng
        if rng.random() < 0.18:
            return rng.choice(["", "V81997", "V81998", "V81999", "ZZ9999"])
        kinds = list(self.pool.practices)
        kind = rng.choices(kinds, [6 if k == "english" else 2 if k in ("border", "frimley") else 1 for k in kinds])[0]
        return str(rng.choice(self.pool.practices[kind])["practice_code"])

    def _person(self, has_postcode: float) -> Row:
        rng = self.rng
        postcode = ""
        if rng.random() < has_postcode:
            postcode = rng.choice([p[0] for p in DIRECTORY] * 3 + PSEUDO + PRISONS * 2 + ["AB1 2CD"])
        return {
            "gp_practice_code": self._practice(),
            "postcode": postcode,
            "lsoa21_code": rng.choice(self.pool.lsoas) if rng.random() < 0.6 else "",
            "gp_practice_responsibility": rng.choice(RESPONSIBLE) if rng.random() < 0.5 else "",
            "residence_responsibility": rng.choice(RESPONSIBLE) if rng.random() < 0.5 else "",
            "sex": rng.choice(["1", "2", "2", "9", "0", ""]),
            "age": rng.choice([0, 1, 15, 16, 17, 18, 18, 19, 19, 24, 25, 40, 70, 101, 999, None]),
            "overseas_visitor_charging_category": rng.choice(
                ["A"] * 40 + ["", "", "", "", "B", "B", "C", "D", "E", "F", "X"]
            ),
            "administrative_category": rng.choice(["01"] * 15 + ["02", ""]),
            "referred_via_ras": self._flag(),
            "section_7a_service": self._flag(),
            "other_public_health": self._flag(),
            "armed_forces_fertility_approved": self._flag(),
            "osv_international_agreement": self._flag(),
            "appendix_c_service": self._flag(),
        }

    def _flag(self) -> str:
        return self.rng.choice(["", "", "", "", "", "", "N", "N", "Y"])

    def _codes(self) -> Row:
        """Clinical codes that mean nothing much."""
        rng = self.rng
        diagnoses = rng.choice(
            [[], ["J180"], ["I10", "E119"], [rng.choice(INFERTILITY)], ["J180", rng.choice(INFERTILITY)]]
        )
        procedures = rng.choice([[], [], ["U211"], [rng.choice(FERTILITY_PROCEDURES)], ["U211", "Z943"]])
        return {
            "diagnosis_all": ",".join(diagnoses),
            "procedure_all": ",".join(procedures),
            "treatment_function_code": rng.choice(TREATMENT_FUNCTIONS),
            "main_specialty_code": rng.choice(["300", "100", ""]),
            "hrg": rng.choice(self.pool.hrgs),
            "spell_hrg": rng.choice(["", "", "SB97Z", "SC97Z", "AA22C"]),
            "unbundled_hrg_all": rng.choice(["", "", "", "SB12Z", "SC21Z,RD10Z", "XC01Z"]),
            "admission_method": rng.choice(["11", "12", "21", "22", "28", "2A", ""]),
            "patient_classification": rng.choice(["1", "2", ""]),
            "source_of_admission": rng.choice(["19", "19", "39", "40", ""]),
            "service_line_sus": self._line(0.2),
            "service_line_submitted": self._line(0.4),
        }

    def _line(self, share: float) -> str:
        rng = self.rng
        if rng.random() > share:
            return ""
        return rng.choice(
            ["99999999", "NCBPSXXX", "CCGPS08S_EXC", "NOSUCH", rng.choice(self.pool.lines), rng.choice(self.pool.lines)]
        )

    def _money(self) -> Row:
        rng = self.rng
        amount = None if rng.random() < 0.1 else Decimal(rng.randrange(-(10**6), 10**8)) / 10 ** rng.choice([2, 3, 8])
        return {
            "quantity": Decimal(rng.choice([0, 1, 1, 1, 2, 3, -1])) + rng.choice([Decimal(0), Decimal("0.125")]),
            "price_submitted": amount,
            "point_of_delivery": rng.choice(self.pool.pods),
            "national_tariff_indicator": rng.choice(["", "Y", "Y", "N"]),
        }

    def _aim(self, flow: str) -> Row:
        """Values that make one rule of the flow hold, or just fail."""
        rng = self.rng
        rules = [r for r in self.pool.rules if flow in FLOW_OF_SETTING[r["setting"]]]
        if not rules or rng.random() < 0.3:
            return {}
        rule = rng.choice(rules)
        clause = rng.choice(list(self.pool.criteria[rule["rule_id"]].values()))
        made: Row = {}
        for dimension in sorted({c["dimension"] for c in clause if c["negated"] == "N"}):
            if dimension in ("provider_list", "spell_specialised"):
                continue
            patterns = [c for c in clause if c["dimension"] == dimension and c["negated"] == "N"]
            self._hit(made, dimension, rng.choice(patterns))
        if rng.random() < 0.15:
            negated = [c for c in clause if c["negated"] == "Y" and c["dimension"] != "spell_specialised"]
            for c in negated[:1]:
                self._hit(made, c["dimension"], c)
        return made

    def _hit(self, made: Row, dimension: str, c: Row) -> None:
        rng = self.rng
        pattern = c["pattern"]
        if dimension in ("age_min", "age_max"):
            made["age"] = int(pattern) + rng.choice([0, 0, 0, 1, -1])
            return
        code = pattern.replace("*", rng.choice(["", "A", "B1"])) if c["pattern_kind"] == "glob" else pattern
        if c["pattern_kind"] == "prefix" and len(code) < 5:
            code += rng.choice(["", "", "0", "1", "Z", "9"])
        if c["pattern_kind"] == "listed":
            code = rng.choice(self.pool.lines)
        if rng.random() < 0.1 and len(code) > 2:
            code = code[:-1] + rng.choice("0123456789ABXZ")
        lists = {
            "diagnosis_any": "diagnosis_all",
            "diagnosis_primary": "diagnosis_all",
            "procedure_any": "procedure_all",
        }
        if dimension in lists:
            others = rng.sample(["J180", "I10", "Z880"], 2) if dimension.startswith("diagnosis") else ["U211"]
            first = rng.random() < 0.6
            made[lists[dimension]] = ",".join([code, *others] if first else [*others, code])
        elif dimension == "unbundled_hrg":
            made["unbundled_hrg_all"] = ",".join(rng.choice([[code], ["RD10Z", code]]))
        elif dimension == "submitted_code":
            made["mental_health_category" if "/" in code else "service_line_submitted"] = code
        else:
            made[dimension] = code

    def _add(self, flow: str, day: date | None, **values: Any) -> Row:
        row = record(
            len(self.rows),
            **{
                "flow": flow,
                "fate": "superseded" if self.rng.random() < 0.03 else "accepted",
                "activity_date": day,
                **self._month(day or date(2025, 5, 1)),
                **self._money(),
                "commissioned_service_category": self.rng.choice(self.pool.categories),
                **values,
            },
        )
        self.rows.append(row)
        return row

    # kinds of care

    def _spell(self) -> None:
        rng = self.rng
        provider, day = rng.choice(PROVIDERS), self._day()
        start = day - timedelta(days=rng.choice([0, 1, 1, 3, 20, 90]))
        self.spells += 1
        spell_id = f"{provider}:{self.spells}" if rng.random() > 0.03 else ""
        cds = rng.choice(["130"] * 8 + ["120", "140", "150", "160", "180", "190", "200", ""])
        finished = cds not in ("180", "190", "200")
        shared: Row = {
            **self._person(0.5),
            "provider_code": provider,
            "cds_type": cds,
            "spell_id": spell_id,
            "start_date": start,
            "end_date": day,
            "discharge_date": day if finished and rng.random() > 0.05 else None,
        }
        episodes = rng.choice([0, 1, 1, 2, 3, 4])
        for n in range(episodes):
            part = {**shared, **self._codes(), **self._aim("apc_episode")}
            part["end_date"] = rng.choice([start, day, day, None])
            self._add("apc_episode", day, **part, episode_id=f"{spell_id}:{n}", cds_unique_id=self._id(n))
        if episodes == 0 or rng.random() < 0.85:
            self._add(
                "apc_spell", day, **{**shared, **self._codes(), **self._aim("apc_spell")}, cds_unique_id=self._id(9)
            )
        if rng.random() < 0.25:
            self._care(day, shared)
        if rng.random() < 0.4:
            self._add_plcm(day, {**shared, "cds_type": ""}, spell_id if rng.random() < 0.6 else "", self._id(0))

    def _id(self, n: int) -> str:
        return f"C{self.spells}.{n}" if self.rng.random() < 0.7 else ""

    def _care(self, day: date, shared: Row) -> None:
        flow = self.rng.choice(FLOW_OF_SETTING["CC"])
        values = {**shared, **self._codes(), **self._aim(flow)}
        values["critical_care_unit_function"] = values.get("critical_care_unit_function") or self.rng.choice(
            ["01", "04", "13", "17", "91", ""]
        )
        self._add(flow, day, **values)

    def _cc(self) -> None:
        day = self._day()
        known = [r["spell_id"] for r in self.rows[-50:] if r["spell_id"]]
        self._care(
            day,
            {
                **self._person(0.4),
                "provider_code": self.rng.choice(PROVIDERS),
                "spell_id": self.rng.choice([*known, "", "RRV:none"]),
                "start_date": day,
                "discharge_date": self.rng.choice([day, None]),
            },
        )

    def _op(self) -> None:
        day, provider = self._day(), self.rng.choice(PROVIDERS)
        self.spells += 1
        values = {
            **self._person(0.5),
            **self._codes(),
            **self._aim("op"),
            "provider_code": provider,
            "cds_type": self.rng.choice(["020", "020", ""]),
            "start_date": day if self.rng.random() > 0.03 else None,
            "attendance_id": f"{provider}:a{self.spells}",
            "cds_unique_id": self._id(5),
        }
        self._add("op", day, **values)
        if self.rng.random() < 0.4:
            attendance = values["attendance_id"] if self.rng.random() < 0.6 else ""
            self._add_plcm(day, {**self._person(0.0), "provider_code": provider}, "", self._id(5), attendance)

    def _ec(self) -> None:
        day = self._day()
        self._add(
            "ec",
            day,
            **self._person(0.6),
            **self._codes(),
            provider_code=self.rng.choice(PROVIDERS),
            cds_type=self.rng.choice(["011", ""]),
            start_date=day,
        )

    def _contract(self, flow: str) -> Row:
        keep = ("treatment_function_code", "hrg", "service_line_submitted")
        codes = {k: v for k, v in self._codes().items() if k in keep}
        made = {**codes, **{k: v for k, v in self._aim(flow).items() if "diagnosis" not in k}}
        rng = self.rng
        if rng.random() < 0.1:
            made["hrg"] = rng.choice(("WF01A", "WF01B", "WF02A", "WF02B", *BANDS))
        best = rng.choice(["", "", "BP1", "BP1", "BP2", "BP9"])
        made["tariff_code"] = rng.choice([f"{made['hrg']}/{rng.choice(['', '08S'])}/{best}"] * 5 + ["", made["hrg"]])
        return made

    def _add_plcm(self, day: date, shared: Row, spell_id: str, cds_unique_id: str, attendance_id: str = "") -> None:
        dates = ("start_date", "end_date", "discharge_date", "cds_type", "postcode")
        values = {k: v for k, v in shared.items() if k not in dates}
        values |= {"spell_id": spell_id, "cds_unique_id": cds_unique_id, "attendance_id": attendance_id}
        component = self.rng.choice(["activity"] * 12 + ["drug", "device"])
        self._add("plcm", day, **{**values, **self._contract("plcm")}, component=component, supply_route=self._route())

    def _plcm(self) -> None:
        self._add_plcm(self._day(), {**self._person(0.0), "provider_code": self.rng.choice(PROVIDERS)}, "", "")

    def _route(self) -> str:
        return self.rng.choice(["", "", "10", "20", "01"])

    def _acm(self) -> None:
        component = self.rng.choice(["activity"] * 6 + ["drug", "device"])
        person = self._person(0.0)
        person["age"] = None if self.rng.random() < 0.5 else person["age"]
        self._add(
            "acm",
            self._day(),
            **{**person, **self._contract("acm"), "provider_code": self.rng.choice(PROVIDERS)},
            component=component,
        )

    def _drug(self) -> None:
        values = {**self._person(0.0), **self._contract("drplcm"), "provider_code": self.rng.choice(PROVIDERS)}
        self._add("drplcm", self._day(), **values, component="drug", supply_route=self._route())

    def _device(self) -> None:
        values = {**self._person(0.0), **self._contract("deplcm"), "provider_code": self.rng.choice(PROVIDERS)}
        self._add("deplcm", self._day(), **values, component="device", supply_route=self._route())

    def _plan(self) -> None:
        values = {**self._contract("iap"), "provider_code": self.rng.choice(PROVIDERS)}
        values["commissioner_submitted"] = self.rng.choice(RESPONSIBLE)
        if self.rng.random() < 0.1:
            values["financial_month"] = 13
        self._add("iap", self._day(), **values, component=self.rng.choice(["activity", "activity", "drug"]))

    def _approval(self) -> None:
        values = {**self._person(0.0), **self._contract("prior_approval"), "provider_code": self.rng.choice(PROVIDERS)}
        self._add("prior_approval", self._day(), **values, component="drug")


def batch(pool: Pools, seed: int, rows: int) -> list[Row]:
    """Records of one seed."""
    return Maker(pool, seed).make(rows)

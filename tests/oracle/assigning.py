"""Who is responsible: the boxes of the Commissioner Assignment Method as plain ifs, one record at a time.

Method: Commissioner Assignment Method 2025/26 as restated on the assignment page, with the three boxes that differ in
2024/25. Contract monitoring rows walk the same boxes with what they carry. Nothing is read from the machine-readable
decision table, so that an error in that table shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oracle.places import NO_PRACTICE, WELSH_BOARDS, Address, Found, Places, is_contract, normal_code
from oracle.reference import Reference, Row, holds

DENTAL = ("140", "141", "142", "143", "144", "145", "217", "450", "451")
UNITED_KINGDOM = ("E92000001", "W92000004", "S92000003", "N92000002")
FINISHED = ("120", "130", "140", "150", "160")
UNFINISHED = ("180", "190", "200")
DEFAULT_CDS = {"op": "020", "ec": "011", "apc_episode": "130", "apc_spell": "130"}
INFERTILITY_DIAGNOSES = ("N46", "N97", "Z31", "Z350")
INFERTILITY_PROCEDURES = (
    *(f"N34{n}" for n in range(1, 7)),
    *(f"Q13{n}" for n in range(1, 10)),
    *("Q211", "Q218", "Q219", "Q382", "Q383"),
    *(f"Q48{n}" for n in (1, 2, 3, 4, 8, 9)),
    *("Q561", "Q562"),
    *(f"Y96{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9)),
)
SPECIALISED_KINDS = ("service", "top_up_identifier", "network_or_hosted_funding", "unattributed", "retired")


@dataclass
class Options:
    """Ambiguities of the method with their defaults."""

    penal_source_of_admission: str = "39"
    missing_charging_category: str = "assume_a"
    wb10_welsh_resident: str = "chart"
    residence_from_lsoa: bool = True


@dataclass
class Assignment:
    """The outcome of the walk and of its look-up."""

    date: date | None = None
    commissioner: str = ""
    box: str = ""
    label: str = ""
    path: str = ""
    method: str = ""
    category: str = ""
    payer_code: str = ""
    payer_kind: str = ""
    population_icb: str = ""
    population_sub_icb: str = ""
    population_method: str = ""
    delegation: str = ""


@dataclass
class Walk:
    """Boxes met so far."""

    steps: list[str] = field(default_factory=list)

    def ask(self, box: str, answer: bool) -> bool:
        self.steps.append(f"{box}:{'Y' if answer else 'N'}")
        return answer

    @property
    def path(self) -> str:
        return ">".join(self.steps)

    @property
    def box(self) -> str:
        return self.steps[-1].rsplit(":", 1)[0] if self.steps else ""


def cds_type(record: Row) -> str:
    """CDS type, with the flow's own where none was carried; critical care belongs to an admitted spell."""
    return str(
        record["cds_type"] or DEFAULT_CDS.get(record["flow"]) or ("130" if record["flow"].startswith("cc_") else "")
    )


def assignment_date(record: Row) -> date | None:
    """The day the look-ups are read on."""
    if is_contract(record):
        return month_start(record["financial_year"], record["financial_month"]) or record["activity_date"]
    kind = cds_type(record)
    if kind in FINISHED:
        return record["discharge_date"] or record["end_date"] or record["activity_date"]
    if kind in ("011", "020", *UNFINISHED):
        return record["start_date"] or record["activity_date"]
    return record["activity_date"]


def month_start(financial_year: str, financial_month: int | None) -> date | None:
    """First day of a financial month; the year end adjustment belongs to March."""
    if len(financial_year or "") != 6 or not financial_month:
        return None
    year, month = int(financial_year[:4]), min(int(financial_month), 12)
    return date(year, month + 3, 1) if month <= 9 else date(year + 1, month - 9, 1)


def is_specialised(line: str, ref: Reference) -> bool:
    """Whether a line is a prescribed specialised one, delegated, retained or funded by a network."""
    return line in ref.lines and ref.lines[line]["code_kind"] in SPECIALISED_KINDS


def ruleset_year(day: date) -> str:
    """Which year's chart is walked."""
    return "chart_2024_25" if day < date(2025, 4, 1) else "chart_2025_26"


class Assigner:
    """Walks records against one reference. `line` is the final service line ('' when none)."""

    def __init__(self, ref: Reference, options: Options | None = None) -> None:
        self.ref = ref
        self.options = options or Options()
        self.places = Places(ref)

    def assign(self, record: Row, line: str) -> Assignment:
        day = assignment_date(record)
        a = Assignment(date=day)
        if day is None:
            return a
        self._populate(a, record, day)
        a.delegation = self._delegation(line, record, day)
        if record["flow"] == "prior_approval":
            a.box, a.label, a.payer_kind = "not_applicable", "record_only", "none"
            return a
        if record["component"] in ("drug", "device"):
            return self._excluded_payer(a, record, line, day)
        case = _Case(self, record, line, day)
        case.walk_from_the_top()
        a.path, a.box, a.label = case.walk.path, case.walk.box, case.label
        a.category = case.category
        a.commissioner, a.method = case.found.code, case.found.method
        self._pay(a, record, day)
        return a

    # population and payer

    def _populate(self, a: Assignment, record: Row, day: date) -> None:
        found = self.places.population(record, day, self.options.residence_from_lsoa)
        a.population_icb, a.population_sub_icb, a.population_method = found

    def _delegation(self, line: str, record: Row, day: date) -> str:
        """Delegated, retained, other or none: of the final line, for the population's ICB, on the day."""
        if line == "":
            return "none"
        if not is_specialised(line, self.ref):
            return "other"  # secondary dental and public health codes are no specialised services, whatever lists say
        status = self.ref.status(line, day)
        colour = status["delegation_status"] if status else ""
        if colour == "green":
            return "delegated" if self.is_delegated(record, day) else "retained"
        return "retained" if colour in ("red", "blue", "amber") else "other"

    def is_delegated(self, record: Row, day: date) -> bool:
        """Whether the responsible sub-ICB's board holds a delegation agreement on the day.

        Where only the ICB is known, its own: it holds one when all its sub-ICBs are listed as delegated.
        """
        address = self.places.residence(record, day, self.options.residence_from_lsoa)
        code, method = self.places.responsible_sub_icb(record, day, address)
        if method == "icb_only":
            code = self.places.icb_told(record, day)
        if code == "":
            return day >= date(2025, 4, 1)  # every board, from 1 April 2025
        listed = [r["delegated"] == "Y" for r in self.ref.delegations.get(code, []) if holds(r, day)]
        return bool(listed) and all(listed)

    def _pay(self, a: Assignment, record: Row, day: date) -> None:
        kinds = {
            "private_or_cov": "private",
            "local_authority": "local_authority",
            "devolved_board": "devolved",
            "devolved_specialised": "devolved",
            "specialised_hub": "nhs_england",
            "armed_forces_hub": "nhs_england",
            "health_justice_hub": "nhs_england",
            "public_health_region": "nhs_england",
            "none": "none",
        }
        a.payer_kind = kinds.get(a.label, "icb")
        if a.payer_kind == "nhs_england":
            a.payer_code = "X24"
        elif a.payer_kind == "icb":
            a.payer_code = self.places.icb_of_commissioner(a.commissioner, a.method, record, day)
        elif a.payer_kind == "none":
            a.payer_code = ""
        else:
            a.payer_code = a.commissioner
        if a.payer_code == "":
            a.payer_kind = "none"

    def _excluded_payer(self, a: Assignment, record: Row, line: str, day: date) -> Assignment:
        a.box, a.label = "not_applicable", "tariff_excluded"
        scope = "specialised" if is_specialised(line, self.ref) else "not_specialised"
        best: Row | None = None
        score = (-1, -1, -1)
        for row in self.ref.excluded_payers:
            if row["component"] != record["component"] or not holds(row, day):
                continue
            parts = (
                (row["commissioned_service_category"], record["commissioned_service_category"]),
                (row["supply_route"], record["supply_route"]),
                (row["line"], scope),
            )
            if any(want not in ("*", have) for want, have in parts):
                continue
            rank = tuple(int(want != "*") for want, _ in parts)
            if rank > score:
                best, score = row, rank  # type: ignore[assignment]
        if best is None:
            a.payer_kind = "none"
        elif best["payer_rule"] == "responsible_icb":
            address = self.places.residence(record, day, self.options.residence_from_lsoa)
            found = self.places.responsible_sub_icb(record, day, address)
            a.payer_code = self.places.icb_of_commissioner(found.code, found.method, record, day)
            a.payer_kind = "icb" if a.payer_code else "none"
        else:
            a.payer_kind, a.payer_code = best["payer_kind"], best["payer_rule"]
        return a


class _Case:
    """One record at the chart."""

    def __init__(self, chart: Assigner, record: Row, line: str, day: date) -> None:
        self.ref, self.places, self.options = chart.ref, chart.places, chart.options
        self.chart, self.record, self.line, self.day = chart, record, line, day
        self.kind = cds_type(record)
        self.walk = Walk()
        self.label = ""
        self.category = ""
        self.found = Found()
        self.practice_code = normal_code(record["gp_practice_code"])
        self.practice = self.places.open_practice(self.practice_code, day)
        self.address: Address = self.places.residence(record, day, self.options.residence_from_lsoa)

    # answers

    def told(self) -> str:
        """What a contract row says of who commissions a practice that is not found."""
        if self.practice is None and is_contract(self.record):
            return self.places.organisation(self.record["gp_practice_responsibility"])
        return ""

    def english_practice(self) -> bool:
        if self.ref.sub_icb(self.told(), self.day) is not None or self.ref.icb_on(self.told(), self.day):
            return True
        return self.practice_code not in NO_PRACTICE and self.places.is_english(self.practice)

    def border(self) -> bool:
        return self.address.icb in self.ref.border_icbs or self.address.lad in self.ref.border_lads

    def welsh_practice(self) -> bool:
        commissioner = self.practice["commissioner_code"] if self.practice is not None else self.told()
        return commissioner in WELSH_BOARDS

    def welsh_border(self) -> bool:
        return self.welsh_practice() and self.border()

    def in_england(self) -> bool:
        return self.address.country == "E92000001"

    def specialised(self) -> bool:
        return is_specialised(self.line, self.ref)

    def status(self) -> Row:
        return self.ref.status(self.line, self.day) or {}

    def colour(self) -> str:
        return str(self.status().get("delegation_status", ""))

    def mental_health(self) -> bool:
        return self.status().get("specialised_mental_health_flag") == 1

    def flag(self, name: str) -> bool:
        return bool(self.record[name] == "Y")

    def overseas_practice(self) -> bool:
        """A forces practice abroad, or one of the Channel Islands or the Isle of Man."""
        p = self.practice
        if p is None:
            return False
        return p["postcode"].startswith(("BF1 ", "BF2 ", "JE", "GY", "IM"))

    def charging_category(self) -> str:
        given = str(self.record["overseas_visitor_charging_category"])
        if given == "" and self.options.missing_charging_category == "assume_a":
            return "A"
        return given

    def armed_forces_practice(self) -> bool:
        p = self.practice
        return p is not None and p["commissioner_code"] == "13Q" and p["country_code"] == "E92000001"

    def detained(self) -> bool:
        if self.record["postcode"] not in self.ref.justice_sites:
            return False
        if self.kind in (*FINISHED, *UNFINISHED):
            return bool(self.record["source_of_admission"] == self.options.penal_source_of_admission)
        return True

    def infertility(self) -> bool:
        diagnoses = self.record["diagnosis_all"].split(",")
        procedures = self.record["procedure_all"].split(",")
        return any(d.startswith(INFERTILITY_DIAGNOSES) for d in diagnoses) or any(
            p.startswith(INFERTILITY_PROCEDURES) for p in procedures
        )

    # the walk

    def walk_from_the_top(self) -> None:
        if self.kind == "011":
            self._emergency()
        else:
            self._who_is_the_patient()

    def _emergency(self) -> None:
        if not self.walk.ask("A&E-1", self.in_england()):
            return self._host("12")
        if self.walk.ask("J", self.armed_forces_practice()):
            return self._armed_forces()
        return self._responsible("12")

    def _who_is_the_patient(self) -> None:
        ask, r = self.walk.ask, self.record
        charged = r["overseas_visitor_charging_category"] in ("D", "F") or r["administrative_category"] == "02"
        if ask("A", charged):
            return self._end("private_or_cov", Found("VPP00", "default_code"), "")
        resident = (
            self.charging_category() == "A"
            and not self.overseas_practice()
            and (self.address.assumed or self.address.country in UNITED_KINGDOM)
        )
        if not ask("B", resident):
            return self._not_resident()
        if ask("WB-1", self.welsh_border()):
            return self._devolved()
        if ask("WB-2", self.english_practice() and self.border()):
            return self._england()
        if ask("WB-3", self.in_england()):
            return self._england()
        return self._devolved()

    def _not_resident(self) -> None:
        ask = self.walk.ask
        if ask("B-1", self.status().get("highly_specialised") == "Y") and ask(
            "B-2", self.record["postcode"] in self.ref.pseudo["eea_access"]
        ):
            return self._hub_of_provider()
        if ask("B-3", self.flag("osv_international_agreement")):
            if self.english_practice() or self.address.country in UNITED_KINGDOM:
                found = self.places.responsible_sub_icb(self.record, self.day, self.address)
            else:
                found = self._host_code()
            return self._end("osv_guidance", found, "12")
        if ask("B-4", self.english_practice()):
            return self._responsible("12")
        return self._host("12")

    def _devolved(self) -> None:
        ask = self.walk.ask
        if not ask("C", self.specialised()):
            return self._end("devolved_board", self.places.devolved_board(self.address, self.practice, self.told()), "")
        if ask("C-1", self.flag("appendix_c_service")):
            return self._hub_of_provider()
        english_only = self.options.wb10_welsh_resident == "english_residents_only"
        if not ask("WB-10", self.welsh_border() and (self.in_england() or not english_only)):
            return self._devolved_specialised()
        if ask("C-3", self.flag("referred_via_ras")):
            return self._devolved_specialised()
        return self._hub_of_provider()

    def _england(self) -> None:
        ask = self.walk.ask
        year = ruleset_year(self.day)
        dental_first = True
        if ask("C-0", self.specialised()):
            if year == "chart_2025_26":
                if ask("C-0a", self.colour() in ("red", "blue")):
                    return self._contracted()
                dental_first = False
            else:
                if not ask("C-0a", self.colour() in ("green", "amber")):
                    return self._contracted()
                if not ask("C-0b", self.colour() == "green"):
                    return self._hub_of_practice()
        if dental_first and ask("D", self.record["treatment_function_code"] in DENTAL):
            return self._responsible("55")
        return self._after_dental()

    def _contracted(self) -> None:
        if self.walk.ask("C-2", self.places.hub_of_provider(self.record["provider_code"], self.day).code != ""):
            return self._hub_of_provider()
        return self._end("none", Found(), "")

    def _after_dental(self) -> None:
        ask = self.walk.ask
        if ask("E", self.detained()):
            hub = self.ref.justice_sites[self.record["postcode"]]
            return self._end("health_justice_hub", Found(hub, "site_postcode"), "71")
        if ask("F", self.flag("section_7a_service") or self.status().get("public_health_flag") == 1):
            found = self.places.region_of_practice(
                self.record, self.practice_code, self.practice, self.address, self.day, region_if_forces=True
            )
            return self._end("public_health_region", found, "81")
        if ask("H", self.flag("other_public_health")):
            return self._end("local_authority", self.places.local_authority(self.record, self.address, self.day), "")
        if ask("I", self.infertility()):
            if ask("I-1", self.flag("armed_forces_fertility_approved")):
                return self._armed_forces()
            return self._responsible("12")
        if ask("J", self.armed_forces_practice()):
            return self._armed_forces()
        if not ask("C-5", self.colour() == "green" and self.specialised()):
            return self._responsible("12")
        if ask("C-6", self.chart.is_delegated(self.record, self.day)):
            return self._responsible("26" if self.mental_health() else "25")
        return self._hub_of_practice()

    # where the boxes end

    def _end(self, label: str, found: Found, category: str) -> None:
        self.label, self.found, self.category = label, found, category

    def _responsible(self, category: str) -> None:
        self._end("responsible_sub_icb", self.places.responsible_sub_icb(self.record, self.day, self.address), category)

    def _host_code(self) -> Found:
        return self.places.host(self.record["provider_code"])

    def _host(self, category: str) -> None:
        self._end("host_sub_icb", self._host_code(), category)

    def _specialised_category(self) -> str:
        return "22" if self.mental_health() else "21"

    def _hub_of_provider(self) -> None:
        hub, method = self.places.hub_of_provider(self.record["provider_code"], self.day)
        self._end("specialised_hub", Found(hub, method if hub else ""), self._specialised_category())

    def _hub_of_practice(self) -> None:
        found = self.places.hub_of_practice(self.record, self.practice_code, self.practice, self.address, self.day)
        self._end("specialised_hub", found, self._specialised_category())

    def _armed_forces(self) -> None:
        self._end("armed_forces_hub", Found("13Q", "national_code"), "61")

    def _devolved_specialised(self) -> None:
        by_practice = self.welsh_border() and self.address.country != "W92000004"
        country = "W92000004" if by_practice else self.address.country
        code = {"W92000004": "7A5HC", "S92000003": "SD002"}.get(country, "")
        method = "gp_practice_responsibility" if by_practice and self.told() else "residence_country"
        if by_practice and not self.told():
            method = "practice_country"
        self._end("devolved_specialised", Found(code, method if code else ""), "")


def answer_of(assignment: Assignment) -> dict[str, Any]:
    """The columns that are compared."""
    return {
        "commissioner_code": assignment.commissioner,
        "assignment_box": assignment.box,
        "assignment_label": assignment.label,
        "box_path": assignment.path,
        "lookup_method": assignment.method,
        "payer_code": assignment.payer_code,
        "payer_kind": assignment.payer_kind,
        "population_icb": assignment.population_icb,
        "population_sub_icb": assignment.population_sub_icb,
        "delegation_status": assignment.delegation,
    }

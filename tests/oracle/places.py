"""Look-ups of the assignment method: practice, residence, provider, hub, board and population, in plain ifs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from oracle.reference import Reference, Row, holds

ENGLAND, WALES, SCOTLAND, NORTHERN_IRELAND = "E92000001", "W92000004", "S92000003", "N92000002"
WELSH_BOARDS = ("7A1", "7A2", "7A3", "7A4", "7A5", "7A6", "7A7")
AREA_COUNTRIES = {"W": WALES, "S": SCOTLAND}
NO_PRACTICE = ("", "V81997", "V81998", "V81999")


class Found(NamedTuple):
    """A look-up's answer and how it was found."""

    code: str = ""
    method: str = ""


@dataclass
class Address:
    """Where the method takes the patient to live. `assumed`: the provider's address stands in."""

    method: str
    country: str = ""
    sub_icb: str = ""
    icb: str = ""
    region: str = ""
    lad: str = ""
    board: str = ""
    lsoa: str = ""
    assumed: bool = False


def is_contract(record: Row) -> bool:
    """Contract monitoring rows."""
    return record["flow"] in ("plcm", "acm", "drplcm", "deplcm", "iap")


def normal_code(code: str | None) -> str:
    """A practice code as it is looked up."""
    return (code or "").strip().upper()


class Places:
    """Look-ups against one reference."""

    def __init__(self, ref: Reference) -> None:
        self.ref = ref
        self.known = set(ref.provider_hosts) | set(ref.sub_icbs) | set(ref.icbs) | ref.commissioner_codes
        self.default_postcodes = ref.pseudo["default_use_provider_address"]

    def organisation(self, code: str) -> str:
        """Five-character codes whole; a trailing 00 goes only when the rest is a known code."""
        if code not in self.known and code.endswith("00") and code[:-2] in self.known:
            return code[:-2]
        return code

    # practice

    def open_practice(self, code: str, day: date) -> Row | None:
        """The practice when it is active or proposed on the day: not yet closed (last days are inclusive)."""
        p = self.ref.practices.get(code)
        if p is None:
            return None
        if p["close_date"] is not None and day > p["close_date"]:
            return None
        return p

    def is_english(self, practice: Row | None) -> bool:
        return practice is not None and practice["english"] == "Y"

    def is_dms(self, practice: Row | None) -> bool:
        return practice is not None and practice["commissioner_code"] == "13Q"

    def commissioner_of(self, practice: Row | None, day: date) -> str:
        """Its commissioner on the day; a proposed practice has the one it will open with."""
        if practice is None:
            return ""
        if day < practice["open_date"]:
            return str(practice["commissioner_code"])
        start, end = practice["commissioner_from"], practice["commissioner_to"]
        if (start is not None and day < start) or (end is not None and day > end):
            return ""
        return str(practice["commissioner_code"])

    # residence

    def residence(self, record: Row, day: date, from_lsoa: bool) -> Address:
        """The address the boxes ask about."""
        practice = self.open_practice(normal_code(record["gp_practice_code"]), day)
        if practice is not None and self.is_dms(practice):
            home = self._of_dms_practice(practice, day)
            if home is not None:
                return home
        postcode = record["postcode"]
        if not self.ref.postcodes and not postcode.startswith("ZZ99"):
            postcode = ""  # no directory is loaded: the item cannot be read
        if postcode and postcode not in self.default_postcodes:
            return self._of_postcode(postcode)
        if not postcode and from_lsoa:
            if record["lsoa21_code"] in self.ref.lsoas:
                return self._of_lsoa(record["lsoa21_code"], day)
            if record["lsoa21_code"][:1] in AREA_COUNTRIES:
                return Address("lsoa", AREA_COUNTRIES[record["lsoa21_code"][0]])
        if not postcode and is_contract(record):
            told = self._of_responsibility(record["residence_responsibility"], day)
            if told is not None:
                return told
        return self._of_provider(record["provider_code"], day)

    def _of_dms_practice(self, practice: Row, day: date) -> Address | None:
        """A forces patient lives at the civilian address of the practice, where that is known."""
        if practice["postcode"] in self.ref.postcodes:
            return self._of_postcode(practice["postcode"], "practice_postcode")
        if practice["lsoa21_code"] in self.ref.lsoas:
            return replace(self._of_lsoa(practice["lsoa21_code"], day), method="practice_postcode")
        return None

    def _of_postcode(self, postcode: str, method: str = "postcode") -> Address:
        """Where a postcode lies, one that has ended too; one that is not in the directory lies nowhere."""
        row = next(iter(self.ref.postcodes.get(postcode, [])), None)
        if row is None:
            return Address(method)
        return Address(
            method,
            country=row["country_code"],
            sub_icb=row["sub_icb_code"],
            icb=row["icb_code"],
            region=row["region_code"],
            lad=row["lad_code"],
            board=row["health_board_code"],
            lsoa=row["lsoa21_code"],
        )

    def _of_lsoa(self, code: str, day: date) -> Address:
        row = self.ref.lsoas[code]
        sub = row["sub_icb_code_2024"]  # the codes of 2025/26 are carried forward; the one of 2026 is used nowhere else
        return Address(
            "lsoa",
            ENGLAND,
            sub,
            icb=self.icb_of_sub(sub, day, None, code),
            region=row["region_code"],
            lad=row["lad_code"],
            lsoa=code,
        )

    def _of_responsibility(self, code: str, day: date) -> Address | None:
        code = self.organisation(code)
        row = self.ref.sub_icb(code, day)
        if row is not None:
            icb = row["icb_code"]
            return Address("residence_responsibility", ENGLAND, code, icb=icb, region=row["region_code"])
        if code in WELSH_BOARDS:
            return Address("residence_responsibility", WALES, board=code)
        if any(holds(r, day) for r in self.ref.icbs.get(code, [])):
            icb = next(r for r in self.ref.icbs[code] if holds(r, day))
            return Address("residence_responsibility", ENGLAND, icb=code, region=icb["region_code"])
        return None

    def _of_provider(self, provider: str, day: date) -> Address:
        host = self.ref.provider_hosts.get(self.organisation(provider))
        if host is None:
            return Address("provider_address", ENGLAND, assumed=True)
        row = self.ref.sub_icb(host["sub_icb_code"], day)
        return Address(
            "provider_address",
            ENGLAND,
            host["sub_icb_code"],
            icb=row["icb_code"] if row else "",
            region=host["region_code"],
            lad=self.ref.lsoas.get(host["lsoa21_code"], {}).get("lad_code", ""),
            lsoa=host["lsoa21_code"],
            assumed=True,
        )

    # commissioners

    def host(self, provider: str) -> Found:
        """Sub-ICB of the provider's main site."""
        row = self.ref.provider_hosts.get(self.organisation(provider))
        return Found(row["sub_icb_code"], "provider_address") if row and row["sub_icb_code"] else Found()

    def hub_of_provider(self, provider: str, day: date) -> Found:
        """Specialised hub: the contract mapping, or where none is loaded the hub of the provider's region."""
        code = self.organisation(provider)
        if self.ref.provider_hubs:
            rows = self.ref.provider_hubs.get(code, [])
            return next((Found(r["hub_code"], "provider_mapping") for r in rows if holds(r, day)), Found())
        row = self.ref.provider_hosts.get(code)
        return Found(row["hub_code"], "region_of_provider") if row and row["hub_code"] else Found()

    def responsible_sub_icb(self, record: Row, day: date, address: Address) -> Found:
        """The sub-ICB ladder: practice, unless the address decides; then the address; then the host."""
        practice_code = normal_code(record["gp_practice_code"])
        practice = self.open_practice(practice_code, day)
        by_address = (
            practice_code in NO_PRACTICE or record["postcode"] in self.ref.justice_sites or self.is_dms(practice)
        )
        if not by_address and self.is_english(practice):
            code = self.commissioner_of(practice, day)
            if self.ref.sub_icb(code, day) is not None:
                return Found(code, "practice")
        if is_contract(record):
            told = self.organisation(record["gp_practice_responsibility"])
            if self.ref.sub_icb(told, day) is not None:
                return Found(told, "gp_practice_responsibility")
        if address.sub_icb and not address.assumed:
            return Found(address.sub_icb, address.method)
        if record["flow"] == "iap":
            agreed = self.organisation(record["commissioner_submitted"])
            if self.ref.sub_icb(agreed, day) is not None or self.ref.icb_on(agreed, day):
                return Found(agreed, "commissioner_submitted")
        if is_contract(record) and self.icb_told(record, day):
            return Found("", "icb_only")  # whose it is is known, the code to submit is not
        return self.host(record["provider_code"])

    def region_of_practice(
        self, record: Row, code: str, practice: Row | None, address: Address, day: date, region_if_forces: bool
    ) -> Found:
        """Region of the practice, else of the practice responsibility a contract row carries, else of the address."""
        by_address = record["postcode"] in self.ref.justice_sites and not region_if_forces
        if practice is not None and self.is_dms(practice):
            if region_if_forces and practice["region_code"]:
                return Found(practice["region_code"], "practice_postcode")
        elif practice is not None and practice["region_code"] and not by_address:
            return Found(practice["region_code"], "practice")
        if is_contract(record):
            told = self.organisation(record["gp_practice_responsibility"])
            row = self.ref.sub_icb(told, day) or next((r for r in self.ref.icbs.get(told, []) if holds(r, day)), None)
            if row is not None:
                return Found(row["region_code"], "gp_practice_responsibility")
        return Found(address.region, address.method) if address.region else Found()

    def icb_told(self, record: Row, day: date) -> str:
        """The ICB a contract row names where a sub-ICB belongs."""
        for field in ("gp_practice_responsibility", "residence_responsibility"):
            code = self.organisation(record[field])
            if self.ref.icb_on(code, day):
                return code
        return ""

    def hub_of_practice(self, record: Row, code: str, practice: Row | None, address: Address, day: date) -> Found:
        """Specialised hub by region: the practice's, or the address's for no practice, a detention site or the forces.

        A practice code that is not known goes by the provider's contract.
        """
        by_address = code in NO_PRACTICE or record["postcode"] in self.ref.justice_sites or self.is_dms(practice)
        found = self.region_of_practice(record, code, practice, address, day, region_if_forces=False)
        if found.code and (by_address or found.method in ("practice", "gp_practice_responsibility")):
            return Found(self.ref.regions[found.code]["specialised_hub"], found.method)
        return self.hub_of_provider(record["provider_code"], day)

    def local_authority(self, record: Row, address: Address, day: date) -> Found:
        """Authority of the address, else of the provider's main site."""
        if address.lad:
            return Found(address.lad, address.method)
        lad = self._of_provider(record["provider_code"], day).lad
        return Found(lad, "provider_address") if lad else Found()

    def devolved_board(self, address: Address, practice: Row | None, told: str) -> Found:
        """Board of the address; for a resident of England that of the Welsh practice's postcode, or the one told.

        A small area says the country and not the board: a Welsh practice does.
        """
        welsh_area = address.method == "lsoa" and address.country == WALES
        if address.country in (WALES, SCOTLAND, NORTHERN_IRELAND) and not welsh_area:
            return Found(address.board, address.method) if address.board else Found()
        if practice is not None:
            for row in self.ref.postcodes.get(practice["postcode"], []):
                if row["health_board_code"]:
                    return Found(row["health_board_code"], "practice_postcode")
            if practice["commissioner_code"].startswith("7A"):
                return Found(practice["commissioner_code"], "practice_postcode")
        return Found(told, "gp_practice_responsibility") if told in WELSH_BOARDS else Found()

    # boards of the day

    def icb_of_sub(self, sub_icb: str, day: date, practice: Row | None, lsoa: str) -> str:
        """ICB of a sub-ICB on the day; a split location goes by practice, then by small area."""
        if self.ref.icb_on(sub_icb, day):
            return sub_icb
        row = self.ref.sub_icb(sub_icb, day)
        if row is None:
            return ""
        if row["icb_code"]:
            return str(row["icb_code"])
        if practice is not None and practice["icb_code_2026"]:
            return str(practice["icb_code_2026"])
        area = self.ref.lsoas.get(lsoa)
        return str(area["icb_code_2026"]) if area and area["sub_icb_code_2024"] == sub_icb else ""

    def icb_of_commissioner(self, code: str, method: str, record: Row, day: date) -> str:
        """ICB whose budget a sub-ICB's code stands for on the day."""
        if method == "icb_only":
            return self.icb_told(record, day)
        practice = self.open_practice(normal_code(record["gp_practice_code"]), day) if method == "practice" else None
        lsoa = "" if method == "practice" else self.residence(record, day, True).lsoa or record["lsoa21_code"]
        if method == "provider_address":
            host = self.ref.provider_hosts.get(self.organisation(record["provider_code"]))
            lsoa = host["lsoa21_code"] if host else ""
        return self.icb_of_sub(code, day, practice, lsoa)

    def population(self, record: Row, day: date, from_lsoa: bool) -> tuple[str, str, str]:
        """ICB, sub-ICB and method: whose patient it is.

        The sub-ICB ladder without boxes; the provider's place never answers, and where it would, the record's own
        small area and the responsibility fields do, a sub-ICB before an ICB.
        """
        address = self.residence(record, day, from_lsoa)
        found = self.responsible_sub_icb(record, day, address)
        if found.method not in ("", "provider_address"):
            icb = self.icb_of_commissioner(found.code, found.method, record, day)
            return icb, "" if found.code == icb else found.code, found.method
        if record["lsoa21_code"] in self.ref.lsoas:
            home = self._of_lsoa(record["lsoa21_code"], day)
            return home.icb, home.sub_icb, "lsoa"
        told = [self.organisation(record[f]) for f in ("gp_practice_responsibility", "residence_responsibility")]
        for code in told:
            row = self.ref.sub_icb(code, day)
            if row is not None:
                return row["icb_code"], code, "responsibility"
        return next(((code, "", "responsibility") for code in told if self.ref.icb_on(code, day)), ("", "", ""))

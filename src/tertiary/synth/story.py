"""From events to the facts every flow tells: one Arrow table per kind of record, in this room's own column names.

Column names here are internal; `layouts` gives each flow its official header. Spells, episodes, critical care,
attendances, emergency care and care outside hospital records share identifiers, so that the flows tell one story.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tertiary.synth.arrow import Words, days, joined, money, padded, take
from tertiary.synth.data import parameters
from tertiary.synth.events import CLASSES, Events
from tertiary.synth.geography import postcodes
from tertiary.synth.payers import Payer, Payers
from tertiary.synth.people import NOBODY, People, ethnic_codes, pseudonyms
from tertiary.synth.plans import Plan
from tertiary.synth.prices import PriceBook, with_factor
from tertiary.synth.scope import Month, Scope
from tertiary.synth.world import World

LETTER = {
    "apc": "A",
    "op": "O",
    "ec": "E",
    "plcm_renal": "R",
    "plcm_beds": "B",
    "plcm_contact": "C",
    "plcm_package": "P",
}
POINT = {"EL": "EL", "DC": "DC", "NEL": "NEL", "RADAY": "RADAY"}
PRICE_GROUP = {"EL": "elective", "DC": "day_case", "NEL": "non_elective", "RADAY": "day_case"}


@dataclass
class Facts:
    """One setting of one month: the events with identifiers, payer, price and the columns flows share."""

    events: Events
    number: np.ndarray
    payer: Payer
    charged: np.ndarray
    miscoded: np.ndarray
    unit_pence: np.ndarray
    total_pence: np.ndarray
    table: pa.Table


@dataclass
class Teller:
    """What telling needs; one for a request, moved from month to month."""

    scope: Scope
    world: World
    people: People
    book: PriceBook
    words: Words
    payers: Payers
    month: Month
    plans: tuple[Plan, ...]
    next_number: int = 1

    def tell(self, setting: str, events: Events) -> Facts:
        """Shared columns of one setting's events, in time order."""
        order = np.lexsort((events.person, events.end))
        events = events.pick(order)
        n = len(events)
        rng = self.scope.random("tell", setting, self.month.key)
        miscoded = self._miscode(setting, events)
        number = np.arange(self.next_number, self.next_number + n)
        self.next_number += n
        charged = self._charged(setting, events, rng)
        payer = self.payers.decide(
            events.person, events.provider, events.line, events.treatment_function, charged > 0, setting == "ec"
        )
        point, group = self._point(setting, events)
        unit = self._unit(setting, events, point, group)
        factor = self.world.providers.market_forces[events.provider]
        total = with_factor(unit * events.quantity, np.where(point == self.words.code("IPOBD"), 1.0, factor))
        columns = {
            **self._person(events, rng), **self._where(setting, events, number),
            **self._clinical(setting, events), **self._paid(payer, unit, total, point, events, charged),
        }  # fmt: skip
        return Facts(events, number, payer, charged, miscoded, unit, total, pa.table(columns))

    def _miscode(self, setting: str, events: Events) -> np.ndarray:
        """Records whose codes hide the true line: vague codes under general medicine."""
        rng = self.scope.random("miscoded", setting, self.month.key)
        wrong = (rng.random(len(events)) < parameters()["coding_error"]) & (events.line >= 0)
        if setting not in ("apc", "op"):
            return np.zeros(len(events), bool)
        code = self.words.code
        events.treatment_function[wrong] = code("300")
        events.specialty[wrong] = code("300")
        events.primary[wrong] = code("R69X") if setting == "apc" else -1
        events.secondary[wrong] = events.procedure[wrong] = events.unbundled[wrong] = -1
        events.hrg[wrong] = code("WH15Z") if setting == "apc" else code("WF01A")
        return wrong

    def _charged(self, setting: str, events: Events, rng: np.random.Generator) -> np.ndarray:
        """1 private, 2 overseas visitor liable for charge, 0 everyone else."""
        u = rng.random(len(events))
        p = parameters()
        if setting not in ("apc", "op"):
            return np.zeros(len(events), np.int8)
        private = (u < p["private"]) & ((events.klass < 2) if setting == "apc" else True)
        return np.where(private, 1, np.where(u > 1 - p["overseas_charged"], 2, 0)).astype(np.int8)

    def _point(self, setting: str, events: Events) -> tuple[np.ndarray, str]:
        code = self.words.code
        if setting == "apc":
            base = self.words.codes([POINT[k] for k in CLASSES])[events.klass]
            short = (events.klass == 2) & ((events.end - events.start).astype(int) <= 1)
            return np.where(short, code("NELST"), base), "apc"
        if setting == "op":
            attendance = np.isin(events.hrg, self.words.codes(["WF01A", "WF01B"]))
            seen = np.where(events.first, code("OPFASPCL"), code("OPFUPSPCL"))
            done = np.where(events.first, code("OPPROCFA"), code("OPPROCFUP"))
            return np.where(attendance, seen, done), "op"
        if setting == "plcm_package":
            package = np.array([code(p.mix) if p.setting == setting else -1 for p in self.plans])
            return package[events.plan], setting
        child = np.array([self.words.list[h].endswith("B") for h in events.hrg]) if setting == "plcm_renal" else False
        points = {"ec": code("AE"), "plcm_beds": code("IPOBD"), "plcm_contact": code("COMM")}
        if setting == "plcm_renal":
            return np.where(child, code("CRD"), code("ARD")), setting
        return np.full(len(events), points[setting]), setting

    def _unit(self, setting: str, events: Events, point: np.ndarray, group: str) -> np.ndarray:
        if setting == "apc":
            tables = [self._prices(PRICE_GROUP[k]) for k in CLASSES]
            return np.stack(tables)[events.klass, events.hrg]
        if setting == "op":
            attendance = np.isin(events.hrg, self.words.codes(["WF01A", "WF01B"]))
            first, later = self._prices("outpatient_first"), self._prices("outpatient_follow_up")
            star = self.book.price("outpatient_first", "*"), self.book.price("outpatient_follow_up", "*")
            tfc = events.treatment_function
            seen = np.where(events.first, first[tfc], later[tfc])
            seen = np.where(seen == 0, np.where(events.first, star[0], star[1]), seen)
            return np.where(attendance, seen, np.maximum(self._prices("outpatient_procedure")[events.hrg], 6000))
        name = {"ec": "emergency_care", "plcm_renal": "renal_session", "plcm_beds": "bed_day",
                "plcm_contact": "contact", "plcm_package": "package"}[setting]  # fmt: skip
        return self._prices(name)[events.hrg]

    def _prices(self, group: str) -> np.ndarray:
        return np.array([self.book.price(group, w) for w in self.words.list], np.int64)

    def _person(self, events: Events, rng: np.random.Generator) -> dict[str, pa.Array]:
        p, w = self.people, self.world
        who, area = events.person, p.rows[p.local[events.person]]
        practice = p.practice[who]
        withheld = rng.random(len(who)) < parameters()["identity_withheld"]
        unregistered = np.where(rng.random(len(who)) < 0.7, self.words.code("V81997"), self.words.code("V81999"))
        codes = self._lookup(w.practices.code)[practice]
        sub = self._lookup(w.practices.sub_icb)[practice]
        home = self._lookup(w.areas.sub_icb)[area]
        pseudo = pseudonyms(who)
        reason = pa.array(np.where(withheld, "97", ""), pa.string())
        return {
            "person_row": pa.array(who),
            "provider_row": pa.array(events.provider),
            "nhs_number": pc.if_else(pa.array(withheld), pa.scalar(None, pa.string()), pseudo),
            "withheld": pc.if_else(pa.array(withheld), reason, pa.scalar(None, pa.string())),
            "local_patient": padded("LOC", (who.astype(np.int64) * 7919) % 99_999_989, 8),
            "postcode": postcodes(area, who),
            "lsoa": take(pa.array(w.areas.code), area),
            "birth_date": days(p.born[who]),
            "age": pa.array(np.maximum(p.age(who, events.end), 0).astype(np.int16)),
            "age_start": pa.array(np.maximum(p.age(who, events.start), 0).astype(np.int16)),
            "sex": pa.array(np.where(p.female[who], "2", "1")),
            "ethnic": take(pa.array(ethnic_codes()), p.ethnic[who].astype(int)),
            "practice": self.words.array(np.where(practice == NOBODY, unregistered, codes)),
            "practice_responsibility": self.words.array(np.where(practice == NOBODY, home, sub)),
            "residence_responsibility": self.words.array(home),
        }

    def _lookup(self, values: np.ndarray) -> np.ndarray:
        names, back = np.unique(values.astype(str), return_inverse=True)
        return self.words.codes(list(names))[back]

    def _where(self, setting: str, events: Events, number: np.ndarray) -> dict[str, pa.Array]:
        m = f"{self.month.year % 100:02d}{self.month.month:02d}"
        w, n = self.world.providers, len(events)
        identifier = padded(f"{m[2:]}{m[:2]}{LETTER[setting]}", number, 7)
        provider = take(pa.array(w.code), events.provider)
        none = pa.nulls(n, pa.string())
        return {
            "provider": provider,
            "site": take(pa.array([s or None for s in w.site_code], pa.string()), events.site),
            "cds_id": pc.binary_join_element_wise("SYN", provider, identifier, ""),
            "record_id": identifier,
            "spell_number": identifier if setting == "apc" else none,
            "attendance_number": identifier if setting == "op" else none,
            "emergency_number": identifier if setting == "ec" else none,
            "start": days(events.start),
            "end": days(events.end),
            "month_key": pa.array(np.full(n, str(self.month.key))),
            "financial_year_text": pa.array(np.full(n, _year_text(self.month))),
            "financial_year": pa.array(np.full(n, self.month.financial_year)),
            "financial_month": pa.array(np.full(n, str(self.month.financial_month))),
        }

    def _clinical(self, setting: str, events: Events) -> dict[str, pa.Array]:
        a = self.words.array
        comorbid = [a(events.comorbid[:, i]) for i in range(3)]
        every = [a(events.primary), a(events.secondary), *comorbid] if setting == "apc" else [a(events.primary)]
        return {
            "treatment_function": a(events.treatment_function),
            "main_specialty": a(events.specialty),
            "primary_diagnosis": a(events.primary),
            "diagnoses": joined(every, "||"),
            "procedures": joined([a(events.procedure)], "||"),
            "hrg": a(events.hrg),
            "unbundled": a(events.unbundled),
            "first_attendance": pa.array(np.where(events.first, "1", "2")),
            "line": a(events.line),
        }

    def _paid(
        self, payer: Payer, unit: np.ndarray, total: np.ndarray, point: np.ndarray, events: Events, charged: np.ndarray
    ) -> dict[str, pa.Array]:
        a = self.words.array
        bare = unit * events.quantity
        admin = np.where(charged == 1, "02", "01")
        category = np.where(charged == 2, "D", "A")
        return {
            "commissioner": a(payer.commissioner),
            "category": a(payer.category),
            "point_of_delivery": a(point),
            "unit_price": money(unit),
            "price_bare": money(bare),
            "price": money(total),
            "market_forces": money(total - bare),
            "quantity": pa.array(events.quantity.astype(np.int64)),
            "administrative_category": pa.array(admin),
            "charging_category": pa.array(category),
        }


def _year_text(month: Month) -> str:
    return f"{month.financial_year[:4]}/{month.financial_year[4:]}"

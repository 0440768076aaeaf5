"""One month of care: for every plan, how many events, whose, where, when and with which codes.

An event is a spell, an attendance, a session, a bed stay or a contact. All arrays of an `Events` share one order.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from tertiary.synth import dialysis
from tertiary.synth.arrow import Words
from tertiary.synth.data import choices, parameters
from tertiary.synth.people import People
from tertiary.synth.places import Travel
from tertiary.synth.plans import Plan
from tertiary.synth.prices import PriceBook
from tertiary.synth.scope import Month, Scope

CLASSES = ("EL", "DC", "NEL", "RADAY")
WINTER = np.array([0.97, 0.96, 0.96, 0.97, 0.95, 0.97, 1.0, 1.02, 1.08, 1.09, 1.03, 1.0])  # April first
COMORBID = "I10X*9 E119*6 J449*3 N183*2 I489*3 E780*4 F171*4 Z867*2 K219*2 M199*2 F329*2 E669*2"
KIND = 87_178_291  # salt of the habit that decides a person's kind of dialysis
CHILD_COMORBID = "J459*3 R633*2 Z874 F809 L209*2"


@dataclass
class Events:
    """Arrays of one setting in one month. Code fields are positions in `words`; -1 is none."""

    plan: np.ndarray
    person: np.ndarray
    provider: np.ndarray
    site: np.ndarray
    start: np.ndarray
    end: np.ndarray
    klass: np.ndarray
    line: np.ndarray
    treatment_function: np.ndarray
    specialty: np.ndarray
    primary: np.ndarray
    secondary: np.ndarray
    comorbid: np.ndarray
    procedure: np.ndarray
    hrg: np.ndarray
    unbundled: np.ndarray
    first: np.ndarray
    quantity: np.ndarray
    critical: np.ndarray
    unit_function: np.ndarray

    def __len__(self) -> int:
        return len(self.plan)

    def pick(self, index: np.ndarray) -> Events:
        """A subset or another order."""
        return Events(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def joined(parts: list[Events]) -> Events:
    """Events of several plans as one."""
    return Events(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Events)})


@dataclass
class Draw:
    """What drawing a month needs."""

    scope: Scope
    people: People
    travel: Travel
    book: PriceBook
    plans: tuple[Plan, ...]
    words: Words

    def month(self, month: Month) -> dict[str, Events]:
        """Events by setting."""
        found: dict[str, list[Events]] = {}
        for number, plan in enumerate(self.plans):
            events = self._plan(number, plan, month)
            if events is not None:
                found.setdefault(plan.setting, []).append(events)
        return {setting: joined(parts) for setting, parts in found.items()}

    def _plan(self, number: int, plan: Plan, month: Month) -> Events | None:
        rng = self.scope.random("plan", plan.name, month.key)
        members = self.people.eligible(plan.cohort, plan.age_min, plan.age_max, plan.sex, month.first)
        if len(members) == 0:
            return None
        person, start, end = self._when(plan, month, members, rng)
        n = len(person)
        if n == 0:
            return None
        local = self.people.local[person]
        provider = self.travel.provider(plan.list, plan.avoid, local, self._habit(plan, person, rng))
        site = self.travel.site(provider, local, np.full(n, bool(plan.list)), rng.random(n))
        klass = np.zeros(n, np.int8)
        if plan.setting == "apc":
            klass, start, end = self._stay(plan, rng, end)
        first = rng.random(n) < float(plan.mix or 0) / 100 if plan.setting == "op" else np.zeros(n, bool)
        critical, function = self._critical(plan, rng, n)
        function = self._real_unit(function, provider)
        start = np.where(critical > 0, np.minimum(start, end - critical.astype("timedelta64[D]")), start)
        line = np.full(n, self.words.code(plan.line), np.int32)
        return Events(
            plan=np.full(n, number, np.int16), person=person.astype(np.int32), provider=provider, site=site,
            start=start, end=end, klass=klass, line=line,
            treatment_function=self._choose(plan.treatment_function, rng, n),
            specialty=self._specialty(plan, n), primary=self._choose(plan.diagnosis, rng, n),
            secondary=self._choose(plan.secondary, rng, n), comorbid=self._comorbid(plan, rng, n),
            procedure=self._procedure(plan, rng, klass), hrg=self._currency(plan, rng, klass, first, person),
            unbundled=self._choose(plan.unbundled, rng, n), first=first, quantity=self._quantity(plan, start, end),
            critical=critical, unit_function=function,
        )  # fmt: skip

    def _when(
        self, plan: Plan, month: Month, members: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if plan.setting == "plcm_renal" and plan.volume == 0:
            return self._sessions(plan, month, members, rng)
        if plan.setting == "plcm_beds":
            return self._beds(plan, month, members)
        if plan.setting == "plcm_package" and plan.volume == 0:  # everyone in the programme, once a month
            last = np.full(len(members), month.first + np.timedelta64(month.days - 1, "D"))
            return members, last, last
        years = (month.year - 2024) + (month.month - 10) / 12
        season = WINTER[month.financial_month - 1] if plan.setting in ("apc", "ec") else 1.0
        days = 365.25 / month.days
        expected = plan.volume / days * self.scope.scale * self.people.share[plan.cohort]
        n = int(rng.poisson(expected * season * (1 + parameters()["growth"]) ** years))
        if plan.ordinary:  # people with long-term needs use ordinary care too
            others = np.arange(self.people.cohort["general"].stop, len(self.people.local))
            extra = rng.random(n) < 0.16
            fit = others[self._fits(plan, others, month)]
            person = self._whose(members, n, rng)
            if len(fit):
                person[extra] = self._whose(fit, int(extra.sum()), rng)
        else:
            person = self._whose(members, n, rng)
        day = month.first + self._day(plan, month, rng, n).astype("timedelta64[D]")
        return person, day, day

    def _fits(self, plan: Plan, others: np.ndarray, month: Month) -> np.ndarray:
        age = self.people.age(others, np.full(len(others), month.first))
        fit = (age >= plan.age_min) & (age < plan.age_max)
        return fit & (self.people.female[others] == (plan.sex == "2")) if plan.sex else fit

    def _whose(self, members: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
        weight = np.cumsum(self.people.frailty[members] + 0.02)
        return members[np.minimum(np.searchsorted(weight, rng.random(n) * weight[-1]), len(members) - 1)]

    def _day(self, plan: Plan, month: Month, rng: np.random.Generator, n: int) -> np.ndarray:
        dates = month.first + np.arange(month.days)
        weekday = (dates.astype(int) + 3) % 7  # Monday is 0
        quiet = 1.0 if plan.setting == "ec" else 0.35 if plan.setting == "apc" else 0.06
        weight = np.cumsum(np.where(weekday >= 5, quiet, 1.0))
        return np.searchsorted(weight, rng.random(n) * weight[-1])

    def _sessions(
        self, plan: Plan, month: Month, members: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Haemodialysis: three sessions a week by a person's pattern; peritoneal: one row with the month's days."""
        dates = month.first + np.arange(month.days)
        weekday = (dates.astype(int) + 3) % 7
        pattern = members % 2
        due = np.where(pattern[:, None] == 0, np.isin(weekday, (0, 2, 4)), np.isin(weekday, (1, 3, 5)))
        due &= rng.random(due.shape) > 0.015  # missed
        kind = self._weighted(plan, self._habit(plan, members, rng, KIND))
        every_day = np.isin(kind, self.words.codes(dialysis.daily(plan.hrg)))
        due[every_day] = np.arange(month.days) == month.days - 1
        who, when = np.nonzero(due)
        return members[who], np.where(every_day[who], month.first, dates[when]), dates[when]

    def _beds(self, plan: Plan, month: Month, members: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Occupied beds: as many of the cohort as the year's days fill, for the whole month, the same people."""
        wanted = plan.volume / 365.25 * self.scope.scale * self.people.share[plan.cohort]
        rng = self.scope.random("beds", plan.name)
        n = min(int(rng.poisson(wanted)), len(members))
        order = self.scope.random("beds order").permutation(len(self.people.local))
        chosen = members[np.argsort(order[members], kind="stable")][:n]
        first = np.full(n, month.first)
        return chosen, first, first + np.timedelta64(month.days - 1, "D")

    def _habit(self, plan: Plan, person: np.ndarray, rng: np.random.Generator, salt: int = 0) -> np.ndarray:
        """People mostly return to the provider they know: the same number each time for a person and a kind."""
        key = (person.astype(np.uint64) + np.uint64(1)) * np.uint64(2654435761) + np.uint64(len(plan.list) * 97 + salt)
        usual = ((key >> np.uint64(8)) % np.uint64(1_000_003)).astype(float) / 1_000_003
        if plan.setting not in ("apc", "op", "ec"):
            return usual
        return np.where(rng.random(len(person)) < 0.9, usual, rng.random(len(person)))

    def _stay(self, plan: Plan, rng: np.random.Generator, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shares = np.cumsum([float(x) for x in plan.mix.split("/")])
        klass = np.minimum(np.searchsorted(shares, rng.random(len(end)) * shares[-1]), 3).astype(np.int8)
        mean = np.where(klass == 2, max(plan.stay, 0.5) * 1.1, plan.stay * 0.75)
        nights = np.minimum(rng.lognormal(np.log(np.maximum(mean, 0.3)) - 0.32, 0.8), 240).round().astype(int)
        nights = np.where((klass == 1) | (klass == 3), 0, nights)
        nights = np.where(klass == 0, np.maximum(nights, 1), nights)
        short = plan.ordinary & (klass == 2) & (rng.random(len(end)) < 0.5)
        nights = np.where(short, np.minimum(nights, 1), nights)
        return klass, end - nights.astype("timedelta64[D]"), end

    def _critical(self, plan: Plan, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        none = np.full(n, -1, np.int32)
        if not plan.critical:
            return np.zeros(n, np.int16), none
        share, *units, mean = plan.critical.split()
        has = rng.random(n) < float(share)
        days = np.where(has, 1 + rng.poisson(rng.gamma(1.2, max(float(mean) - 1, 0.2) / 1.2, n)), 0)
        return np.minimum(days, 60).astype(np.int16), np.where(has, self._choose(" ".join(units), rng, n), none)

    def _real_unit(self, function: np.ndarray, provider: np.ndarray) -> np.ndarray:
        """Where there is no intensive care unit for children, they are cared for on a ward (function 16)."""
        units = np.isin(function, self.words.codes(["04", "17"]))
        has = np.isin(provider, self.travel.world.providers.members("PICU_PHDU_PROVIDERS"))
        return np.where(units & ~has, self.words.code("16"), function)

    def _choose(self, text: str, rng: np.random.Generator, n: int) -> np.ndarray:
        if not text:
            return np.full(n, -1, np.int32)
        names, share = choices(text)
        codes = self.words.codes(names)
        return codes[np.minimum(np.searchsorted(share, rng.random(n)), len(names) - 1)]

    def _specialty(self, plan: Plan, n: int) -> np.ndarray:
        code = plan.specialty or plan.treatment_function.split()[0].partition("*")[0]
        return np.full(n, self.words.code(code), np.int32)

    def _comorbid(self, plan: Plan, rng: np.random.Generator, n: int) -> np.ndarray:
        text = CHILD_COMORBID if plan.age_max <= 24 else COMORBID
        columns = [np.where(rng.random(n) < p, self._choose(text, rng, n), -1) for p in (0.6, 0.4, 0.25)]
        for later in (1, 2):
            for earlier in range(later):
                columns[later] = np.where(columns[later] == columns[earlier], -1, columns[later])
        return np.stack(columns, axis=1)

    def _procedure(self, plan: Plan, rng: np.random.Generator, klass: np.ndarray) -> np.ndarray:
        found = self._choose(plan.procedure, rng, len(klass))
        if not plan.ordinary:
            return found
        keep = rng.random(len(klass)) < np.where(klass == 2, 0.3, 0.95)
        return np.where(keep, found, -1)

    def _currency(
        self, plan: Plan, rng: np.random.Generator, klass: np.ndarray, first: np.ndarray, person: np.ndarray
    ) -> np.ndarray:
        n = len(klass)
        if plan.setting == "op" and (not plan.hrg or plan.hrg[0].startswith("WF")):
            later, new = self.words.code("WF01A"), self.words.code("WF01B")
            return np.where(first, new, later).astype(np.int32)
        if plan.setting != "apc":
            # the kind of dialysis belongs to the person, not to the session
            lasting = plan.setting == "plcm_renal"
            return self._weighted(plan, self._habit(plan, person, rng, KIND) if lasting else rng.random(n))
        found = np.full(n, -1, np.int32)
        u = rng.random(n)
        for position, name in enumerate(CLASSES):
            chosen = klass == position
            if chosen.any():
                codes, share = self.book.mix(list(plan.hrg), name)
                pick = np.minimum(np.searchsorted(share, u[chosen]), len(codes) - 1)
                found[chosen] = self.words.codes(codes)[pick]
        return found

    def _weighted(self, plan: Plan, u: np.ndarray) -> np.ndarray:
        weights = np.array([max(sum(d.get(c, 0.0) for d in self.book.activity.values()), 1.0) for c in plan.hrg])
        if plan.setting == "plcm_renal":
            weights = dialysis.weights(plan.hrg, weights)
        share = np.cumsum(weights / weights.sum())
        return self.words.codes(list(plan.hrg))[np.minimum(np.searchsorted(share, u), len(share) - 1)]

    def _quantity(self, plan: Plan, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        if plan.setting in ("plcm_beds", "plcm_renal"):
            return (end - start).astype(int) + 1
        return np.ones(len(start), int)

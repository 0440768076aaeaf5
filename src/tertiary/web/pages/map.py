"""*Map*: England by ICB of 2024 or 2026, coloured by a measure, with its figures beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tertiary.errors import RunError
from tertiary.publish import maps
from tertiary.publish.charts import Words
from tertiary.publish.workbook import Column
from tertiary.show import label
from tertiary.web.access import person_of
from tertiary.web.answers import Answers
from tertiary.web.api import FAILURES, Rows, rows_of
from tertiary.web.care import Care, cells, choices, part_of
from tertiary.web.measured import REST, Measure, Sums, measures, of_register, of_run
from tertiary.web.pages.asked import FOOTPRINTS, Day, Footprint, Month, Text
from tertiary.web.people import Person
from tertiary.web.places import Places, places_of
from tertiary.web.render import INSIDE, answer, answers_of, shown
from tertiary.web.scope import populations
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
RECORDS = "records"
USUAL, USUAL_PUBLIC = "spend_a_head", "people"
# every board stands in the table, also where it has no figure, and says why
STATES = {**{state: words for state, (words, _) in maps.STATES.items()}, REST: "not on this map, or only partly yours"}


@router.get("/map")
def england(
    request: Request, show: Text = "", footprint: Footprint = "2024", region: Text = "", service: Text = "",
    programme: Text = "", month: Month = "", on: Day = None,
) -> Response:  # fmt: skip
    """England by ICB: a measure of some care, or of what the register says."""
    asked, person = answers_of(request), person_of(request)
    made = Mapped(asked, person, show, footprint, region, Care(service, programme, month), on or date.today())
    values = {
        "chosen": made.measure, "footprint": footprint, "region": region, "service": service, "programme": programme,
        "month": month, "on": made.day.isoformat(), "measures": made.offered(), "footprints": FOOTPRINTS,
        "regions": [("", "England"), *sorted(made.places.regions.items(), key=lambda r: r[1])], "care": made.choices(),
    }  # fmt: skip
    return answer(request, View("Map of ICBs", "map.html", [made.grid()], [made.chart()], values))


@api.get("/map", responses=FAILURES)
def figures(
    request: Request, show: Text = "", footprint: Footprint = "2024", region: Text = "", service: Text = "",
    programme: Text = "", month: Month = "", on: Day = None, run: str = "",
) -> Rows:  # fmt: skip
    """The figures of the map: a row for each ICB of a footprint, with what the measure was worked out from."""
    asked, person = answers_of(request, run), person_of(request)
    made = Mapped(asked, person, show, footprint, region, Care(service, programme, month), on or date.today())
    return rows_of(made.grid(), label(asked.run))


class Mapped:
    """What is asked of the map, answered within what a person may see."""

    def __init__(
        self, asked: Answers, person: Person, show: str, footprint: str, region: str, care: Care, day: date
    ) -> None:
        self.asked, self.person, self.care, self.footprint, self.day = asked, person, care, footprint, day
        self.places: Places = places_of(asked.known(person))
        if region and region not in self.places.regions:
            raise RunError(f"There is no region {region!r}. Choose from {', '.join(sorted(self.places.regions))}.")
        self.region = region
        show = show or (USUAL_PUBLIC if person.role == "public" else USUAL)
        if show not in measures():
            raise RunError(f"The map does not show {show!r}. Choose from {', '.join(measures())}.")
        self.measure: Measure = measures()[show]
        self.rows = self._rows()

    def offered(self) -> list[tuple[str, str]]:
        """Measures that the person may choose."""
        public = self.person.role == "public"
        return [(m.name, m.words) for m in measures().values() if m.basis == "register" or not public]

    def choices(self) -> Mapping[str, Any]:
        """Care that may be chosen; for the public, services only, for who decides about them."""
        if self.person.role != "public":
            return choices(self.asked, self.person)
        known = self.asked.known(self.person)["services"].to_pylist()
        named = sorted((r["service_name"], r["pss_line"]) for r in known)
        return {"service": [("", "no service"), *((line, f"{name} ({line})") for name, line in named)]}

    def grid(self) -> Grid:
        """The figures of the map."""
        m = self.measure
        columns = [Column("name", "ICB"), Column("icb_code", "Code"), Column("region", "Region"),
                   Column("value", m.words, m.kind), Column("note", "Note")]  # fmt: skip
        if m.below:
            columns += [Column("top", m.top_words, m.top_kind), Column("below", m.below_words, m.below_kind)]
        blanks = {"note": "", "region": "", "icb_code": "", "value": "", "top": "", "below": "", "records": ""}
        if m.basis == "register":
            return Grid("map", self._title(), columns, self.rows, note=self._note(), blanks=blanks)
        is_count, is_rate = m.top == RECORDS and not m.below, m.top == RECORDS and bool(m.below)
        if not is_count:
            columns.append(Column(RECORDS, "Records", "whole"))
        # a rate of records by known people is their number, and so are sums over records
        ratios = [name for name, of in (("value", RECORDS if is_rate else ""), ("top", m.top), ("below", m.below))
                  if of.startswith("record")]  # fmt: skip
        counts = ("value",) if is_count else (RECORDS,)
        beside = [c.name for c in columns if c.name in ("value", "top", "below") and c.name not in (*counts, *ratios)]
        return Grid("map", self._title(), columns, self.rows, note=self._note(), blanks=blanks, counts=counts,
                    beside=beside, ratios=ratios)  # fmt: skip

    def chart(self) -> Chart:
        """The map."""
        m, drawn = self.measure, [r for r in self.rows if r["icb_code"]]
        title = self._title()
        known = [r for r in drawn if r["value"] is not None]
        words = f"Map: {title}. " + ("No ICB has a figure." if not known else _ends(known, m))
        told = (label(self.asked.run), *((INSIDE,) if m.basis == "run" else ()), *maps.ATTRIBUTION)
        around = Words(title, "darker is more" if m.kind != "text" else "", told)
        spec = maps.by_icb(
            drawn, around, footprint=self.footprint, value="value", unit=m.words, region=self.region,
            written=lambda value: _written(value, m),
        )  # fmt: skip
        return Chart("map_of_icbs", words, spec, "map")

    def _title(self) -> str:
        m = self.measure
        where = self.places.regions[self.region] if self.region else "England"
        of = f", {self.care.words(self.places.register)}" if m.basis == "run" else ""
        if m.top == "who_decides":
            of = (
                f": {Care(self.care.service).words(self.places.register)}, {shown(self.day)}"
                if self.care.service
                else ""
            )
        return f"{m.words}{of}, {where} by ICB of {self.footprint}"

    def _note(self) -> str:
        told = [self.measure.meaning]
        if self.measure.basis == "run":
            told.append(part_of(self.person))
        if self.measure.top == "who_decides" and not self.care.service:
            told.append("Choose a service.")
        if self.footprint == "2026" and (self.measure.basis == "run" or self.measure.top in ("people", "allocation")):
            told.append(
                "What lies on boards of 2024 is shown on those of 2026 by who succeeded whom; of boards that were "
                "divided, each successor has the register's share of its registered people, so that all parts add up."
            )
        return " ".join(filter(None, told))

    def _rows(self) -> list[dict[str, Any]]:
        if self.measure.basis == "run":
            own = populations(self.person, self.asked.register)
            sums, states = of_run(cells(self.asked, self.person, self.care), self.places, self.footprint, own)
        else:
            sums, states = of_register(self.places, self.footprint, self.care.service, self.day), {}
        boards = self.places.boards[self.footprint].values()
        rows = [
            self._row(b.code, b.name, b.region, states.get(b.code, "shown"), sums)
            for b in boards if not self.region or b.region == self.region
        ]  # fmt: skip
        if not self.region and REST in sums:
            rows.append(self._row("", "Others", "", REST, sums))
        return rows

    def _row(self, code: str, name: str, region: str, state: str, sums: Sums) -> dict[str, Any]:
        m, held = self.measure, sums.get(code, {}) if state != "not yours" else {}
        value = m.value(held)
        if value is None and state in ("shown", "part"):
            state = "none"
        if code == REST and m.below:
            # of people who are on no board nothing is known but what their care comes to
            value = None
        return {
            "name": name, "icb_code": code, "region_code": region, "region": self.places.regions.get(region, ""),
            "value": value, "top": _plain(held.get(m.top)), "below": _plain(held.get(m.below)) if m.below else None,
            "state": state, "note": STATES[state], RECORDS: None if (of := held.get(RECORDS)) is None else ceil(of),
        }  # fmt: skip


def _plain(amount: Any) -> Any:
    """A sum that is a fraction, to a thousandth."""
    return round(amount * 1000) / Decimal(1000) if isinstance(amount, Fraction) else amount


def _written(value: Any, measure: Measure) -> str:
    """A figure or the edge of a class, with the digits that tell small ones apart."""
    value = Decimal(value)
    if measure.kind == "share":
        return f"{100 * value:.3g}%"
    return shown(value, "number" if measure.kind == "whole" else measure.kind, pence=abs(value) < 100)


def _ends(rows: list[dict[str, Any]], measure: Measure) -> str:
    """The most and the least of a map in words."""
    if measure.kind == "text":
        kinds = sorted({r["value"] for r in rows})
        return " ".join(f"{kind}: {sum(r['value'] == kind for r in rows)} ICBs." for kind in kinds)
    least, most = (end(rows, key=lambda r: r["value"]) for end in (min, max))
    if least is most:
        return f"Only {most['name']} has a figure: {_written(most['value'], measure)}."
    return (
        f"Highest in {most['name']}, {_written(most['value'], measure)}; "
        f"lowest in {least['name']}, {_written(least['value'], measure)}."
    )

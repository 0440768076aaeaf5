"""*Flows*: from where people live to where they are treated, as a map, a matrix and shares at home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from math import ceil
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
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
from tertiary.web.measured import SUMS
from tertiary.web.pages.asked import FOOTPRINTS, Footprint, Month, Text
from tertiary.web.people import Person
from tertiary.web.places import coded, kilometres, places_of
from tertiary.web.render import INSIDE, answer, answers_of, shown
from tertiary.web.scope import populations
from tertiary.web.views import Chart, Grid, View

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["figures"])
# what flows: column of the ledger, its words and kind
AMOUNTS = {"spend": ("price_submitted", "Spend (£)", "money"), "records": ("records", "Records", "whole")}
Amount = Annotated[Literal["spend", "records"], Query()]
# providers that have a column of the matrix; rows of the long table on a page
MOST_COLUMNS, MOST_ROWS = 10, 50
RECORDS = "records"
PART = "only the part that you pay for, or that your providers give"


@router.get("/flows")
def flows(
    request: Request, show: Amount = "spend", footprint: Footprint = "2024", region: Text = "", service: Text = "",
    programme: Text = "", month: Month = "",
) -> Response:  # fmt: skip
    """From population to provider: a map of the largest flows, a matrix, and how much is treated at home."""
    asked, person = answers_of(request), person_of(request)
    made = Flows(asked, person, show, footprint, region, Care(service, programme, month))
    longest = None if "format" in request.query_params else MOST_ROWS
    grids = [made.grid(longest), made.homes(), made.matrix()]
    values = {
        "show": show, "footprint": footprint, "region": region, "service": service, "programme": programme,
        "month": month, "footprints": FOOTPRINTS, "amounts": [(name, words) for name, (_, words, _) in AMOUNTS.items()],
        "regions": [("", "England"), *sorted(made.places.regions.items(), key=lambda r: r[1])],
        "care": choices(asked, person),
    }  # fmt: skip
    return answer(request, View("Flows from population to provider", "flows.html", grids, [made.chart()], values))


@api.get("/flows", responses=FAILURES)
def figures(
    request: Request, show: Amount = "spend", footprint: Footprint = "2024", region: Text = "", service: Text = "",
    programme: Text = "", month: Month = "", run: str = "",
) -> Rows:  # fmt: skip
    """Flows from the population of an ICB to a provider, the largest first."""
    asked, person = answers_of(request, run), person_of(request)
    return rows_of(
        Flows(asked, person, show, footprint, region, Care(service, programme, month)).grid(), label(asked.run)
    )


class Flows:
    """Flows of some care within what a person may see."""

    def __init__(self, asked: Answers, person: Person, show: str, footprint: str, region: str, care: Care) -> None:
        self.asked, self.person, self.footprint, self.region, self.care = asked, person, footprint, region, care
        self.places = places_of(asked.known(person))
        if region and region not in self.places.regions:
            raise RunError(f"There is no region {region!r}. Choose from {', '.join(sorted(self.places.regions))}.")
        self.column, self.words, self.kind = AMOUNTS[show]
        self.own = populations(person, asked.register)
        self.rows = self._rows()

    def grid(self, longest: int | None = None) -> Grid:
        """Every flow, the largest first."""
        columns = [
            Column("icb_name", "People of"), Column("icb_code", "ICB"), Column("provider_name", "Treated by"),
            Column("provider_code", "Provider"), Column("value", self.words, self.kind),
            Column("share", "Share of what is shown of the ICB", "share"), Column("where", "Where"),
            Column("km", "Kilometres", "number"), Column("note", "Note"),
            *([] if self.column == RECORDS else [Column(RECORDS, "Records", "whole")]),
        ]  # fmt: skip
        counts, beside = (("value",), ("km",)) if self.column == RECORDS else ((RECORDS,), ("value", "km"))
        more = len(self.rows) - (longest or len(self.rows))
        note = f"{more:,} smaller flows are in the download. " if more > 0 else ""
        note += "Kilometres: in a straight line from the average resident to the provider's head office."
        note += f" {part_of(self.person)}".rstrip()
        if unplaced := sorted({r["provider_code"] for r in self.rows if not r["placed"]}):
            note += f" The register does not say where these are: {', '.join(unplaced)}."
        return Grid("flows", self._title("Flows"), columns, self.rows[:longest], "Nothing of that kind is yours.", note,
                    blanks={"note": "", "km": "", "icb_code": "none on this footprint"}, counts=counts, beside=beside,
                    ratios=("share",))  # fmt: skip

    def homes(self) -> Grid:
        """How much of each population's care is given at home: in the own ICB, in its region, elsewhere."""
        kinds = ("own ICB", "own region", "elsewhere", "not known")
        sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(kinds, Decimal(0)))
        for r in self.rows:
            if r["icb_code"] and not r["note"]:
                sums[r["icb_code"]][r["where"]] += r["value"]
        rows = []
        for code, board in self.places.boards[self.footprint].items():
            if code in sums:
                held = sums[code]
                placed = sum(held.values()) - held["not known"]
                rows.append({
                    "icb_name": board.name, "icb_code": code, **{k.replace(" ", "_"): v for k, v in held.items()},
                    "share_home": held["own ICB"] / placed if placed else None,
                    "share_region": (held["own ICB"] + held["own region"]) / placed if placed else None,
                })  # fmt: skip
        columns = [
            Column("icb_name", "People of"), Column("icb_code", "ICB"),
            Column("own_ICB", f"{self.words} in the own ICB", self.kind),
            Column("own_region", "in another ICB of the region", self.kind),
            Column("elsewhere", "in another region", self.kind),
            Column("not_known", "at providers of no known place", self.kind),
            Column("share_home", "Share in the own ICB", "share"),
            Column("share_region", "Share in the own region", "share"),
        ]  # fmt: skip
        note = "A provider is where its head office is; shares leave out providers of no known place."
        title = self._title("Treated at home and elsewhere")
        return Grid("treated_at_home", title, columns, rows, "No whole population is yours here.", note, inside=True)

    def matrix(self) -> Grid:
        """Boards by the largest providers, and all others together."""
        by_provider: dict[str, Decimal] = defaultdict(Decimal)
        by_pair: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for r in self.rows:
            by_provider[r["provider_code"]] += r["value"]
        largest = sorted(by_provider, key=lambda code: (-by_provider[code], code))[:MOST_COLUMNS]
        names = {r["icb_code"]: r["icb_name"] for r in self.rows}
        for r in self.rows:
            by_pair[r["icb_code"], r["provider_code"] if r["provider_code"] in largest else "others"] += r["value"]
        heads = [*largest, *(["others"] if len(by_provider) > len(largest) else [])]
        rows: list[dict[str, Any]] = [
            {"icb_name": name, **{h: by_pair[code, h] for h in heads}, "all": sum(by_pair[code, h] for h in heads)}
            for code, name in sorted(names.items(), key=lambda pair: (not pair[0], pair[1]))
        ]  # fmt: skip
        columns = [Column("icb_name", "People of"), *(Column(h, self._provider(h), self.kind) for h in heads),
                   Column("all", "All", self.kind)]  # fmt: skip
        title = self._title("Population by provider")
        return Grid("matrix", title, columns, rows, "Nothing of that kind is yours.", inside=True)

    def chart(self) -> Chart:
        """The map of the largest flows."""
        drawable = [r for r in self.rows if r["placed"] and r["icb_code"] and r["value"] > 0]
        whole = sum(r["value"] for r in self.rows)
        drawn = sum(r["value"] for r in drawable[: maps.MOST_LINES])
        count = min(len(drawable), maps.MOST_LINES)
        share = f": {shown(drawn / whole, 'share')} of all" if whole else ""
        told = f"The {count} largest of {len(self.rows):,} flows{share}"
        first = drawable[0] if drawable else None
        top = f"; the largest is {first['icb_name']} to {first['provider_name']}, {first['text']}" if first else ""
        title = self._title(f"{self.words}: from population to provider")
        around = Words(
            title, f"{told}; the others are in the table", (label(self.asked.run), INSIDE, *maps.ATTRIBUTION)
        )
        spec = maps.flows(drawable, around, self.footprint, unit=self.words, region=self.region)
        return Chart("map_of_flows", f"Map of flows: {title}. {told}{top}.", spec, "flows")

    def _title(self, what: str) -> str:
        where = f", people of {self.places.regions[self.region]}" if self.region else ""
        return f"{what}, {self.care.words(self.places.register)}{where}, ICBs of {self.footprint}"

    def _provider(self, code: str) -> str:
        site = self.places.sites.get(code)
        return f"{site.name} ({code})" if site else "All others" if code == "others" else code

    def _rows(self) -> list[dict[str, Any]]:
        """A row for each board and provider, the largest first."""
        sums: dict[tuple[str, str, bool], Decimal] = defaultdict(Decimal)
        records: dict[tuple[str, str, bool], Decimal] = defaultdict(Decimal)
        for cell in cells(self.asked, self.person, self.care):
            code = cell["population_icb"]
            whole = self.own is None or code in self.own
            shares = self.places.moved(code, coded(cell["financial_year"]), self.footprint)
            for held, column in ((sums, self.column), (records, RECORDS)):
                parts: Mapping[str, Decimal] = {"": Decimal(cell[column] or 0)}
                if shares:
                    parts = self.places.shared(Decimal(cell[column] or 0), shares, SUMS[column])
                for board, amount in parts.items():
                    held[board, cell["provider_code"], whole] += amount
        boards = self.places.boards[self.footprint]
        kept = {
            key: v for key, v in sums.items() if not self.region or (key[0] and boards[key[0]].region == self.region)
        }
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for (board, _, _), amount in kept.items():
            totals[board] += amount
        rows = [
            {**self._row(*key, amount, totals[key[0]]), RECORDS: ceil(records[key])}
            for key, amount in kept.items() if amount
        ]  # fmt: skip
        return sorted(rows, key=lambda r: (-r["value"], r["icb_code"], r["provider_code"]))

    def _row(self, code: str, provider: str, whole: bool, amount: Decimal, total: Decimal) -> dict[str, Any]:
        board, site = self.places.boards[self.footprint].get(code), self.places.sites.get(provider)
        placed = board is not None and site is not None and bool(site.icb[self.footprint])
        row = {
            "icb_code": code, "icb_name": board.name if board else "Other populations", "provider_code": provider,
            "provider_name": site.name if site else provider, "value": amount, "text": shown(amount, self.kind),
            "share": amount / total if total else None, "placed": placed, "home": False, "where": "not known",
            "km": None, "note": "" if whole else PART,
        }  # fmt: skip
        if placed:
            assert board is not None and site is not None
            home, near = site.icb[self.footprint] == code, site.region == board.region
            row |= {
                "home": home, "where": "own ICB" if home else "own region" if near else "elsewhere",
                "km": kilometres(board, site), "from_latitude": board.latitude, "from_longitude": board.longitude,
                "to_latitude": site.latitude, "to_longitude": site.longitude,
            }  # fmt: skip
        return row

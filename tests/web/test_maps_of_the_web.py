"""Maps and flows: each sees its own figures, parts of divided boards add up, and ratios are what a hand works out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import row, run_folder
from tertiary.publish import charts
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.care import month_words
from tertiary.web.measured import REST, SUMS, measures, of_run
from tertiary.web.people import demo_people
from tertiary.web.places import Places, kilometres, places_of
from web_helpers import token

Be = Callable[[str], TestClient]
# pounds of each population that each sees of the small run (SPENT of conftest), by hand; "" is on no board of theirs
SEES = {
    "national": {"QMJ": 120, "QMF": 3000, "QE1": 640007}, "london": {"QMJ": 120, "QMF": 3000, "": 600007},
    "ncl": {"QMJ": 120, "": 7}, "office": {"QMJ": 120, "QMF": 3000, "": 7},
    "uclh": {"QMJ": 120, "QMF": 3000, "QE1": 600000},
}  # fmt: skip
PUBLIC = [name for name, m in measures().items() if m.basis == "register"]
PRIVATE = [name for name, m in measures().items() if m.basis == "run"]


@pytest.fixture(scope="module")
def places(register: Register) -> Places:
    return Places(register)


def _api(client: TestClient, address: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{address}", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


def _csv(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


@pytest.mark.parametrize("account", SEES)
def test_each_sees_its_own_populations_on_the_map(be: Be, account: str) -> None:
    """In the API, as CSV, and in the specification that a browser draws, alike."""
    client = be(account)
    rows = _api(client, "map", show="spend")
    assert len(rows) == 42 + ("" in SEES[account])
    seen = {str(r["icb_code"]): Decimal(r["value"]) for r in rows if r["value"] is not None}
    assert seen == SEES[account]
    found = {
        r["icb_code"]: Decimal(r["value"]) for r in _csv(client, "/map?show=spend&format=csv&exact=yes") if r["value"]
    }
    assert found == seen
    spec = client.get("/map?show=spend&format=vega").json()
    shapes = spec["vconcat"][0]["layer"][0]["data"]["values"]["objects"]["areas"]["geometries"]
    told = {s["id"]: s["properties"]["text"] for s in shapes if s["properties"]["text"].startswith("£")}
    assert told == {code: f"£{value:,}" for code, value in SEES[account].items() if code}


@pytest.mark.parametrize("show", ["spend", "expected", "records"])
def test_what_is_shown_of_a_sum_adds_up_on_both_footprints(register: Register, tmp_path: Path, show: str) -> None:
    """A figure that is no ratio is not rounded: parts of a divided board and pence add up to what was spent."""
    ledger = [
        row("ledger", flow="plcm", measure="actual", counted=True, financial_year="202526", financial_month=1,
            population_icb=icb, payer_code=icb, payer_kind="icb", provider_code="RRV", component="activity", records=7,
            quantity=Decimal(1), price_submitted=Decimal("0.49999999"), price_expected=Decimal("0.49"))
        for icb in ("QNQ", "QU9", "QHG", "QMJ")
    ]  # fmt: skip
    run = run_folder(tmp_path / "run", ledger=ledger, submissions=[row("submissions")])
    whole = {"spend": Decimal("1.99999996"), "expected": Decimal("1.96"), "records": Decimal(28)}[show]
    with TestClient(create_app({"run": (run, register)}), base_url="http://127.0.0.1") as client:
        client.post("/sign-in", data={"account": "national", **token(client)}, follow_redirects=False)
        for footprint in ("2024", "2026"):
            rows = _csv(client, f"/map?show={show}&footprint={footprint}&format=csv")
            assert sum(Decimal(r["value"]) for r in rows if r["value"]) == whole, footprint


@pytest.mark.parametrize("account", SEES)
def test_each_sees_its_own_flows(be: Be, account: str) -> None:
    client = be(account)
    rows = _api(client, "flows")
    assert sum(Decimal(r["value"]) for r in rows) == sum(SEES[account].values())
    parts = {(r["icb_code"], r["provider_code"]) for r in rows if r["note"]}
    assert parts == {
        "london": {("QE1", "RRV"), ("QE1", "RXN")}, "ncl": {("QE1", "RXN")}, "office": {("QE1", "RXN")},
    }.get(account, set())  # fmt: skip
    homes = {r["icb_code"] for r in _csv(client, "/flows?format=csv&of=treated_at_home&exact=yes")}
    assert homes == {code for code in SEES[account] if code}


@pytest.mark.parametrize("account", ["", "public"])
@pytest.mark.parametrize("kind", ["", "&format=csv", "&format=vega", "&format=svg", "&format=xlsx"])
@pytest.mark.parametrize("show", PRIVATE)
def test_the_public_sees_no_figure_of_a_run(be: Be, account: str, kind: str, show: str) -> None:
    client = be(account)
    for address in (f"/map?show={show}{kind}", f"/api/v1/map?show={show}", f"/flows?{kind}", "/api/v1/flows"):
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "640" not in answer.text and "600" not in answer.text


@pytest.mark.parametrize("account", ["", *demo_people()])
@pytest.mark.parametrize("footprint", ["2024", "2026"])
@pytest.mark.parametrize("show", PUBLIC)
def test_what_the_register_says_is_open_to_all(be: Be, account: str, footprint: str, show: str) -> None:
    rows = _api(be(account), "map", show=show, footprint=footprint, service="2", on="2024-06-01")
    assert len(rows) == {"2024": 42, "2026": 36}[footprint]
    assert all(r["value"] for r in rows) != (show == "allocation")


def test_the_public_finds_the_map_and_no_measure_that_is_not_theirs(be: Be) -> None:
    text = be("").get("/map").text
    assert 'href="/map"' in text and 'href="/flows"' not in text
    assert all(f'value="{name}"' in text for name in PUBLIC) and not any(f'value="{name}"' in text for name in PRIVATE)


def test_who_decides_is_told_by_region(be: Be) -> None:
    """In 2024/25 ICBs of three regions decided alone (NHS England, board paper on delegation)."""
    rows = _api(be(""), "map", show="who_decides", service="2", on="2024-06-01")
    alone = {r["region"] for r in rows if str(r["value"]).split(" (")[0] == "ICBs"}
    assert alone == {"Midlands", "East of England", "North West"}


def test_a_board_that_was_merged_is_partly_yours(be: Be) -> None:
    """QMJ and QRV became Z9B2Z: an analyst of QMJ sees that part over its people, the office of both the whole."""
    alone = {r["icb_code"]: r for r in _api(be("ncl"), "map", show="spend_a_head", footprint="2026")}
    assert alone["Z9B2Z"]["note"] == "only a part is yours" and Decimal(alone["Z9B2Z"]["top"]) == 120
    both = {r["icb_code"]: r for r in _api(be("office"), "map", show="spend_a_head", footprint="2026")}
    assert both["Z9B2Z"]["note"] == ""
    assert Decimal(both["Z9B2Z"]["below"]) > Decimal(alone["Z9B2Z"]["below"]) * 2
    assert alone["QWE"]["note"] == "not yours" and alone["QWE"]["below"] is None


def test_ratios_are_what_a_hand_works_out(be: Be, places: Places) -> None:
    """RRV is in QMJ in London, RXN in QE1 in the North West."""
    client = be("national")

    def shown(name: str) -> dict[str, Decimal]:
        return {r["icb_code"]: Decimal(r["value"]) for r in _api(client, "map", show=name) if r["value"] is not None}

    away = round(Fraction(600000, 640007) * 10000) / Decimal(10000)
    assert shown("outside") == {"QMJ": 0, "QMF": 1, "QE1": away}
    assert shown("outside_region") == {"QMJ": 0, "QMF": 0, "QE1": away}
    people = {r["icb_code"]: Fraction(r["value"]) for r in _api(client, "map", show="people")}
    assert shown("spend_a_head") == {
        code: round(Fraction(pounds * 100) / people[code]) / Decimal(100) for code, pounds in SEES["national"].items()
    }
    # of QE1's three records two were in its own trust
    board, sites = places.boards["2024"]["QE1"], places.sites
    km = (2 * kilometres(board, sites["RXN"]) + kilometres(board, sites["RRV"])) / 3
    assert shown("distance")["QE1"] == pytest.approx(km, abs=Decimal("0.06"))


def test_distance_is_that_of_a_map(places: Places) -> None:
    """University College Hospital is about 300 km from the people of Lancashire and South Cumbria."""
    assert 290 < kilometres(places.boards["2024"]["QE1"], places.sites["RRV"]) < 340
    assert kilometres(places.boards["2024"]["QMJ"], places.sites["RRV"]) < 10


CELLS = st.lists(
    st.tuples(
        st.sampled_from(["QNQ", "QM7", "QJG", "QMJ", "QRL", "QE1", "", "7A1"]),
        st.sampled_from(["RRV", "RXN", "RTK", "?"]),
        st.decimals("-99999", "99999", places=8), st.integers(0, 50),
    ), max_size=25,
)  # fmt: skip


def _cells(found: list[tuple[str, str, Decimal, int]], year: str = "202526") -> list[dict[str, Any]]:
    return [
        {"financial_year": year, "population_icb": icb, "provider_code": provider, "records": records,
         "price_submitted": pounds, "price_expected": round(pounds, 2)} for icb, provider, pounds, records in found
    ]  # fmt: skip


@given(CELLS)
@settings(deadline=None, max_examples=50)
def test_what_is_moved_to_2026_adds_up_to_the_last_digit(
    places: Places, found: list[tuple[str, str, Decimal, int]]
) -> None:
    cells = _cells(found)
    for footprint in ("2024", "2026"):
        sums, _ = of_run(cells, places, footprint, None)
        for name in SUMS:
            assert sum(Decimal(held[name]) for held in sums.values()) == sum(Decimal(c[name]) for c in cells)
        assert set(sums) - {REST} <= set(places.boards[footprint])


def test_a_divided_board_gives_each_successor_its_share(places: Places, register: Register) -> None:
    sums, states = of_run(_cells([("QNQ", "RTK", Decimal(1_000_000), 3)]), places, "2026", None)
    shares = {
        r["successor"]: r["share_of_predecessor_registered"] for r in register["icb_succession"].to_pylist()
        if r["predecessor"] == "QNQ"
    }  # fmt: skip
    assert len(shares) == 3 and sum(shares.values()) != 1, "published shares are rounded"
    for code, share in shares.items():
        assert sums[code]["price_submitted"] == pytest.approx(share * 1_000_000, abs=Decimal(20))
    assert set(states.values()) == {"shown"}


def test_care_of_2026_is_not_put_on_the_boards_of_2024(places: Places) -> None:
    cells = _cells([("Z9B2Z", "RRV", Decimal(5), 1)], "202627")
    assert set(of_run(cells, places, "2024", None)[0]) == {REST}
    assert set(of_run(cells, places, "2026", None)[0]) == {"Z9B2Z"}


def test_people_of_2026_are_all_the_people_of_2024(places: Places) -> None:
    before, after = places.people("2024"), places.people("2026")
    assert sum(before.values()) == sum(after.values())
    assert set(before) == set(places.boards["2024"]) and set(after) == set(places.boards["2026"])


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/map?show=wealth", 400, "does not show"), ("/map?region=X", 400, "There is no region"),
        ("/flows?region=X", 400, "There is no region"), ("/map?footprint=2031", 422, "footprint"),
        ("/map?month=may", 422, "month"), ("/flows?show=joy", 422, "show"),
        ("/map?show=who_decides&service=999", 400, "no service"), ("/api/v1/map?show=wealth", 400, "does not show"),
        ("/api/v1/flows?month=1", 422, "month"), ("/map?run=other", 400, "There is no run"),
    ],
)  # fmt: skip
def test_mistakes_of_maps_are_said_in_a_sentence(be: Be, address: str, status: int, words: str) -> None:
    answer = be("national").get(address)
    assert answer.status_code == status and words in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize("address", ["/map", "/map?region=Y56&footprint=2026", "/flows?show=records", "/ledger"])
def test_a_chart_has_words_a_picture_without_script_and_its_table(be: Be, address: str) -> None:
    text = be("national").get(address).text
    name, grid = re.findall(r'id="chart-(\w+)"', text), re.findall(r'<a href="#table-(\w+)">Its figures', text)
    assert len(name) == len(grid) == 1 and f'id="table-{grid[0]}"' in text
    assert f'<figure class="app-chart" aria-labelledby="chart-{name[0]}">' in text
    picture, words = re.findall(r'<noscript><img src="([^"]+)" alt="([^"]+)">', text)[0]
    assert len(words) > 40
    drawn = be("national").get(address.split("?")[0] + picture.replace("&amp;", "&"))
    assert drawn.headers["content-type"].startswith("image/svg") and "</svg>" in drawn.text


def test_a_chart_without_what_draws_it_says_where_the_figures_are(be: Be, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "draws", lambda: False)
    text = be("national").get("/ledger").text
    assert "<img" not in text and "The table beside holds the figures." in text and "as PNG" not in text


def test_what_can_be_chosen_is_kept_to(be: Be) -> None:
    client = be("national")
    assert sum(Decimal(r["value"]) for r in _api(client, "flows", month="202526-01")) == 643127
    assert _api(client, "flows", month="202526-02") == []
    assert "Nothing of that kind is yours." in client.get("/flows?month=202526-02").text
    assert "April 2025" in client.get("/map?month=202526-01").text


def test_text_of_an_address_is_never_markup_on_a_map(be: Be) -> None:
    attack = "'\"><img src=x onerror=alert(1)>"
    text = be("national").get("/map", params={"service": attack, "programme": attack}).text
    assert "<img src=x" not in text
    spec = be("national").get("/map", params={"service": attack, "format": "vega"})
    assert spec.headers["content-type"] == "application/json" and json.loads(spec.text)


def test_the_matrix_adds_up_to_the_flows(be: Be) -> None:
    rows = _csv(be("national"), "/flows?format=csv&of=matrix&exact=yes")
    assert {r["icb_name"]: Decimal(r["all"]) for r in rows} == {
        "North Central London": 120, "North East London": 3000, "Lancashire and South Cumbria": 640007,
    }  # fmt: skip
    assert all(Decimal(r["RRV"]) + Decimal(r["RXN"]) == Decimal(r["all"]) for r in rows)


@pytest.mark.parametrize(
    ("value", "words"),
    [("202526", "2025/26"), ("202526-01", "April 2025"), ("202526-09", "December 2025"), ("202526-10", "January 2026"),
     ("202526-12", "March 2026"), ("202526-13", "2025/26 year end adjustment")],
)  # fmt: skip
def test_months_are_said_as_people_say_them(value: str, words: str) -> None:
    assert month_words(value) == words


def test_places_are_worked_out_once(client: TestClient) -> None:
    register = client.app.state.answers["run"].register  # type: ignore[attr-defined]
    assert places_of(register) is places_of(register)

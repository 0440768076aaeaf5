"""Find a service: the right body for a place and day, honest distances, plain words, a postcode that goes nowhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from math import acos, cos, radians, sin

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.register import Register, responsible
from tertiary.web.delegation import parts, words
from tertiary.web.homes import NoPlaceError, Place, areas, place_like, place_of_area
from tertiary.web.local_duties import duties, in_force
from tertiary.web.people import demo_people
from tertiary.web.providers import miles, providers_of
from tertiary.web.service_search import everyday, services_like
from web_helpers import token

Be = Callable[[str], TestClient]
DAY = date(2026, 11, 26)
DAYS = (date(2022, 8, 1), date(2023, 4, 1), date(2024, 4, 1), date(2025, 4, 1), date(2025, 7, 1), date(2026, 3, 31),
        date(2026, 4, 1), DAY)  # fmt: skip


def ask(client: TestClient, query: str = "", **form: str) -> str:
    answer = client.post(f"/find{query}", data={"on": DAY.isoformat(), **form, **token(client, "/find")})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("sub_icb", "region"), [("93C", "London"), ("01A", "North West"), ("D4U1Y", "South East")])
def test_who_is_responsible_is_what_the_register_says(register: Register, day: date, sub_icb: str, region: str) -> None:
    """For every service whose codes go alike: body by body and function by function, of one sub-ICB."""
    place = Place("", frozenset({sub_icb}), frozenset({sub_icb}), (), (), (0.0, 0.0), exact=True)
    said = {(r["service_set"], r["function"]): r for r in responsible(register, day, sub_icb=sub_icb).to_pylist()}
    for pss_line in ("15", "105", "1", "114"):
        held = {(d.part, d.function): d for d in in_force(duties(register, pss_line, place, day), day)}
        wanted = {k: r for k, r in said.items() if k[0] in parts(register, day)[pss_line]}
        assert set(held) == set(wanted) and wanted
        for key, row in wanted.items():
            unnamed = row["body_code"] in ("", "NOT_SOURCED")
            assert held[key].who == (words("body_rule")[row["body_rule"]] if unnamed else row["body_name"])
            assert held[key].since <= day and held[key].rule == row["body_rule"]


def test_since_when_is_the_first_day_of_the_same_body(register: Register) -> None:
    """Worked out by hand: QMF stayed one board, QMJ became another on 1 April 2026; Midlands were a year earlier."""
    since = {}
    for area in ("QMF", "Z9B2Z", "QHL"):
        known = duties(register, "15", place_of_area(register, area, DAY), DAY)
        since[area] = {d.since for d in in_force(known, DAY) if (d.part, d.function) == ("delegated_59", "decide")}
    assert since == {"QMF": {date(2025, 4, 1)}, "Z9B2Z": {date(2026, 4, 1)}, "QHL": {date(2024, 4, 1)}}


def test_the_answer_for_a_postcode(local_be: Be) -> None:
    text = ask(local_be(""), service="114", place=" xx11aa ")
    assert "<strong>NHS West and North London Integrated Care Board</strong> decides" in text
    assert "it was NHS North Central London Integrated Care Board." in text
    assert "On 1 April 2025 this passed from NHS England to NHS North Central London Integrated Care Board." in text
    assert "proposed, not in force" in text and "1 April 2027" in text
    assert "the middle of your neighbourhood" in text


def test_providers_are_sorted_by_an_independent_distance(local_be: Be, local_register: Register) -> None:
    lsoa = next(r for r in local_register["lsoas"].to_pylist() if r["lsoa21_code"] == "E01000958")
    trusts = {r["provider_code"]: r for r in local_register["providers"].to_pylist()}

    def far(code: str) -> float:
        lat1, lon1, lat2, lon2 = (
            radians(x)
            for x in (lsoa["latitude"], lsoa["longitude"], trusts[code]["latitude"], trusts[code]["longitude"])
        )
        return acos(sin(lat1) * sin(lat2) + cos(lat1) * cos(lat2) * cos(lon1 - lon2)) * 6371.0 / 1.609344

    wanted = sorted((round(far(c), 1), trusts[c]["name"]) for c in ("RXN", "RRV", "R0A"))
    text = ask(local_be(""), "?format=csv&of=where", service="114", place="XX1 1AA")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert [r[0] for r in rows] == [name for _, name in wanted]
    assert all(abs(float(r[1]) - far_) <= 0.1 for r, (far_, _) in zip(rows, wanted, strict=True))


@settings(deadline=None, max_examples=60)
@given(st.floats(49.9, 55.8), st.floats(-6, 1.8), st.floats(49.9, 55.8), st.floats(-6, 1.8))
def test_distance_is_symmetric_and_of_the_right_size(a: float, b: float, c: float, d: float) -> None:
    there = miles((a, b), (c, d))
    assert there == pytest.approx(miles((c, d), (a, b))) and miles((a, b), (a, b)) == 0
    # a degree of latitude is 69 miles; one of longitude less
    assert abs(a - c) * 68.9 - 1e-6 <= there <= abs(a - c) * 69.3 + abs(b - d) * 69.3


def test_london_to_manchester() -> None:
    assert miles((51.5074, -0.1278), (53.4808, -2.2426)) == pytest.approx(163, abs=1)


def test_a_postcode_goes_nowhere_but_into_the_answer(
    local_be: Be, caplog: pytest.LogCaptureFixture, local_register: Register
) -> None:
    """Not into an address, a cookie, a log, or a header; the form that downloads carries it in its body."""
    client = local_be("")
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/find", data={"service": "114", "place": "XX1 1AA", **token(client, "/find")})
        wrong = client.post("/find", data={"service": "114", "place": "ZZ9 9ZZ", **token(client, "/find")})
        broken = client.post("/find", data={"service": "114", "place": "XX1 1AA", "on": "x", **token(client, "/find")})
    # the test's own client logs addresses, as a server or a proxy would
    assert caplog.text and not re.search("XX1|ZZ9", caplog.text)
    for one in (answer, wrong, broken):
        assert "set-cookie" not in one.headers and one.headers["cache-control"] == "no-store"
        assert not re.search("XX1|ZZ9", str(one.headers) + str(one.url))
        assert not re.findall(r'(?:href|action|src)="[^"]*(?:XX1|ZZ9|E01000958)[^"]*"', one.text)
    assert 'name="place" value="XX1 1AA"' in answer.text
    assert "XX1" not in broken.text and broken.status_code == 400
    assert "format=csv" not in "".join(re.findall(r'<a href="([^"]+)"', answer.text))


def test_an_address_cannot_ask_by_postcode(local_be: Be) -> None:
    answer = local_be("").get("/find?service=114&place=XX1+1AA")
    text = answer.text
    assert answer.history[0].status_code == 303 and "place" not in str(answer.url)
    assert "Tell us where you live" in text and "XX1" not in text


def test_a_form_of_another_site_is_refused(local_be: Be) -> None:
    client = local_be("")
    assert client.post("/find", data={"what": "kidney"}).status_code == 403
    form = {"what": "kidney", **token(client, "/find")}
    assert client.post("/find", data=form, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert client.post("/find", data={**form, "what": "k" * 201}).status_code == 400


@pytest.mark.parametrize("account", ["", *demo_people()])
@pytest.mark.parametrize("address", ["/find", "/find?what=kidney", "/find?service=15", "/find?service=15&area=QMF"])
def test_everybody_may_find_a_service(be: Be, account: str, address: str) -> None:
    answer = be(account).get(address)
    assert answer.status_code == 200 and answer.text.count("<h1") == 1 and "£" not in answer.text


@pytest.mark.parametrize(
    ("place", "words_of"),
    [
        ("XX9 9XX", "not in the list that is loaded"), ("XX2 2BB", "not the area that it is in"),
        ("XX3 3CC", "not in England"), ("Narnia", "do not know that place"), ("London", "More than one area"),
        ('"><script>', "do not know that place"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_used_says_what_to_do(local_be: Be, place: str, words_of: str) -> None:
    text = ask(local_be(""), service="15", place=place)
    assert words_of in text and "There is a problem" in text and '<option value="QMF"' in text
    assert "<script>" not in text


def test_without_a_postcode_list_areas_are_offered(be: Be) -> None:
    text = ask(be(""), service="15", place="NW1 2BU")
    assert "no list of them is loaded" in text and 'href="#place"' in text


def test_an_area_by_name_or_code(register: Register) -> None:
    for text in ("QMF", "north east london", "NHS North East London Integrated Care Board"):
        assert place_like(register, text, DAY).area == "QMF"
    with pytest.raises(NoPlaceError, match="not in the list"):
        place_of_area(register, "QMJ", DAY)
    assert place_of_area(register, "QMJ", date(2026, 3, 31)).area == "QMJ"


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 4, 1)])
def test_every_area_of_a_day_has_an_answer(register: Register, day: date) -> None:
    listed = areas(register, day)
    assert len(listed) == (42 if day.month == 3 else 36)
    for code, name in listed:
        held = in_force(duties(register, "15", place_of_area(register, code, day), day), day)
        deciding = {d.who for d in held if d.function == "decide" and d.part == "delegated_59"}
        assert deciding == {name}, code


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("kidney", "15"), ("Kidneys", "15"), ("chemo", "105"), ("sickle cell", "114"), ("child kidney", "127"),
        ("kidneys for kids", "127"), ("105", "105"), ("nk-44", "nk-44"), ("HIV", "16"), ("burns", "104"),
        ("intensive care for babies", "118"), ("the heart", "7"), ("children with cancer", "106"),
    ],
)  # fmt: skip
def test_everyday_words_find_services(register: Register, said: str, first: str) -> None:
    assert first in [r["pss_line"] for r in services_like(register, said)[:3]]


def test_every_everyday_word_finds_something_and_every_service_its_name(register: Register) -> None:
    nothing = [phrase for phrase in everyday() if not services_like(register, phrase)]
    assert not nothing
    for row in register["services"].to_pylist()[::5]:
        assert row["pss_line"] in [r["pss_line"] for r in services_like(register, row["service_name"])]


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=60))
def test_any_text_is_a_search(text: str) -> None:
    found = services_like(REGISTER, text)
    assert len(found) <= 175


REGISTER = Register.load()


def test_nothing_that_matches_is_said(be: Be) -> None:
    text = ask(be(""), what="qqqqq", place="")
    assert "We found no service like that" in text and 'href="#what"' in text
    assert "There is no service of that number" in be("").get("/find?service=999").text
    assert "Say which service" in ask(be(""), area="QMF")
    many = ask(be(""), what="service for children", area="QMF")
    assert "There are more" in many and many.count('type="radio"') == 20 and 'name="area" value="QMF"' in many


def test_a_split_service_tells_its_parts_apart(register: Register, be: Be) -> None:
    day = DAY
    split = next(line for line, sets in parts(register, day).items() if {"retained", "delegated_59"} <= set(sets))
    text = be("").get(f"/find?service={split}&area=QMF&on={day}").text
    assert "For codes that stay national" in text and "<strong>NHS England</strong>" in text


def test_no_list_is_said_and_no_provider_is_guessed(be: Be, register: Register) -> None:
    assert providers_of(register, "114", DAY) == []
    text = be("").get("/find?service=114&area=QMF").text
    assert "no list of trusts" in text and "not published here" in text


SENTENCE = re.compile(r"(?<=[.?!])\s+")


def sentences(text: str) -> list[str]:
    """Sentences of paragraphs and points of the main part of a page."""
    main = text.split("<main")[1].split("</main>")[0]
    found = re.findall(r"<(p|li|label)\b[^>]*>(.*?)</\1>", main, re.DOTALL)
    plain = [unescape(re.sub(r"<[^>]+>", "", part)).strip() for _, part in found]
    return [
        s for part in plain for s in SENTENCE.split(re.sub(r"\s+", " ", part)) if s and not part.startswith("Sources:")
    ]


@pytest.mark.parametrize(
    "query", ["", "?service=114", "?service=114&area=QMF", "?service=1&area=Z9B2Z", "?what=kidney"]
)
def test_sentences_are_short(local_be: Be, query: str) -> None:
    """As public pages aim at: short sentences, none very long; the name of a board counts as one word."""
    said = sentences(local_be("").get(f"/find{query}").text)
    told = [re.sub(r"NHS [\w,' ]+? Integrated Care Board", "Board", s) for s in said]
    lengths = [len(s.split()) for s in told]
    assert len(said) > 2 and sum(lengths) / len(lengths) < 15 and max(lengths) <= 25, max(told, key=len)

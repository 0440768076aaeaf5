"""Need shares: exact at every level, in any groups, inside one place, with intervals, and refusals that help."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertiary.allocate import Basis, Need, Place, need_share, streams
from tertiary.allocate.basis import COMPONENTS
from tertiary.errors import AllocationError
from tertiary.register import Register

BASIS = Basis("specialised", COMPONENTS)
LEVELS = {"practice": 6348, "lad": 296, "sub_icb": 106, "icb_2024": 42, "icb_2026": 36, "region": 7, "england": 1}
AMOUNTS = st.decimals(min_value="0.001", max_value="5000000", places=3)


def made(people: dict[str, tuple[Any, Any]], within: dict[str, str] | None = None) -> Need:
    """Need of places by code: people and weighted people; `within` says in which region each lies."""
    places = tuple(
        Place(c, Fraction(p), Fraction(w), {"region": (within or {}).get(c, "")}) for c, (p, w) in people.items()
    )
    return Need("own", "202526", "spot", BASIS, places, "test", "synthetic")


@pytest.mark.parametrize("stream", list(streams()))
def test_shares_of_the_practice_table_are_whole_at_every_level(register: Register, stream: str) -> None:
    need = Need.from_practices(register, stream)
    for level, number in LEVELS.items():
        shares = need_share(need, level)
        rows = shares.rows.values()
        assert len(rows) == number, level
        assert sum(r.share for r in rows) == 1
        assert sum(r.weighted_population for r in rows) == sum(r.population for r in rows)
        assert sum(shares.rounded(6).values()) == 1
    (england,) = need_share(need, "england").rows.values()
    assert england.index == 1 and round(england.population) == 63_849_324


def test_a_place_inside_a_board_has_the_index_of_the_place_tool(core: Need, register: Register) -> None:
    """(weighted_place / people_place) / (weighted_board / people_board), in sums of the register's own decimals."""
    rows = [r for r in register["practice_need"].to_pylist() if r["icb_code_2024"] == "QHM"]
    place = {r["practice_code"]: "North" for r in rows if r["lad_code"] == "E06000047"}
    shares = need_share(core, "practice", groups=place, rest="elsewhere", within=("icb_2024", "QHM"))
    assert set(shares.rows) == {"North", "elsewhere"} and sum(shares.exact().values()) == 1

    def sums(chosen: list[dict[str, Any]]) -> Decimal:
        return sum((r["wp_core"] for r in chosen), Decimal(0)) / sum(
            (r["registered_population"] for r in chosen), Decimal(0)
        )

    expected = sums([r for r in rows if r["practice_code"] in place]) / sums(rows)
    assert float(shares.rows["North"].index or 0) == pytest.approx(float(expected), rel=1e-15)
    of_england = need_share(core, "practice", groups=place)
    ratio = (of_england.rows["North"].index or 0) / (need_share(core, "icb_2024").rows["QHM"].index or 1)
    assert shares.rows["North"].index == ratio


def test_groups_may_be_of_any_level_and_cross_boards(core: Need) -> None:
    by_board = need_share(core, "icb_2024", groups={"QMF": "east and north", "QMJ": "east and north"})
    boards = need_share(core, "icb_2024").exact()
    assert by_board.rows["east and north"].share == boards["QMF"] + boards["QMJ"]
    assert by_board.rows["rest"].share == 1 - boards["QMF"] - boards["QMJ"]
    assert need_share(core, "icb_2026").rows["Z9B2Z"].share == boards["QMJ"] + boards["QRV"]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=12),
       st.randoms(use_true_random=False), st.integers(1, 9))  # fmt: skip
def test_shares_are_whole_whatever_the_order_and_grouping(
    people: dict[str, tuple[Decimal, Decimal]], rng: random.Random, digits: int
) -> None:
    shares = need_share(made(people))
    assert sum(shares.exact().values()) == 1
    assert sum(shares.rounded(digits).values()) == 1
    total = sum(Fraction(p) for p, _ in people.values())
    assert sum(r.weighted_population for r in shares.rows.values()) == total
    assert sum((r.index or 0) * r.population for r in shares.rows.values()) == total
    for code, row in shares.rows.items():
        assert abs(Fraction(shares.rounded(digits)[code]) - row.share) < Fraction(1, 10**digits)
    turned = list(people.items())
    rng.shuffle(turned)
    assert need_share(made(dict(turned))) == shares
    groups = {code: rng.choice("xy") for code in people}
    grouped = need_share(made(people), groups=groups)
    for name in set(groups.values()):
        assert grouped.rows[name].share == sum(shares.rows[c].share for c in people if groups[c] == name)


def index_rows(register: Register, **more: Any) -> list[dict[str, Any]]:
    """A supplied index of every board: 1 but where `more` says otherwise."""
    rows = [
        {"code": r["code"], "stream": "own", "level": "icb_2024", "financial_year": "202526", "components": "activity",
         "service": "specialised", "registered_population": r["registered_population"], "need_index": Decimal(1)}
        for r in register["need_indices"].to_pylist()
        if (r["stream"], r["financial_year"]) == ("core", "202526")
    ]  # fmt: skip
    rows[0].update(more)
    return rows


def read(register: Register, rows: list[dict[str, Any]], **more: Any) -> Need:
    return Need.from_index(rows, register, **{"stream": "own", "financial_year": "202526", "level": "icb_2024", **more})


def test_a_supplied_index_of_one_shares_by_people(register: Register) -> None:
    need = read(register, index_rows(register))
    shares = need_share(need)
    people = sum(r.population for r in shares.rows.values())
    assert all(r.share == r.population / people and r.index == 1 for r in shares.rows.values())
    assert shares.basis == Basis("specialised", frozenset({"activity"}))
    assert len(need_share(need, "region").rows) == 7


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"code": ""}, "code '' of level icb_2024 is blank"),
        ({"code": "QMF"}, "'QMF' of level icb_2024 stands twice"),
        ({"code": "QQQ"}, "QQQ is no icb_2024 that the register knows"),
        ({"need_index": "high"}, "need_index is 'high'; expected a number of 0 or more"),
        ({"need_index": Decimal("-1")}, "need_index is Decimal('-1')"),
        ({"need_index": "NaN"}, "need_index is 'NaN'"),
        ({"need_index": "1,08"}, "need_index is '1,08'"),
        ({"registered_population": None}, "registered_population is None"),
        ({"need_index": None}, "give either weighted_population or need_index"),
        ({"weighted_population": 5}, "give either weighted_population or need_index"),
        ({"components": ""}, "components are blank"),
        ({"components": "devices"}, "different service, components or includes_market_forces"),
        ({"includes_market_forces": "yes"}, "includes_market_forces is 'yes'; expected Y, N or blank"),
        ({"components": "beds"}, "components 'beds'; expected one or more of activity, devices, drugs"),
        ({"standard_error": "0.02"}, "no standard_error and no low and high, though others have one"),
        ({"low": "0.9"}, "give both ends of the interval"),
        ({"low": "1.1", "high": "0.9"}, "low 1.1 is above high 0.9"),
    ],
)
def test_an_index_that_cannot_be_used(register: Register, more: dict[str, Any], message: str) -> None:
    with pytest.raises(AllocationError) as caught:
        read(register, index_rows(register, **more))
    assert message in str(caught.value)


def test_a_part_of_england_is_said_to_be_one(register: Register) -> None:
    rows = index_rows(register)[1:]
    with pytest.raises(AllocationError, match=r"lacks icb_2024 Q\w\w. Shares of England need every place"):
        read(register, rows)
    assert sum(need_share(read(register, rows, whole=False)).exact().values()) == 1
    with pytest.raises(AllocationError, match="holds nothing of stream other"):
        read(register, rows, stream="other")


def test_lsoas_need_an_index_of_their_own(core: Need, register: Register) -> None:
    with pytest.raises(AllocationError, match="where its people live is not known: it cannot be spread over LSOAs"):
        need_share(core, "lsoa")
    rng = random.Random(4)
    areas = register["lsoas"].select(["lsoa21_code", "residents_2021"]).to_pylist()
    rows = [
        {"code": a["lsoa21_code"], "registered_population": a["residents_2021"], "components": "all",
         "need_index": Decimal(rng.randrange(500, 1500)).scaleb(-3)}
        for a in areas
    ]  # fmt: skip
    need = read(register, rows, level="lsoa")
    for level, number in {**LEVELS, "lsoa": 33_755}.items():
        if level != "practice":
            shares = need_share(need, level)
            assert sum(shares.exact().values()) == 1 and len(shares.rows) == number


def test_a_divided_board_is_not_rolled_up(register: Register) -> None:
    with pytest.raises(
        AllocationError,
        match=r"QJG, QM7, QNQ of own does not lie in one icb_2026\. Levels that hold them all: region, england",
    ):
        need_share(read(register, index_rows(register)), "icb_2026")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "icb_2024", "groups": {"QQQ": "x"}}, "QQQ in the groups is no icb_2024"),
        ({"within": ("icb_2024", "QQQ")}, "No practice with need of core lies in icb_2024 QQQ"),
        ({"level": "ward"}, "does not lie in one ward"),
    ],
)
def test_levels_and_groups_that_are_not_there(core: Need, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AllocationError) as caught:
        need_share(core, **arguments)
    assert message in str(caught.value)


def test_streams_and_years_that_are_not_held(register: Register) -> None:
    with pytest.raises(AllocationError, match="Specialised need is not among them: supply an index"):
        Need.from_practices(register, "specialised")
    with pytest.raises(AllocationError, match="no need of practices for 202425, only for 202526"):
        Need.from_practices(register, "core", "202425")
    practices = [{"code": "A81001", "registered_population": 1, "need_index": 1, "components": "all"}]
    with pytest.raises(AllocationError, match="does not say where each practice of 202627 lies"):
        read(register, practices, level="practice", financial_year="202627")
    own = read(register, [{**practices[0], "code": "North"}], level="network")
    assert own.area == "" and need_share(own).rows["North"].share == 1
    with pytest.raises(AllocationError, match="0 people and 0 weighted"):
        need_share(made({"a": (0, 0)}))


def test_intervals_agree_with_drawn_years() -> None:
    """Delta method against 20,000 draws: standard errors within 3 % of each other."""
    rng = random.Random(11)
    people = {"a": (100, 90, 0.05), "b": (300, 330, 0.02), "c": (50, 40, 0.10), "d": (200, 220, 0.03)}
    places = tuple(
        Place(c, Fraction(p), Fraction(w), {}, standard_error=w * relative) for c, (p, w, relative) in people.items()
    )
    shares = need_share(Need("own", "202526", "spot", BASIS, places, "test", "synthetic"))
    drawn: dict[str, list[float]] = {c: [] for c in people}
    for _ in range(20_000):
        weights = {c: rng.gauss(w, w * relative) for c, (_, w, relative) in people.items()}
        total = sum(weights.values())
        for c in people:
            drawn[c].append(weights[c] / total)
    for c, values in drawn.items():
        mean = sum(values) / len(values)
        spread = sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
        assert shares.rows[c].standard_error == pytest.approx(spread, rel=0.03)
        low, high = shares.rows[c].interval or (0, 0)
        assert low < shares.rows[c].share < high
        inside = sum(low <= v <= high for v in values) / len(values)
        assert 0.94 < inside < 0.96


def test_a_standard_error_and_an_interval_say_the_same(register: Register) -> None:
    base = index_rows(register)
    by_error = [{**r, "standard_error": "0.05"} for r in base]
    by_ends = [{**r, "low": Decimal("0.902001800772997"), "high": Decimal("1.097998199227003")} for r in base]
    one, two = (need_share(read(register, rows)).rows["QMF"] for rows in (by_error, by_ends))
    assert one.standard_error == pytest.approx(two.standard_error, rel=1e-9)
    assert need_share(read(register, by_error), "england").rows["england"].standard_error == 0

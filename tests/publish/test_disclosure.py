"""What may leave: the rule on single counts, what stands beside, and attacks on what is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tertiary.allocate.variation import limits
from tertiary.errors import PublishError
from tertiary.publish.disclosure import note, percentage, release, release_together, rules

COUNTS = st.one_of(st.integers(0, 15), st.integers(0, 3000))
EVERY = {"row": "total", "col": "total"}


def crossed(body: Sequence[Sequence[int]]) -> pa.Table:
    """A table with both margins; money is £10 a count and a pound a cell."""
    rows: list[dict[str, Any]] = []
    for r, c in product([*range(len(body)), "total"], [*range(len(body[0])), "total"]):
        rs = range(len(body)) if r == "total" else [int(r)]
        cs = range(len(body[0])) if c == "total" else [int(c)]
        cells = [body[i][j] for i in rs for j in cs]
        money = Decimal(sum(10 * n + 1 for n in cells))
        rows.append({"row": str(r), "col": str(c), "n": sum(cells), "money": money})
    return pa.Table.from_pylist(rows)


def attack(tables: Sequence[pa.Table], name: str, known: Any, unseen: tuple[float | None, float | None]) -> Any:
    """Least and most of each hidden value, by linear programming: all tables are sums of one body by row and col.

    `known(shown)` gives the bounds of a shown value; a hidden one has those of `unseen`. Written without the product.
    """
    from scipy.optimize import linprog

    names = ("row", "col", "other")
    dims = [tuple(n for n in names if n in t.schema.names) for t in tables]
    body = sorted({tuple((n, r[n]) for n in ds if r[n] != "total") for t, ds in zip(tables, dims, strict=True)
                   for r in t.to_pylist()})  # fmt: skip
    place = {key: i for i, key in enumerate(body)}
    bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(body)
    for t, ds in zip(tables, dims, strict=True):
        for r in t.to_pylist():
            key = tuple((n, r[n]) for n in ds if r[n] != "total")
            bounds[place[key]] = unseen if r[name] is None else known(r[name])
    lines = []
    for key in body:
        for finer in {tuple(n for n, _ in other) for other in body}:
            if {n for n, _ in key} < set(finer):
                parts = [k for k in body if tuple(n for n, _ in k) == finer and set(key) <= set(k)]
                line = [0.0] * len(body)
                line[place[key]] = -1.0
                for k in parts:
                    line[place[k]] = 1.0
                lines.append(line)
    found = {}
    for t, ds in zip(tables, dims, strict=True):
        for r in t.to_pylist():
            if r[name] is not None:
                continue
            key = tuple((n, r[n]) for n in ds if r[n] != "total")
            aim = [0.0] * len(body)
            aim[place[key]] = 1.0
            ends = []
            for sign in (1, -1):
                answer = linprog([sign * a for a in aim], A_eq=lines, b_eq=[0.0] * len(lines), bounds=bounds)
                ends.append(float("inf") * -sign if answer.status == 3 else sign * answer.fun)
            found[key] = tuple(ends)
    return found


def exactly(value: Any) -> tuple[float, float]:
    return float(value), float(value)


def to_five(value: int) -> tuple[float, float]:
    """What a reader knows of a count that was rounded to 5 and is not hidden."""
    return (0, 0) if value == 0 else (max(8, value - 2), value + 2)


def naive(table: pa.Table, name: str, lowest: int, highest: int) -> pa.Table:
    """Hidden cell by cell, no more."""
    shown = [None if lowest <= n <= highest else v for n, v in
             zip(table.column("n").to_pylist(), table.column(name).to_pylist(), strict=True)]  # fmt: skip
    return table.set_column(table.schema.get_field_index(name), name, pa.array(shown, table.schema.field(name).type))


@given(COUNTS)
def test_the_rule_of_hes(count: int) -> None:
    rule = rules()["hes_2018"]
    shown = rule.shown(count)
    if count == 0:
        assert shown == 0
    elif count <= 7:
        assert shown is None
    else:
        assert shown is not None and shown % 5 == 0 and abs(shown - count) <= 2 and shown > 7
        assert rule.shown(shown) == shown


@given(st.sampled_from(sorted(rules())), COUNTS)
def test_what_a_reader_knows_holds_exactly_the_counts_shown_so(name: str, count: int) -> None:
    rule = rules()[name]
    low, high = rule.known(count)
    shown = rule.shown(count)
    assert low <= count <= high
    if count:
        alike = {n for n in range(max(0, count - 20), count + 21) if (n or rule.lowest == 0) and rule.shown(n) == shown}
        assert alike == set(range(int(low), int(high) + 1))
    if shown is not None:
        assert abs(shown - count) * 2 <= rule.base and not rule.is_hidden(shown)


def test_the_least_patients_of_variations_are_the_first_count_that_is_shown() -> None:
    assert limits()["least_patients"].value == rules()["hes_2018"].highest + 1


def test_money_and_averages_beside_a_hidden_count_are_hidden_and_percentages_come_from_what_is_released() -> None:
    table = pa.table({"icb": ["a", "b", "c", "d"], "treated": [13, 3, 0, 8], "all": [22, 12, 9, 8],
                      "money": [Decimal("1.25"), Decimal(2), Decimal(3), Decimal(4)]})  # fmt: skip
    made = release(table, ["treated", "all"], ["money"], percentages={"share": ("treated", "all")})
    assert made.column("treated").to_pylist() == [15, None, 0, 10]
    assert made.column("all").to_pylist() == [20, 10, 10, 10]
    assert made.column("money").to_pylist() == [Decimal("1.25"), None, Decimal(3), Decimal(4)]
    assert made.column("share").to_pylist() == [75.0, None, 0.0, 100.0]
    assert made.column("hidden").to_pylist() == ["", "treated,money", "", ""]
    assert "Hidden in 4 rows: treated 1, all 0, money 1" in note(made)
    assert release(made, ["treated", "all"], ["money"]).equals(made)
    assert percentage(5, 0) is None


def test_money_without_a_known_count_is_hidden() -> None:
    table = pa.table({"icb": ["a", "b"], "n": pa.array([None, 20], pa.int64()), "money": [5.0, 6.0]})
    assert release(table, ["n"], ["money"]).column("money").to_pylist() == [None, 6.0]


BODY = [[9, 2, 40], [31, 12, 25], [14, 60, 18]]


def test_margins_tell_a_lone_hidden_cell_until_more_is_hidden() -> None:
    table = crossed(BODY).drop_columns("money")
    hole = (("row", "0"), ("col", "1"))
    assert attack([naive(table, "n", 1, 5)], "n", exactly, (1, 5))[hole] == pytest.approx((2, 2))
    made = release(table, ["n"], margins=EVERY, rule="ncdr_1_to_5")
    low, high = attack([made], "n", exactly, (1, None))[hole]
    assert high - low >= 1
    assert sum(t == "" for t in made.column("hidden").to_pylist()) == 16 - 4  # a rectangle, and no total


def test_pounds_in_margins_tell_pounds_beside_a_hidden_count_until_more_is_hidden() -> None:
    table = crossed(BODY)
    hole = (("row", "0"), ("col", "1"))
    assert attack([naive(table, "money", 1, 7)], "money", exactly, (None, None))[hole] == pytest.approx((21, 21))
    made = release(table, ["n"], ["money"], EVERY)
    found = attack([made], "money", exactly, (None, None))
    assert hole in found and all(high - low > 1 for low, high in found.values())
    assert made.column("n").null_count == 1


def test_rounded_totals_can_tell_a_hidden_count_and_the_strict_rule_does_not() -> None:
    table = pa.table({"col": ["a", "b", "c", "total"], "n": [8, 8, 1, 17]})
    official = release(table, ["n"], margins={"col": "total"})
    assert official.column("n").to_pylist() == [10, 10, None, 15]
    assert attack([official], "n", to_five, (1, 7))[(("col", "c"),)] == pytest.approx((1, 1))
    assert "1 hidden figures may be worked out even so: take rule hes_2018_strict" in note(official)
    strict = release(table, ["n"], margins={"col": "total"}, rule="hes_2018_strict")
    low, high = attack([strict], "n", to_five, (1, None))[(("col", "c"),)]
    assert high - low >= 1 and "worked out even so" not in note(strict)


def test_tables_that_overlap_tell_together_what_neither_tells_alone() -> None:
    # by row and col, and by row and other: both add up to the same rows, which neither shows
    one = pa.table({"row": ["x", "x", "y", "y"], "col": ["1", "2", "1", "2"], "n": [3, 20, 30, 40]})
    two = pa.table({"row": ["x", "x", "y", "y"], "other": ["p", "q", "p", "q"], "n": [11, 12, 35, 35]})
    hole = (("col", "1"), ("row", "x"))

    def ends(tables: Sequence[pa.Table]) -> tuple[float, float]:
        # the rows that no table shows: n(1) = what other says of the row less n(2)
        cells = {tuple(sorted((k, v) for k, v in r.items() if k in ("row", "col", "other"))): r["n"]
                 for t in tables for r in t.to_pylist()}  # fmt: skip
        assert cells[hole] is None
        rest = [cells[(("other", o), ("row", "x"))] for o in "pq"] + [cells[(("col", "2"), ("row", "x"))]]
        return (1, 5) if None in rest else (rest[0] + rest[1] - rest[2],) * 2

    assert ends([naive(one, "n", 1, 5), two]) == (3, 3)
    assert ends([release(t, ["n"], rule="ncdr_1_to_5") for t in (one, two)]) == (3, 3)
    together = release_together([one, two], ["n"], rule="ncdr_1_to_5")
    assert ends(together) == (1, 5)
    turned = release_together([two, one], ["n"], rule="ncdr_1_to_5")
    assert turned[0].equals(together[1]) and turned[1].equals(together[0])


bodies = st.integers(2, 4).flatmap(
    lambda wide: st.lists(
        st.lists(st.one_of(st.integers(0, 12), st.integers(0, 60)), min_size=wide, max_size=wide),
        min_size=1,
        max_size=4,
    )
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(bodies, st.sampled_from(["hes_2018_strict", "ncdr_1_to_5"]))
def test_no_hidden_count_can_be_had_from_sums(body: list[list[int]], name: str) -> None:
    table = crossed(body)
    made = release(table, ["n"], ["money"], EVERY, name)
    rule = rules()[name]
    for true, shown in zip(table.column("n").to_pylist(), made.column("n").to_pylist(), strict=True):
        assert not (rule.is_hidden(true) and shown is not None)
        assert shown is None or (not rule.is_hidden(shown) and abs(shown - true) * 2 <= rule.base)
        assert true or shown == 0
    said = to_five if rule.base == 5 else exactly
    # the reader does not know which hidden counts are small
    assert all(high - low >= 1 - 1e-6 for low, high in attack([made], "n", said, (1, None)).values()), note(made)
    assert all(high - low > 1 for low, high in attack([made], "money", exactly, (None, None)).values())


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 60)), min_size=12, max_size=12))
def test_a_table_by_three_released_with_all_its_totals_tells_nothing(body: list[int]) -> None:
    cells = dict(zip(product("ab", "cd", "efg"), body, strict=True))
    tables = []
    for wanted in product((True, False), repeat=3):
        found: dict[tuple[str, ...], int] = {}
        for key, n in cells.items():
            part = tuple(k for k, w in zip(key, wanted, strict=True) if w)
            found[part] = found.get(part, 0) + n
        names = [n for n, w in zip(("row", "col", "other"), wanted, strict=True) if w]
        tables.append(
            pa.Table.from_pylist(
                [{**dict(zip(names, k, strict=True)), "n": n, "money": float(n)} for k, n in found.items()]
            )
        )
    made = release_together(tables, ["n"], ["money"], rule="hes_2018_strict")
    if "worked out even so" in note(made[0]):
        return
    assert all(high - low >= 1 - 1e-6 for low, high in attack(made, "n", to_five, (1, None)).values())
    assert all(high - low > 1 for low, high in attack(made, "money", exactly, (None, None)).values())


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_a_reader_who_knows_which_are_small_learns_none_unless_the_note_says_so(body: list[list[int]]) -> None:
    table = crossed(body).drop_columns("money")
    made = release(table, ["n"], margins=EVERY, rule="ncdr_1_to_5")
    if "worked out even so" in note(made):
        return
    small = {i for i, n in enumerate(table.column("n").to_pylist()) if 1 <= n <= 5}
    # told small by a negative mark, which `known` turns into what such a reader knows
    marked = made.set_column(
        made.schema.get_field_index("n"), "n",
        pa.array([(-1 if i in small else -2) if v is None else v for i, v in enumerate(made.column("n").to_pylist())]),
    )  # fmt: skip
    bounds = {-1: (1, 5), -2: (6, None)}
    for i in small:
        values = marked.column("n").to_pylist()
        values[i] = None
        asked = marked.set_column(marked.schema.get_field_index("n"), "n", pa.array(values, pa.int64()))
        ((low, high),) = attack([asked], "n", lambda v: bounds.get(v) or exactly(v), (1, 5)).values()
        assert high - low >= 1 - 1e-6


@settings(deadline=None, max_examples=15)
@given(bodies, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(body: list[list[int]], chance: Any) -> None:
    table = crossed(body)
    places = list(range(table.num_rows))
    chance.shuffle(places)
    one = release(table, ["n"], ["money"], EVERY, "ncdr_1_to_5").take(places)
    assert one.equals(release(table.take(places), ["n"], ["money"], EVERY, "ncdr_1_to_5"))


@pytest.mark.parametrize(
    ("columns", "how", "said"),
    [({"a": ["x"], "n": [3]}, {"rule": "hes"}, "There is no disclosure rule 'hes'. Choose from: hes_2018"),
     ({"a": ["x"], "n": [-3]}, {}, "n of a x is -3; expected a count"),
     ({"a": ["x"], "n": [2.5]}, {}, "n of a x is 2.5; expected a count"),
     ({"a": ["x", "x"], "n": [3, 4]}, {}, "Two rows are the same cell: a x"),
     ({"a": ["x"], "n": [3]}, {"beside": ["pay"]}, "No table has the column 'pay'"),
     ({"a": ["x"], "n": [3]}, {"percentages": {"p": ("n", "m")}}, "both must be among the counts"),
     ({"a": ["x"], "n": [3], "pay": [2.5]}, {}, "pay is neither a count nor"),
     ({"a": ["x"], "n": [3], "hidden": [""]}, {}, "has a column 'hidden'"),
     ({"a": ["x", "all"], "name": ["X", ""], "n": [9, 9]}, {"margins": {"a": "all"}}, "no parts by a, name")],
)  # fmt: skip
def test_refusals(columns: dict[str, list[Any]], how: dict[str, Any], said: str) -> None:
    with pytest.raises(PublishError, match=said):
        release(pa.table(columns), ["n"], **how)


def test_a_table_without_a_note_or_released_by_another_rule_is_refused() -> None:
    table = pa.table({"a": ["x"], "n": [30]})
    with pytest.raises(PublishError, match="was not released"):
        note(table)
    with pytest.raises(PublishError, match="cannot be released again"):
        release(release(table, ["n"]), ["n"], rule="opensafely")
    with pytest.raises(PublishError, match="30 in one table and 31 in another"):
        release_together([table, pa.table({"a": ["x"], "n": [31]})], ["n"])

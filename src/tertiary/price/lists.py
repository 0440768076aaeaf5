"""The price lists of a register made ready for look-ups: every rule worked into rows, each key once on any day.

Rules that make a price out of another (last year's uplifted, a short stay, a best practice uplift, a month of a year of
care) are worked out here, over a few thousand rows, so that pricing millions of records stays one set of look-ups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tertiary.errors import RegisterError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
UnitKey = tuple[str, str, str]  # financial year, price group, currency

TABLES = (
    "point_of_delivery_prices", "attendance_groups", "unit_prices", "price_groups", "price_uplifts",
    "short_stay_reductions", "best_practice_prices", "year_of_care_prices", "pricing_policies", "market_forces",
    "providers", "top_ups", "low_volume_agreements",
)  # fmt: skip
METHOD = [
    "point_of_delivery", "price_group", "currency_field", "top_up_applies", "market_forces_applies", "basis",
    "valid_from", "valid_to",
]  # fmt: skip
# bases of a record whose price was worked out here
PRICED = ("national", "critical_care", "excess_bed_day", "year_of_care", "uplifted", "best_practice")
FLAGS = ("final", "derived", "sus")
LOCAL = "local"  # basis of a record at a locally agreed price
BY_LIST = "by_list"
LOCAL_PRICES = ("as_submitted", BY_LIST)  # what a pricing year may expect of a row marked as locally priced
LINE_ROUNDING = "half_away_from_zero_to_pence"
SHORT_STAY, WHOLE_STAY, YEAR_OF_CARE = "non_elective_short_stay", "non_elective", "year_of_care"
MONTHS = 12
LAST = 2**31 - 1  # rank of a row that has none
MOST_TOP_UP, MOST_FORCES = 2, 2  # far beyond any that was ever paid; a percentage or pounds by mistake is above


@dataclass(frozen=True)
class Lists:
    """Tables to look up in.

    `methods`: how a point of delivery is priced, dated. `attendances`: the group of an attendance HRG at a point of
    delivery where it is another one than that of the method, dated. `units`: unit_price, price_table and price_word by
    year, group and currency. `best_practice`: best_unit, additions with and without market forces and best_table by
    year, group, currency and flag, dated. `forces`: factor by provider and year. `top_ups`: rate and rank by year, line
    and provider, dated; one table for each of FLAGS, with the years whose policy lets that line earn a top-up.
    `low_volume`: pairs of payer and provider, dated. `years_by_list`: years in which a row marked as locally priced is
    priced from the list all the same.
    """

    methods: pa.Table
    attendances: pa.Table
    units: pa.Table
    best_practice: pa.Table
    forces: pa.Table
    top_ups: Mapping[str, pa.Table]
    low_volume: pa.Table
    years_by_list: tuple[str, ...]


def lists(register: Mapping[str, Any]) -> Lists:
    """The lists of a register. RegisterError when a rule asks for a policy that is not there or not known."""
    return _lists(tuple(_Held(register[name]) for name in TABLES))


def rounded(amount: Decimal, places: int) -> Decimal:
    """To a number of decimals, half away from zero."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def year_before(financial_year: str) -> str:
    """201819 for 201920."""
    first = int(financial_year[:4]) - 1
    return f"{first}{(first + 1) % 100:02d}"


def year_after(financial_year: str) -> str:
    """201920 for 201819."""
    first = int(financial_year[:4]) + 1
    return f"{first}{(first + 1) % 100:02d}"


class _Held:
    """A table as a key: equal only to itself, and kept alive by whoever holds the key."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.table is other.table


@lru_cache(maxsize=4)
def _lists(held: tuple[_Held, ...]) -> Lists:
    """Groups of blocks ask for the same lists again and again."""
    tables = {name: h.table for name, h in zip(TABLES, held, strict=True)}
    policies = _policies(tables["pricing_policies"])
    units = _units(tables, policies)
    return Lists(
        tables["point_of_delivery_prices"].select(METHOD),
        _attendances(tables["point_of_delivery_prices"], tables["attendance_groups"]),
        _unit_table(units, tables["price_groups"]),
        _best_practice(tables["best_practice_prices"].to_pylist(), units, policies),
        _forces(tables["market_forces"], tables["providers"]),
        _top_ups(tables["top_ups"].to_pylist(), policies),
        _low_volume(tables["low_volume_agreements"].to_pylist()),
        tuple(sorted(year for year, row in policies.items() if row["local_price"] == BY_LIST)),
    )


def _attendances(methods: pa.Table, groups: pa.Table) -> pa.Table:
    names = ["hrg", "point_of_delivery", "attendance_group", "valid_from", "valid_to"]
    keyed = groups.select(["hrg", "price_group", "attendance_group"])
    return keyed.join(
        methods.select([*names[1:2], "price_group", *names[3:]]), "price_group", join_type="inner"
    ).select(names)


def policies_of(register: Mapping[str, Any]) -> Mapping[str, Row]:
    """Policy by year. RegisterError when one is not known."""
    return _policies(register["pricing_policies"])


def _policies(table: pa.Table) -> Mapping[str, Row]:
    """Policy by year."""
    found = {row["financial_year"]: row for row in table.to_pylist()}
    for year, row in found.items():
        if row["line_rounding"] != LINE_ROUNDING:
            _refuse(year, "line_rounding", row["line_rounding"], LINE_ROUNDING)
        if not set(row["top_up_flags"].split(";")) <= set(FLAGS):
            _refuse(year, "top_up_flags", row["top_up_flags"], ";".join(FLAGS) + " or some of them")
        if row["local_price"] not in LOCAL_PRICES:
            _refuse(year, "local_price", row["local_price"], " or ".join(LOCAL_PRICES))
    return found


def _refuse(year: str, field: str, seen: Any, expected: str) -> None:
    raise RegisterError(
        f"pricing_policies, year {year}: {field} is {seen!r}; expected {expected}. Correct the row in your overlay."
    )


def policy(policies: Mapping[str, Row], year: str, rule: str) -> Row:
    """The policy of a year. RegisterError when a rule of that year has none to round by."""
    try:
        return policies[year]
    except KeyError:
        raise RegisterError(
            f"{rule} has rows for {year}, but pricing_policies has no row for that year, so nothing says how its "
            "prices are rounded. Add one to your overlay."
        ) from None


def _units(tables: Mapping[str, pa.Table], policies: Mapping[str, Row]) -> dict[UnitKey, tuple[Decimal, str, str]]:
    """(price, where it comes from, its own basis or blank) of every unit that has a price."""
    base = tables["unit_prices"]
    columns = (base[n].to_pylist() for n in ("financial_year", "price_group", "currency_code", "unit_price"))
    units = {
        (year, group, code): (price, f"unit_prices:{year}:{group}:{code}", "")
        for year, group, code, price in zip(*columns, strict=True)
        if price is not None
    }
    for row in _filled("year_of_care_prices", "annual_price", tables):
        year, band = row["financial_year"], row["band_code"]
        places = policy(policies, year, "year_of_care_prices")["month_places"]
        month = rounded(row["annual_price"] / MONTHS, places)
        units[year, YEAR_OF_CARE, band] = (month, f"year_of_care_prices:{year}:{band} over {MONTHS}", "")
    uplifts = _filled("price_uplifts", "rate", tables)
    for row in sorted(uplifts, key=lambda r: (r["financial_year"], r["price_group"])):
        units |= dict(_uplifted(row, units, policies))
    for row in _filled("short_stay_reductions", "share", tables):
        year, code = row["financial_year"], row["currency_code"]
        whole = units.get((year, WHOLE_STAY, code))
        if whole and (year, SHORT_STAY, code) not in units:
            places = policy(policies, year, "short_stay_reductions")["derived_unit_places"]
            told = f"{whole[1]} x {row['share']} (short_stay_reductions)"
            units[year, SHORT_STAY, code] = (rounded(whole[0] * row["share"], places), told, whole[2])
    for row in tables["price_groups"].to_pylist():
        source, group = row["falls_back_to"], row["price_group"]
        if source:
            standing = {(y, group, c): p for (y, g, c), p in units.items() if g == source}
            units = {**standing, **units}
    return units


def _filled(table: str, field: str, tables: Mapping[str, pa.Table]) -> list[Row]:
    """The rows of a table of rules. RegisterError when the value that makes the rule is missing."""
    rows: list[Row] = tables[table].to_pylist()
    for row in rows:
        if row[field] is None:
            named = ", ".join(str(v) for v in list(row.values())[:2])
            raise RegisterError(f"{table}, row {named}: {field} is blank. Write a number, or leave the row out.")
    return rows


def _uplifted(
    row: Row, units: Mapping[UnitKey, tuple[Decimal, str, str]], policies: Mapping[str, Row]
) -> Iterator[tuple[UnitKey, tuple[Decimal, str, str]]]:
    """Prices of a group that last year had and this year has not. Last year's may be uplifted ones."""
    year, group = row["financial_year"], row["price_group"]
    stated = policy(policies, year, "price_uplifts")
    places = stated["month_places" if group == YEAR_OF_CARE else "derived_unit_places"]
    before = year_before(year)
    for (known, kind, code), (price, told, _) in units.items():
        if known == before and kind == group and (year, group, code) not in units:
            made = rounded(price * (1 + row["rate"]), places)
            yield (year, group, code), (made, f"{told} x (1 + {row['rate']}) (price_uplifts:{year})", "uplifted")


def _unit_table(units: Mapping[UnitKey, tuple[Decimal, str, str]], groups: pa.Table) -> pa.Table:
    import pyarrow as pa

    words = {r["price_group"]: r["price_basis"] for r in groups.to_pylist()}
    for group, word in words.items():
        if word not in PRICED:
            raise RegisterError(
                f"price_groups, {group}: price_basis is {word!r}; expected one of {', '.join(PRICED)}. Correct the row."
            )
    keys, values = list(units), list(units.values())
    return pa.table(
        {
            "financial_year": pa.array([k[0] for k in keys], pa.string()),
            "price_group": pa.array([k[1] for k in keys], pa.string()),
            "currency_code": pa.array([k[2] for k in keys], pa.string()),
            "unit_price": pa.array([v[0] for v in values], pa.decimal128(9, 2)),
            "price_table": pa.array([v[1] for v in values], pa.string()),
            "price_word": pa.array([v[2] or words.get(k[1], PRICED[0]) for k, v in units.items()], pa.string()),
        }
    )


def _best_practice(
    rows: Sequence[Row], units: Mapping[UnitKey, tuple[Decimal, str, str]], policies: Mapping[str, Row]
) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema(
        [
            ("financial_year", pa.string()), ("price_group", pa.string()), ("currency_code", pa.string()),
            ("best_practice_flag", pa.string()), ("valid_from", pa.date32()), ("valid_to", pa.date32()),
            ("best_unit", pa.decimal128(9, 2)), ("addition", pa.decimal128(9, 2)),
            ("plain_addition", pa.decimal128(9, 2)), ("best_table", pa.string()),
        ]
    )  # fmt: skip
    codes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for year, group, code in units:
        codes[year, group].append(code)
    made: list[Row] = []
    for row in rows:
        year, group, written = row["financial_year"], row["price_group"], row["currency_code"]
        if not row["best_practice_flag"]:
            raise RegisterError(
                f"best_practice_prices, {year} {group} {written}: best_practice_flag is blank, which would hold for "
                "every record without a flag. Write the third part of the tariff code."
            )
        places = policy(policies, year, "best_practice_prices")["derived_unit_places"]
        named = f"best_practice_prices:{year}:{group}:{written}:{row['best_practice_flag']}"
        for code in codes[year, group] if written == "*" else [written]:
            base = units.get((year, group, code))
            price, told = row["unit_price"], named
            if price is None and base is None:
                continue
            if price is None and base is not None:
                times = row["multiplier"]
                price, told = base[0] if times is None else rounded(base[0] * times, places), f"{base[1]}, {named}"
            added, zero = row["addition"] or Decimal(0), Decimal(0)
            is_plain = row["addition_market_forces"] == "N"
            made.append(
                {**row, "currency_code": code, "best_unit": price, "addition": zero if is_plain else added,
                 "plain_addition": added if is_plain else zero, "best_table": told}
            )  # fmt: skip
    key = ("financial_year", "price_group", "currency_code", "best_practice_flag")
    return pa.Table.from_pylist(list(one_a_day(made, key, "priority")), schema=schema)


def _forces(forces: pa.Table, providers: pa.Table) -> pa.Table:
    """Factors as listed, and for a merged trust that a year's list leaves out the factor of its only successor."""
    import pyarrow as pa

    factors = {
        (r["provider_code"], r["financial_year"]): r["factor"]
        for r in forces.select(["provider_code", "financial_year", "factor"]).to_pylist()
    }
    for (provider, year), factor in factors.items():
        if not 0 < factor < MOST_FORCES:
            raise RegisterError(
                f"market_forces, {year} {provider}: factor is {factor:f}; expected a number about 1, such as 1.081234. "
                "Correct the row."
            )
    heirs = {r["provider_code"]: r["successor"] for r in providers.select(["provider_code", "successor"]).to_pylist()}
    years = sorted({year for _, year in factors})
    listed = dict(factors)
    for provider, successor in heirs.items():
        seen = {provider}
        while successor and ";" not in successor and successor not in seen:
            for year in years:
                if (successor, year) in listed:
                    factors.setdefault((provider, year), listed[successor, year])
            seen.add(successor)
            successor = heirs.get(successor, "")
    return pa.table(
        {
            "provider_code": pa.array([k[0] for k in factors], pa.string()),
            "financial_year": pa.array([k[1] for k in factors], pa.string()),
            "factor": pa.array(list(factors.values()), pa.decimal128(9, 6)),
        }
    )


def _top_ups(rows: Sequence[Row], policies: Mapping[str, Row]) -> dict[str, pa.Table]:
    import pyarrow as pa

    names = ("financial_year", "service_line_code", "provider_code")
    for row in rows:
        if row["rate"] is not None and not 0 <= row["rate"] <= MOST_TOP_UP:
            raise RegisterError(
                f"top_ups, {' '.join(row[n] for n in names)}: rate is {row['rate']:f}; expected a share of the price, "
                "such as 0.28 for 28%. Correct the row."
            )
    schema = pa.schema(
        [*((n, pa.string()) for n in names), ("valid_from", pa.date32()), ("valid_to", pa.date32()),
         ("rate", pa.decimal128(9, 6)), ("rank", pa.int32())]
    )  # fmt: skip
    best = [
        {**row, "rank": LAST if row["rank"] is None else row["rank"]}
        for row in one_a_day([r for r in rows if r["rate"] is not None], names, "rank")
    ]

    def counts(flag: str) -> Callable[[Row], bool]:
        return lambda row: (
            flag in policies.get(row["financial_year"], {"top_up_flags": FLAGS[0]})["top_up_flags"].split(";")
        )

    return {flag: pa.Table.from_pylist(list(filter(counts(flag), best)), schema=schema) for flag in FLAGS}


def _low_volume(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    key = ("payer_code", "provider_code")
    schema = pa.schema([*((n, pa.string()) for n in key), ("valid_from", pa.date32()), ("valid_to", pa.date32())])
    return pa.Table.from_pylist(list(one_a_day([{**r, "rank": 0} for r in rows], key, "rank")), schema=schema)


def one_a_day(rows: Iterable[Row], key: Sequence[str], rank: str) -> Iterator[Row]:
    """`rows` with their dates cut so that each key holds at most once on any day: the lowest rank wins, then the first.

    valid_from <= day < valid_to; null is open. A row without a rank comes last.
    """
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in key)].append(row)
    for listed in groups.values():
        if len(listed) == 1:
            yield listed[0]
            continue
        ranked = sorted(listed, key=lambda r: LAST if r[rank] is None else r[rank])
        spans = [(r["valid_from"] or date.min, r["valid_to"] or date.max) for r in ranked]
        for start, end in pairwise(sorted({day for span in spans for day in span})):
            holder = next((r for r, (a, b) in zip(ranked, spans, strict=True) if a <= start and end <= b), None)
            if holder is not None:
                yield {
                    **holder,
                    "valid_from": None if start == date.min else start,
                    "valid_to": None if end == date.max else end,
                }

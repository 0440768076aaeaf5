"""From rule clauses to look-up tables of mask words, and from a record's codes to its words.

Each clause owns one bit. For each dimension a small table gives, for every value seen in the data, the bits it
allows; a record's words are the AND over dimensions. For lists of codes the words of the codes are OR-ed first.
Words hold 63 bits because neither Spark nor Snowflake has an unsigned type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tertiary.identify.pack import Clause, Criterion, Pack
from tertiary.joins import Lookup, attach_all
from tertiary.portable import bit_or

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine

WORD_BITS = 63
WORD = (1 << WORD_BITS) - 1
UNKNOWN_AGE = 999

# dimension -> column of the prepared rows that holds its single value
SINGLE = {
    "treatment_function_code": "treatment_function_code",
    "main_specialty_code": "main_specialty_code",
    "diagnosis_primary": "diagnosis_primary",
    "hrg": "hrg",
    "spell_hrg": "spell_hrg",
    "admission_method": "admission_method",
    "patient_classification": "patient_classification",
    "critical_care_unit_function": "critical_care_unit_function",
    "submitted_code": "submitted_code",
    "service_line_sus": "service_line_sus",
    "age": "age",
    "sex": "sex",
}
LISTS = {
    "diagnosis_any": "diagnosis_all",
    "procedure_any": "procedure_all",
    "unbundled_hrg": "unbundled_hrg_all",
}
# dimensions whose answer depends on the date as well: dimension -> columns
DATED = {"provider_list": ("provider_code", "list_site"), "listed": ("service_line_submitted",)}


@dataclass
class Matcher:
    """Patterns of one dimension with the bits they set; `free` are the bits of clauses that do not test it."""

    free: int
    prefixes: dict[str, int] = field(default_factory=dict)
    exact: dict[str, int] = field(default_factory=dict)
    globs: list[tuple[str, int]] = field(default_factory=list)
    minimum: list[tuple[int, int]] = field(default_factory=list)
    maximum: list[tuple[int, int]] = field(default_factory=list)
    forbidden: Matcher | None = None

    def add(self, criterion: Criterion, bit: int, line: str) -> None:
        """Let `criterion` of a rule for `line` set `bit`."""
        if criterion.dimension == "age_min":
            self.minimum.append((int(criterion.pattern), bit))
        elif criterion.dimension == "age_max":
            self.maximum.append((int(criterion.pattern), bit))
        elif criterion.dimension == "provider_list":
            for key in (member_key(criterion.pattern), member_key(criterion.pattern, line)):
                self.exact[key] = self.exact.get(key, 0) | bit
        elif criterion.kind in ("prefix", "listed"):
            self.prefixes[criterion.pattern] = self.prefixes.get(criterion.pattern, 0) | bit
        elif criterion.kind == "glob":
            self.globs.append((criterion.pattern, bit))
        else:
            self.exact[criterion.pattern] = self.exact.get(criterion.pattern, 0) | bit

    def hits(self, value: str) -> int:
        """Bits whose pattern matches `value`; blank means not recorded and matches nothing."""
        if not value:
            return 0
        bits = self.exact.get(value, 0)
        for length in range(1, len(value) + 1):
            bits |= self.prefixes.get(value[:length], 0)
        for pattern, bit in self.globs:
            if fnmatchcase(value, pattern):
                bits |= bit
        return bits

    def allowed(self, value: str) -> int:
        """Bits that remain possible given the dimension's single `value`."""
        bits = self.free | self.hits(value)
        return bits & ~self.forbidden.hits(value) if self.forbidden else bits

    def allowed_age(self, age: int) -> int:
        """Bits whose age limits admit `age`; an unknown age (999) meets no limit."""
        bits = self.free
        for limits, met in zip((self.minimum, self.maximum), self._age_hits(age), strict=True):
            bits &= ~_any(bit for _, bit in limits) | met
        return bits & ~_any(self.forbidden._age_hits(age)) if self.forbidden else bits

    def _age_hits(self, age: int) -> tuple[int, int]:
        """Bits with a lower and with an upper limit that `age` meets."""
        if age == UNKNOWN_AGE:
            return 0, 0
        low = _any(bit for limit, bit in self.minimum if age >= limit)
        return low, _any(bit for limit, bit in self.maximum if age <= limit)


def matchers(clauses: Sequence[Clause]) -> dict[str, Matcher]:
    """A matcher for each dimension that any clause tests (age limits share the dimension `age`)."""
    every = (1 << len(clauses)) - 1
    found: dict[str, Matcher] = {}
    for place, clause in enumerate(clauses):
        for criterion in clause.criteria:
            name = _dimension(criterion)
            matcher = found.setdefault(name, Matcher(every))
            if criterion.negated:
                if matcher.forbidden is None:
                    matcher.forbidden = Matcher(0)
                matcher.forbidden.add(criterion, 1 << place, clause.rule.service_line_code)
            else:
                if name != "age":
                    matcher.free &= ~(1 << place)
                matcher.add(criterion, 1 << place, clause.rule.service_line_code)
    return found


def _dimension(criterion: Criterion) -> str:
    if criterion.dimension in ("age_min", "age_max"):
        return "age"
    return "listed" if criterion.kind == "listed" else criterion.dimension


def member_key(list_name: str, line: str = "") -> str:
    """Name of a whole provider list, or of its part for one service line."""
    return f"{list_name}/{line}" if line else list_name


def _any(bits: Iterable[int]) -> int:
    """All bits that are set in any."""
    found = 0
    for some in bits:
        found |= some
    return found


def split_words(bits: int, count: int) -> list[int]:
    """`bits` as `count` words of 63 bits, lowest first."""
    return [(bits >> (WORD_BITS * i)) & WORD for i in range(count)]


def join_words(words: Iterable[int]) -> int:
    """The inverse of `split_words`."""
    return sum(word << (WORD_BITS * i) for i, word in enumerate(words))


@dataclass(frozen=True)
class Masks:
    """Look-ups of mask words for every value that the records of a run hold, made once and read block by block.

    `matchers`: by pack and dimension. `values`: by pack, the look-ups of dimensions with one value a record. `codes`:
    by pack and dimension, the words of the codes that lists hold.
    """

    matchers: dict[str, dict[str, Matcher]]
    values: dict[str, list[Lookup]]
    codes: dict[tuple[str, str], list[Lookup]]


def masks(engine: Engine, rows: ir.Table, packs: Sequence[Pack], epochs: Sequence[date], dated: DatedFacts) -> Masks:
    """The masks of `packs` over the values of `rows`, which have the columns that `SINGLE`, `LISTS` and `DATED` name.

    `epochs` are the first days of the periods in which lists, listings and rules do not change.
    """
    found = {pack.name: matchers(pack.clauses) for pack in packs}
    asked = {dimension for tested in found.values() for dimension in tested}
    columns = {**{d: (c,) for d, c in SINGLE.items()}, **DATED}
    seen = {d: _distinct(engine, rows, *columns[d]) for d in sorted(asked & set(columns))}
    listed = {d: _codes(engine, rows, LISTS[d]) for d in sorted(asked & set(LISTS))}
    values: dict[str, list[Lookup]] = {}
    codes: dict[tuple[str, str], list[Lookup]] = {}
    for pack in packs:
        by_epoch = Lookup(_epoch_lookup(engine, pack, epochs), {"flow": "value", "epoch": "epoch"}, how="inner")
        values[pack.name] = [by_epoch]
        for dimension, matcher in sorted(found[pack.name].items()):
            if dimension in LISTS:
                codes[pack.name, dimension] = _code_lookups(engine, pack, dimension, matcher, listed[dimension])
            elif dimension in DATED:
                known = seen[dimension]
                values[pack.name].append(_dated_lookup(engine, pack, dimension, matcher, epochs, dated, known))
            else:
                singles = [value for (value,) in seen[dimension]]
                allow = matcher.allowed_age if dimension == "age" else matcher.allowed
                table = _lookup(engine, pack, dimension, singles, [allow(v) for v in singles])
                values[pack.name].append(Lookup(table, {SINGLE[dimension]: "value"}, how="inner"))
    return Masks(found, values, codes)


def masked(engine: Engine, rows: ir.Table, pack: Pack, known: Masks) -> ir.Table:
    """`rows` (prepared, see prepare.py) with columns w0..wn: the clauses of `pack` that hold."""
    found = known.matchers[pack.name]
    lists = [_list_lookup(engine, rows, pack, d, known.codes[pack.name, d]) for d in sorted(set(found) & set(LISTS))]
    table = attach_all(rows, [*known.values[pack.name], *lists])
    words = {}
    for i in range(pack.words):
        word = table[f"epoch_{i}"]
        for dimension, matcher in found.items():
            word = word & _allowed(table, dimension, matcher, i, pack)
        words[f"w{i}"] = word
    return table.select(*rows.columns, **words)


def _allowed(table: ir.Table, dimension: str, matcher: Matcher, i: int, pack: Pack) -> ir.Value:
    """Word `i` of the bits that a dimension allows; a list allows what its codes hit and do not bar."""
    import ibis

    if dimension not in LISTS:
        return table[f"{dimension}_{i}"]
    zero = ibis.literal(0, "int64")
    free = ibis.literal(split_words(matcher.free, pack.words)[i], "int64")
    hits = ibis.coalesce(table[f"{dimension}_{i}"], zero)
    return (free | hits) & ~ibis.coalesce(table[f"{dimension}_bar_{i}"], zero)


@dataclass(frozen=True)
class DatedFacts:
    """Lists (see `member_key`) of a provider and site, and codes that are listed, by the first day of each epoch."""

    provider_lists: dict[date, dict[tuple[str, str], frozenset[str]]]
    listed: dict[date, frozenset[str]]

    def hits(self, matcher: Matcher, dimension: str, value: tuple[str, ...], epoch: date) -> int:
        """Bits of `matcher` that the values of the columns of `dimension` meet in `epoch`."""
        if dimension == "listed":
            return matcher.hits(value[0]) if value[0] in self.listed[epoch] else 0
        members, (provider, site) = self.provider_lists[epoch], value
        names = members.get((provider, ""), frozenset()) | members.get((provider, site), frozenset())
        return _any(matcher.exact.get(name, 0) for name in names)

    def allowed(self, matcher: Matcher, dimension: str, value: tuple[str, ...], epoch: date) -> int:
        """Bits that remain possible given the values of the columns of `dimension` in `epoch`."""
        bits = matcher.free | self.hits(matcher, dimension, value, epoch)
        return bits & ~self.hits(matcher.forbidden, dimension, value, epoch) if matcher.forbidden else bits


def _dated_lookup(
    engine: Engine,
    pack: Pack,
    dimension: str,
    matcher: Matcher,
    epochs: Sequence[date],
    dated: DatedFacts,
    seen: Sequence[tuple[Any, ...]],
) -> Lookup:
    columns = DATED[dimension]
    keys = [(number, value) for number in range(len(epochs)) for value in seen]
    bits = [dated.allowed(matcher, dimension, value, epochs[number]) for number, value in keys]
    parts = [[value[place] for _, value in keys] for place in range(len(columns))]
    table = _lookup(engine, pack, dimension, parts[0], bits, [number for number, _ in keys], *parts[1:])
    names = ("value", "second")[: len(columns)]
    return Lookup(table, {**dict(zip(columns, names, strict=True)), "epoch": "epoch"}, how="inner")


def _codes(engine: Engine, rows: ir.Table, column: str) -> list[str]:
    """Every code that stands in some list."""
    codes = _lists(rows, column).select("code").distinct()
    return [str(code) for code in engine.fetch(codes).column("code").to_pylist()]


def _lists(rows: ir.Table, column: str) -> ir.Table:
    """One row for each code of each distinct list."""
    lists = rows.filter(rows[column] != "").select(column).distinct()
    return lists.select(column, code=lists[column].split(",").unnest())


def _code_lookups(engine: Engine, pack: Pack, dimension: str, matcher: Matcher, seen: Sequence[str]) -> list[Lookup]:
    """What a code hits and what it bars; codes that no rule names are left out."""
    negative = matcher.forbidden or Matcher(0)
    relevant = sorted(code for code in seen if matcher.hits(code) or negative.hits(code))
    hits = _lookup(engine, pack, dimension, relevant, [matcher.hits(c) for c in relevant])
    bars = _lookup(engine, pack, f"{dimension}_bar", relevant, [negative.hits(c) for c in relevant])
    return [Lookup(table, {"code": "value"}, how="inner") for table in (hits, bars)]


def _list_lookup(engine: Engine, rows: ir.Table, pack: Pack, dimension: str, codes: Sequence[Lookup]) -> Lookup:
    """The OR-ed words of each distinct list of codes that names one which counts."""
    column = LISTS[dimension]
    coded = attach_all(_lists(rows, column), codes)
    names = [name for name in coded.columns if name not in (column, "code")]
    totals = coded.group_by(column).aggregate(**{name: bit_or(coded[name]) for name in names})
    return Lookup(engine.materialise(f"identify_{pack.safe_name}_{dimension}_lists", totals), [column])


def _epoch_lookup(engine: Engine, pack: Pack, epochs: Sequence[date]) -> ir.Table:
    """Rules in force for each flow in each epoch."""
    keys = [(flow, number) for flow in pack.flows for number in range(len(epochs))]
    bits = [
        _any(1 << place for place, c in enumerate(pack.clauses) if pack.in_force(c.rule, flow, epochs[number]))
        for flow, number in keys
    ]
    return _lookup(engine, pack, "epoch", [flow for flow, _ in keys], bits, [number for _, number in keys])


def _lookup(
    engine: Engine,
    pack: Pack,
    dimension: str,
    values: Sequence[Any],
    bits: Sequence[int],
    epochs: Iterable[int] | None = None,
    second: Sequence[str] | None = None,
) -> ir.Table:
    """A table of the words of `bits` by value (and epoch, and second value)."""
    import pyarrow as pa

    words = [split_words(b, pack.words) for b in bits]
    kind = pa.int16() if dimension == "age" else pa.string()
    columns: dict[str, pa.Array] = {"value": pa.array(values, kind)}
    if epochs is not None:
        columns["epoch"] = pa.array(list(epochs), pa.int16())
    if second is not None:
        columns["second"] = pa.array(second, pa.string())
    for i in range(pack.words):
        columns[f"{dimension}_{i}"] = pa.array([w[i] for w in words], pa.int64())
    return engine.load(f"identify_{pack.safe_name}_{dimension}", pa.table(columns))


def _distinct(engine: Engine, rows: ir.Table, *columns: str) -> list[tuple[Any, ...]]:
    found = engine.fetch(rows.select(*columns).distinct())
    return list(zip(*(found.column(name).to_pylist() for name in columns), strict=True))

"""Disclosure control: what of a table may leave, so that nobody in it can be told by small numbers.

Rules are rows of disclosure_rules.csv. Counts are hidden or rounded; what stands beside a hidden count is hidden; more
is hidden where totals, or tables that overlap, would tell what is hidden (`protect`). Totals are treated like other
counts, from true values, as the HES rule says; percentages are worked out from released values only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tertiary.errors import PublishError
from tertiary.publish.protect import FREE, INFINITE, Cell, Interval, Key, dimensions, order, projected, protect
from tertiary.sheets import shipped

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT = "hes_2018"
STRICT = "hes_2018_strict"
HIDDEN = "hidden"
SUMS = AS_THEY_ARE, WATCHED = "as they are", "watched"
_NOTE, _RULE = b"disclosure_note", b"disclosure_rule"
_NAMED = 3
_ADVICE = {False: f"take rule {STRICT}, or leave a dimension out", True: "leave a dimension out"}


@dataclass(frozen=True)
class Rule:
    """A row of disclosure_rules.csv: counts from `lowest` to `highest` are hidden, others go to the nearest `base`.

    `sums_watched`: more counts are hidden where sums would tell a hidden one.
    """

    rule: str
    lowest: int
    highest: int
    base: int
    sums_watched: bool
    meaning: str
    source: str
    confidence: str

    def is_hidden(self, count: int) -> bool:
        """Whether a count is hidden for its own size."""
        return self.lowest <= count <= self.highest

    def rounded(self, count: int) -> int:
        """The nearest multiple of the base, halves up: never further than half the base."""
        return (count + self.base // 2) // self.base * self.base

    def shown(self, count: int) -> int | None:
        """What is shown of a count; None when it is hidden."""
        return None if self.is_hidden(count) else self.rounded(count)

    def known(self, count: int) -> Interval:
        """Least and most that a reader of the rule knows a count to be from what is shown of it."""
        if self.is_hidden(count):
            return self.lowest, self.highest
        if not count:
            return 0, 0
        least = self.rounded(count) - self.base // 2
        return max(least, self.highest + 1), least + self.base - 1


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by name. PublishError when a rule would round a shown count into what it hides."""
    found = {}
    for line in shipped("tertiary.publish", "disclosure_rules.csv", PublishError):
        lowest, highest, base = (line.whole(n, 0, 1000) for n in ("lowest_hidden", "highest_hidden", "base"))
        watched = line.choice("sums", SUMS) == WATCHED
        words = (line.text(n) for n in ("meaning", "source", "confidence"))
        rule = Rule(line.text("rule"), lowest, highest, base, watched, *words)
        if not base or lowest > 1 or rule.rounded(highest + 1) <= highest:
            line.refuse("base", "at least 1, and hidden counts from 0 or 1 up, none of which another is rounded to")
        found[rule.rule] = rule
    return found


def rule_named(name: str) -> Rule:
    """A rule by name. PublishError names the rules there are."""
    if name not in rules():
        raise PublishError(f"There is no disclosure rule {name!r}. Choose from: {', '.join(rules())}.")
    return rules()[name]


def percentage(numerator: int | None, denominator: int | None) -> float | None:
    """Per cent of two released counts; None when one is hidden or the denominator is 0."""
    return None if numerator is None or not denominator else 100 * numerator / denominator


def release(
    table: pa.Table, counts: Sequence[str], beside: Sequence[str] = (), margins: Mapping[str, object] | None = None,
    rule: str = DEFAULT, *, percentages: Mapping[str, tuple[str, str]] | None = None, labels: Sequence[str] = (),
) -> pa.Table:  # fmt: skip
    """What of a table may leave. See `release_together`, which is for tables of the same data."""
    return release_together([table], counts, beside, margins, rule, percentages=percentages, labels=labels)[0]


def release_together(
    tables: Sequence[pa.Table], counts: Sequence[str], beside: Sequence[str] = (),
    margins: Mapping[str, object] | None = None, rule: str = DEFAULT, *,
    percentages: Mapping[str, tuple[str, str]] | None = None, labels: Sequence[str] = (),
) -> list[pa.Table]:  # fmt: skip
    """What of tables of the same data, by different dimensions, may leave together.

    Grain and key of a table: its columns but `counts` (persons or events), `beside` (money, averages: what tells of
    the people counted in the row) and `labels` (words that only repeat a code). `margins`: the value of a dimension
    that stands for all of it. Every table must be whole: parts of a total that are not in it count as 0. Counts of
    distinct people need not add up.

    Returns the tables, rows in order, with counts treated by `rule`, hidden figures null, `percentages` (column to
    numerator and denominator) from released counts, and `hidden`, the names of what is hidden in a row by commas.
    Which hidden counts are small and which are hidden for the sake of others is not told. `note` has the rest.
    A table that was released by the same rule comes back as it is. PublishError names column, row and value.
    """
    chosen = rule_named(rule)
    before = [(t.schema.metadata or {}).get(_RULE, b"").decode() for t in tables]
    if any(before):
        if all(name == rule for name in before):
            return list(tables)
        raise PublishError(
            f"Tables released before (by {', '.join(sorted({*before} - {''}))}) cannot be released again."
        )
    named = (*counts, *beside)
    if absent := [c for c in (*named, *labels) if not any(c in t.schema.names for t in tables)]:
        raise PublishError(f"No table has the column {absent[0]!r} that is to be released.")
    keys = [_keys(t, {*named, *labels}, dict(margins or {})) for t in tables]
    hidden: dict[str, set[Key]] = {}
    risk = 0
    sizes: dict[Key, int] = {}
    for count in counts:
        values = _counts(tables, keys, count)
        _check_whole(values, count)
        hidden[count], told = _hidden(values, chosen)
        risk += len(told)
        for key, value in values.items():
            sizes[key] = max(sizes.get(key, 0), value)
    if beside:
        every, told = _beside({key for mine in keys for key in mine}, sizes, set().union(*hidden.values()))
        hidden |= dict.fromkeys(beside, every)
        risk += len(told)
    made = [_table(t, k, counts, hidden, chosen, percentages or {}) for t, k in zip(tables, keys, strict=True)]
    return [_noted(t, chosen, [c for c in named if c in t.schema.names], risk) for t in made]


def note(table: pa.Table) -> str:
    """What was hidden in a released table and by which rule, in words. PublishError when it was not released."""
    found = (table.schema.metadata or {}).get(_NOTE)
    if found is None:
        raise PublishError("This table was not released by tertiary.publish.disclosure.release: it has no note.")
    return str(found.decode())


def add_to_note(table: pa.Table, sentence: str) -> pa.Table:
    """A released table with one more sentence in its note."""
    return table.replace_schema_metadata({**table.schema.metadata, _NOTE: f"{note(table)} {sentence}".encode()})


def _keys(table: pa.Table, others: Collection[str], margins: Mapping[str, object]) -> list[Key]:
    """The cell of each row: dimensions and values, without those it is a total of."""
    import pyarrow as pa

    if HIDDEN in table.schema.names:
        raise PublishError(
            f"A table to release has a column {HIDDEN!r}, which is where the release says what is hidden."
        )
    names = sorted(n for n in table.schema.names if n not in others)
    for name in names:
        kind = table.schema.field(name).type
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            raise PublishError(f"{name} is neither a count nor beside counts, and its type ({kind}) is no dimension's.")
    columns = [table.column(n).to_pylist() for n in names]
    rows = zip(*columns, strict=True) if names else [()] * table.num_rows
    keys = [
        tuple((n, v) for n, v in zip(names, row, strict=True) if n not in margins or v != margins[n]) for row in rows
    ]
    if len(set(keys)) < len(keys):
        double = next(k for k in keys if keys.count(k) > 1)
        raise PublishError(f"Two rows are the same cell: {_said(double)}. Give a table with one row a cell.")
    return keys


def _counts(tables: Sequence[pa.Table], keys: Sequence[list[Key]], name: str) -> dict[Key, int]:
    """Counts by cell, of all tables that have the column."""
    found: dict[Key, int] = {}
    for table, mine in zip(tables, keys, strict=True):
        if name not in table.schema.names:
            continue
        for key, value in zip(mine, table.column(name).to_pylist(), strict=True):
            if value is None:
                continue
            if isinstance(value, (str, bool)) or value != int(value) or value < 0:
                raise PublishError(f"{name} of {_said(key)} is {value!r}; expected a count: a whole number from 0.")
            if found.setdefault(key, int(value)) != int(value):
                raise PublishError(
                    f"{name} of {_said(key)} is {found[key]} in one table and {value} in another. Release tables "
                    "of the same data together."
                )
    return found


def _check_whole(values: Mapping[Key, int], name: str) -> None:
    """A total above 0 has parts in every finer table: otherwise its sums cannot be watched."""
    grains = {dimensions(key) for key in values}
    for fine in grains:
        for coarse in (g for g in grains if set(g) < set(fine)):
            parts = {projected(key, coarse) for key in values if dimensions(key) == fine}
            lone = [k for k, v in values.items() if v and dimensions(k) == coarse and k not in parts]
            if lone:
                raise PublishError(
                    f"{name} of {_said(min(lone, key=order))} has no parts by {', '.join(fine)}. Give whole tables, "
                    "and name columns that only repeat a code as labels."
                )


def _hidden(values: Mapping[Key, int], rule: Rule) -> tuple[set[Key], set[Key]]:
    """Cells whose count is hidden, and small ones of which no witness shows that they cannot be told even so."""
    besides = (rule.highest + 1, INFINITE)
    cells = {
        key: Cell(
            value, rule.known(value), besides if rule.sums_watched and value > rule.highest and value else None,
            rule.is_hidden(value),
        )
        for key, value in values.items()
    }  # fmt: skip
    more, told = protect(cells, bounded=True)
    return {key for key, cell in cells.items() if cell.is_secret} | more, told


def _beside(keys: set[Key], sizes: Mapping[Key, int], hidden: set[Key]) -> tuple[set[Key], set[Key]]:
    """Cells in which figures beside counts are hidden: with hidden or no counts, and more where sums would tell them.

    Figures are exact, whatever the rule, so sums are watched always. Also those that may be told even so.
    """
    secret = hidden | (keys - set(sizes))
    cells = {}
    for key in keys:
        size = sizes.get(key, 0)
        cells[key] = Cell(size, FREE if key in secret else (size, size), FREE if size else None, key in secret)
    more, told = protect(cells, bounded=False)
    return secret | more, told


def _table(
    table: pa.Table, keys: Sequence[Key], counts: Sequence[str], hidden: Mapping[str, set[Key]], rule: Rule,
    percentages: Mapping[str, tuple[str, str]],
) -> pa.Table:  # fmt: skip
    import pyarrow as pa

    gone: list[list[str]] = [[] for _ in keys]
    shown: dict[str, list[Any]] = {}
    for name in (n for n in table.schema.names if n in hidden):
        values: list[Any] = table.column(name).to_pylist()
        for row, key in enumerate(keys):
            if values[row] is not None and key in hidden[name]:
                values[row] = None
                gone[row].append(name)
            elif values[row] is not None and name in counts:
                values[row] = rule.rounded(int(values[row]))
        shown[name] = values
        place, field = table.schema.get_field_index(name), table.schema.field(name)
        kind = pa.int64() if name in counts else field.type
        table = table.set_column(place, pa.field(name, kind), pa.array(values, kind))
    for name, (over, under) in percentages.items():
        if over not in counts or under not in counts or not {over, under} <= set(shown):
            raise PublishError(f"{name} is a percentage of {over} and {under}; both must be among the counts.")
        parts = zip(shown[over], shown[under], strict=True)
        table = table.append_column(name, pa.array([percentage(a, b) for a, b in parts], pa.float64()))
    return table.append_column(HIDDEN, pa.array([",".join(names) for names in gone], pa.string()))


def _noted(table: pa.Table, rule: Rule, names: Iterable[str], risk: int) -> pa.Table:
    gone = [set(text.split(",")) for text in table.column(HIDDEN).to_pylist()]
    parts = [f"{n} {sum(n in row for row in gone):,}" for n in names]
    text = f"Rule {rule.rule}: {rule.meaning} ({rule.source}). Hidden in {len(gone):,} rows: {', '.join(parts)}."
    if any(gone and row - {""} for row in gone):
        text += " What is hidden is few, stands beside few, or would tell of them by a total."
    if risk:
        text += f" {risk:,} hidden figures may be worked out even so: {_ADVICE[rule.sums_watched]}."
    metadata = {**(table.schema.metadata or {}), _NOTE: text.encode(), _RULE: rule.rule.encode()}
    return table.replace_schema_metadata(metadata)


def _said(key: Key) -> str:
    words = [f"{name} {value}" for name, value in key]
    return ", ".join(words[:_NAMED]) + (" …" if len(words) > _NAMED else "") if words else "the whole"

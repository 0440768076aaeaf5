"""What a set of held clauses means: candidates, winners, ties and rules that only lack their provider list.

Records share few distinct masks, so this is plain Python over distinct masks, never over records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.identify.masks import join_words
from tertiary.identify.pack import SPELL_PROPAGATION, Pack, Rule

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Winner:
    """The best rule of a competing set; `tie` when another line held at the same priority."""

    rule: Rule | None
    tie: bool


def held_rules(pack: Pack, bits: int, spell_specialised: bool) -> list[Rule]:
    """Rules of `pack` with a clause in `bits` whose demand on the spell is met, in winning order."""
    found = {
        clause.rule.number: clause.rule
        for place, clause in enumerate(pack.clauses)
        if bits >> place & 1 and clause.holds_with(spell_specialised)
    }
    return [found[number] for number in sorted(found)]


def winner(rules: Iterable[Rule]) -> Winner:
    """Lowest (priority, rule id) wins; rules that are silent for want of their provider list do not compete."""
    active = [rule for rule in rules if not rule.silent]
    if not active:
        return Winner(None, False)
    best = active[0]
    rivals = (r for r in active[1:] if r.priority == best.priority)
    return Winner(best, any(r.service_line_code != best.service_line_code for r in rivals))


def spell_holdings(pack: Pack, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """For each distinct tuple of mask words: the best rule that would make the whole spell specialised (or exclude it).

    Rules that ask whether the spell is specialised cannot make it so and do not take part.
    """
    import pyarrow as pa

    numbers, priorities, lines, ties = [], [], [], []
    for words in rows:
        bits = join_words(words)
        asked = {c.rule.number for c in pack.clauses if c.spell_specialised is not None}
        held = held_rules(pack, bits, False)
        best = winner(r for r in held if r.propagation in SPELL_PROPAGATION and r.number not in asked)
        numbers.append(best.rule.number if best.rule else None)
        priorities.append(best.rule.priority if best.rule else None)
        lines.append(best.rule.service_line_code if best.rule else "")
        ties.append(best.tie)
    return pa.table(
        {
            **_word_columns(rows, pack),
            "spell_rule_number": pa.array(numbers, pa.int32()),
            "spell_priority": pa.array(priorities, pa.int32()),
            "spell_line": pa.array(lines, pa.string()),
            "spell_tie_within": pa.array(ties, pa.bool_()),
        }
    )


def own_holdings(pack: Pack, rows: Sequence[tuple[Any, ...]], first: int) -> pa.Table:
    """For each distinct (mask words…, spell specialised): own winner, candidates and would-be matches.

    `holding` numbers them from `first`.
    """
    import pyarrow as pa

    numbers, ties, candidates, would, masks = [], [], [], [], []
    for *words, spell_specialised in rows:
        held = held_rules(pack, join_words(words), spell_specialised)
        own = (r for r in held if not (pack.rolls_up and r.propagation in SPELL_PROPAGATION))
        best = winner(own)
        numbers.append(best.rule.number if best.rule else None)
        ties.append(best.tie)
        candidates.append(",".join(r.rule_id for r in held if not r.silent))
        would.append(",".join(r.rule_id for r in held if r.silent))
        masks.append(".".join(str(word) for word in words))
    return pa.table(
        {
            **_word_columns(rows, pack),
            "spell_specialised": pa.array([row[-1] for row in rows], pa.bool_()),
            "holding": pa.array(range(first, first + len(rows)), pa.int32()),
            "setting": pa.array([pack.name] * len(rows), pa.string()),
            "own_rule_number": pa.array(numbers, pa.int32()),
            "own_tie": pa.array(ties, pa.bool_()),
            "candidates": pa.array(candidates, pa.string()),
            "would_match": pa.array(would, pa.string()),
            "mask": pa.array(masks, pa.string()),
        }
    )


def blank_holdings(settings: Sequence[str]) -> pa.Table:
    """Holdings of records that are not tested themselves: number n for settings[n]."""
    import pyarrow as pa

    blank = pa.array([""] * len(settings), pa.string())
    return pa.table(
        {
            "holding": pa.array(range(len(settings)), pa.int32()),
            "setting": pa.array(settings, pa.string()),
            "own_rule_number": pa.nulls(len(settings), pa.int32()),
            "own_tie": pa.array([False] * len(settings), pa.bool_()),
            "candidates": blank,
            "would_match": blank,
            "mask": blank,
        }
    )


def _word_columns(rows: Sequence[tuple[Any, ...]], pack: Pack) -> dict[str, pa.Array]:
    import pyarrow as pa

    return {name: pa.array([row[i] for row in rows], pa.int64()) for i, name in enumerate(pack.word_names)}

"""What a set of held clauses means: candidates, winners, ties and rules that only lack their provider list.

Records share few distinct masks, so this is plain Python over distinct masks, never over records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def spell_holdings(pack: Pack, rows: Sequence[tuple[int, ...]]) -> pa.Table:
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


def own_holdings(pack: Pack, rows: Sequence[tuple[tuple[int, ...], bool]]) -> pa.Table:
    """For each distinct (mask words, spell specialised): own winner, candidates and would-be matches."""
    import pyarrow as pa

    numbers, ties, candidates, would, masks = [], [], [], [], []
    for words, spell_specialised in rows:
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
            **_word_columns([words for words, _ in rows], pack),
            "spell_specialised": pa.array([flag for _, flag in rows], pa.bool_()),
            "own_rule_number": pa.array(numbers, pa.int32()),
            "own_tie": pa.array(ties, pa.bool_()),
            "candidates": pa.array(candidates, pa.string()),
            "would_match": pa.array(would, pa.string()),
            "mask": pa.array(masks, pa.string()),
        }
    )


def _word_columns(rows: Sequence[tuple[int, ...]], pack: Pack) -> dict[str, pa.Array]:
    import pyarrow as pa

    return {f"w{i}": pa.array([words[i] for words in rows], pa.int64()) for i in range(pack.words)}

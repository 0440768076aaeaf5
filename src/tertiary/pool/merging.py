"""Mergers of partners: figures and positions of predecessors become their successors', summed and never averaged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tertiary.errors import PoolError
from tertiary.pennies import PENNY, Amount, apportioned
from tertiary.pool.settle import AMOUNTS, Settled, summed
from tertiary.pool.terms import Agreement

# shares of a divided board are rounded to six places where they are published
ROUNDING = Fraction(1, 1000)

Succession = Mapping[str, Mapping[str, Fraction]]


def successors(rows: Iterable[tuple[str, str, Amount]]) -> dict[str, dict[str, Fraction]]:
    """Each predecessor's last successors with their shares of it, from rows of predecessor, successor and share.

    Shares are made to add up to 1 exactly. PoolError when they are further from it than rounding, or lead in a circle.
    """
    given: dict[str, dict[str, Fraction]] = {}
    for old, new, share in rows:
        parts = given.setdefault(old, {})
        parts[new] = parts.get(new, Fraction(0)) + Fraction(share)
    for old, parts in given.items():
        whole = sum(parts.values(), Fraction(0))
        if abs(whole - 1) > ROUNDING or min(parts.values()) < 0:
            raise PoolError(f"Shares of {old} are {float(whole):.6f} together; they must add up to 1.")
        given[old] = {new: share / whole for new, share in parts.items()}
    return {old: _last(old, given, ()) for old in given}


def _last(code: str, given: Succession, before: tuple[str, ...]) -> dict[str, Fraction]:
    if code in before:
        raise PoolError(f"{code} would succeed itself: {', '.join(sorted(before))}. Correct the successors.")
    if code not in given:
        return {code: Fraction(1)}
    found: dict[str, Fraction] = {}
    for new, share in given[code].items():
        for heir, part in _last(new, given, (*before, code)).items():
            found[heir] = found.get(heir, Fraction(0)) + share * part
    return found


def merged(amounts: Mapping[str, Decimal], heirs: Succession, unit: Decimal = PENNY) -> dict[str, Decimal]:
    """Contributions, need, people, costs or balances by partner after mergers: summed by successor, never averaged.

    What a board had that was divided is split by its shares, in whole units that add up to it; the rest is not rounded.
    """
    made: dict[str, Decimal] = {}
    for code, amount in amounts.items():
        parts = heirs.get(code, {code: Fraction(1)})
        held = dict.fromkeys(parts, amount) if len(parts) == 1 else _split(amount, parts, unit)
        for heir, part in held.items():
            made[heir] = made.get(heir, Decimal(0)) + part
    return made


def _split(amount: Decimal, parts: Mapping[str, Fraction], unit: Decimal) -> dict[str, Decimal]:
    return apportioned({heir: Fraction(amount) * share for heir, share in parts.items()}, unit)


def merged_lines(lines: Sequence[Settled], heirs: Succession) -> tuple[Settled, ...]:
    """Positions of partners as their successors': every column adds up to what it was, to the penny."""
    made = []
    for line in lines:
        parts = heirs.get(line.partner, {line.partner: Fraction(1)})
        columns = {name: _split(getattr(line, name), parts, PENNY) for name in AMOUNTS}
        made += [Settled(heir, **{name: columns[name][heir] for name in AMOUNTS}) for heir in parts]
    return summed(made)


def merged_terms(terms: Mapping[str, Any], heirs: Succession, begins: date, host: str = "") -> dict[str, Any] | None:
    """The terms of the successors, as JSON, from `begins`; None when only one is left, or the terms end by then.

    They say which partner succeeds which, where a partner was not divided, so that costs and positions follow.
    `host` is needed when the host was divided: PoolError without it, or when the terms cannot be used.
    """
    before = Agreement.of(terms)
    partners = list(dict.fromkeys(heir for code in before.partners for heir in heirs.get(code, {code: 1})))
    if len(partners) < 2 or (before.valid_to is not None and before.valid_to <= begins):
        return None
    hosts = list(heirs.get(before.host, {before.host: 1}))
    if len(hosts) > 1 and not host:
        raise PoolError(f"The host {before.host} was divided among {', '.join(hosts)}. Name the host with --host.")
    whole = {old: next(iter(parts)) for old, parts in heirs.items() if len(parts) == 1}
    lasting = {old: whole.get(new, new) for old, new in before.succeeds.items()}
    succeeds = {
        **{old: new for old, new in lasting.items() if new in partners},
        **{old: whole[old] for old in before.partners if old in whole},
    }
    made = {
        **terms, "partners": partners, "host": host or hosts[0], "valid_from": str(begins), "succeeds": succeeds,
    }  # fmt: skip
    Agreement.of(made)
    return made

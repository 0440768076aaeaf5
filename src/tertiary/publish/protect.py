"""What must be hidden besides, so that nothing hidden can be worked out from totals and from tables that overlap.

A cell is protected when there is a witness: another set of whole numbers, as possible to a reader as the true one, in
which the cell has another value. A witness is searched for by moving cells by one and putting each sum right again;
where none is found, one is made by hiding more. A search that gives up early says so; it never says safe what is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Key = tuple[tuple[str, object], ...]
Dimensions = tuple[str, ...]
Interval = tuple[float, float]
INFINITE = float("inf")
FREE: Interval = (-INFINITE, INFINITE)
# Moves tried to find a witness for one cell in one direction.
MOST_MOVES = 60
# To hide a total costs as much as so many of its parts. Witnesses are searched for at these prices, in order.
COARSER = 4
PRICES = (0, 1, 3, 8, 64, 10**9)


@dataclass
class Cell:
    """A figure in a lattice: what it is (`value`), what a reader knows of it (`known`), and whether it may be hidden.

    `hidden` is what a reader would know if it were hidden besides; None where that would protect nothing.
    """

    value: int
    known: Interval
    hidden: Interval | None = None
    is_secret: bool = False


def protect(cells: Mapping[Key, Cell], bounded: bool) -> tuple[set[Key], set[Key]]:
    """Keys to hide besides the secret ones, and secret keys for which there is no witness even so.

    Cells are keyed by dimension and value, sorted by dimension; a total lacks the dimensions it runs over. Sums are
    those between every table and the coarser ones, and totals that no table shows are free. `bounded`: no part
    exceeds its total, as with counts. The result depends on the cells only, not on their order.
    """
    return _Lattice({key: replace(cell) for key, cell in cells.items()}, bounded).protect()


def dimensions(key: Key) -> Dimensions:
    """The dimensions of a cell."""
    return tuple(name for name, _ in key)


def order(key: Key) -> tuple[str, ...]:
    """What cells are sorted by, whatever the types of their values."""
    return tuple(f"{name}={value!r}" for name, value in key)


def projected(key: Key, onto: Iterable[str]) -> Key:
    """The cell of a coarser table that this one is part of."""
    wanted = set(onto)
    return tuple(pair for pair in key if pair[0] in wanted)


def sums(keys: Iterable[Key]) -> dict[tuple[Key, Dimensions], list[Key]]:
    """Parts of each total, by the total and the dimensions of the parts; totals that no table shows are among them."""
    tables: dict[Dimensions, set[Key]] = {}
    for key in keys:
        tables.setdefault(dimensions(key), set()).add(key)
    for shared in _shared(tables):
        tables.setdefault(shared, set())
    found: dict[tuple[Key, Dimensions], list[Key]] = {}
    for fine in sorted(tables, key=len, reverse=True):
        for coarse in _next_coarser(fine, tables):
            for key in sorted(tables[fine], key=order):
                total = projected(key, coarse)
                tables[coarse].add(total)
                found.setdefault((total, fine), []).append(key)
    return found


def _shared(tables: Iterable[Dimensions]) -> set[Dimensions]:
    """Dimensions that tables have in common: two tables agree in totals by these, shown or not."""
    found = set(tables)
    while True:
        more = {tuple(sorted(set(a) & set(b))) for a in found for b in found} - found
        if not more:
            return found
        found |= more


def _next_coarser(fine: Dimensions, tables: Iterable[Dimensions]) -> list[Dimensions]:
    below = [t for t in tables if set(t) < set(fine)]
    return sorted(t for t in below if not any(set(t) < set(other) for other in below))


class _Lattice:
    """Cells by number, finest first, and the sums that tie them."""

    def __init__(self, cells: Mapping[Key, Cell], bounded: bool) -> None:
        parts = sums(cells)
        unseen = {total for total, _ in parts} - set(cells)
        self.keys = sorted({*cells, *unseen}, key=lambda k: (-len(k), order(k)))
        place = {key: i for i, key in enumerate(self.keys)}
        self.cells = [cells.get(key) or Cell(0, FREE) for key in self.keys]
        finest = max(map(len, self.keys), default=0)
        self.price = [COARSER ** (finest - len(key)) for key in self.keys]
        self.unseen = {place[key] for key in unseen}
        self.bounded = bounded
        self.sums = [(place[total], [place[k] for k in members]) for (total, _), members in parts.items()]
        self.of: list[list[int]] = [[] for _ in self.keys]
        for number, (total, members) in enumerate(self.sums):
            for i in (total, *members):
                self.of[i].append(number)
        tied = [(t, *m) for t, m in self.sums]
        self.free = [[i for i in one if self.cells[i].known[0] < self.cells[i].known[1]] for one in tied]
        self.dear = [[i for i in one if self.cells[i].hidden is not None] for one in tied]

    def protect(self) -> tuple[set[Key], set[Key]]:
        safe: set[int] = set()
        hidden: set[int] = set()
        told: set[int] = set()
        for i, cell in enumerate(self.cells):
            if not cell.is_secret or i in safe:
                continue
            witness = self._witness(i)
            if witness is None:
                told.add(i)
                continue
            # hiding more only adds to what is possible, so what is protected once stays so
            safe |= set(witness)
            for j in sorted(witness):
                if not self._within(j, witness[j]):
                    hidden.add(j)
                    self._hide(j)
        return {self.keys[i] for i in hidden}, {self.keys[i] for i in told}

    def _hide(self, i: int) -> None:
        cell = self.cells[i]
        assert cell.hidden is not None
        cell.known, cell.hidden = cell.hidden, None
        for number in self.of[i]:
            self.dear[number].remove(i)
            if i not in self.free[number]:
                self.free[number].append(i)

    def _witness(self, i: int) -> dict[int, int] | None:
        """Moves that give cell `i` another value and keep every sum, with as little more hidden as is found."""
        for most in PRICES:
            for step in (1, -1):
                if self._within(i, step):
                    found = _Search(self, most).moves_of(i, step)
                    if found:
                        return found
        return None

    def _within(self, i: int, step: int) -> bool:
        cell = self.cells[i]
        return cell.known[0] <= cell.value + step <= cell.known[1]

    def asked(self, i: int, step: int) -> int | None:
        """What a move asks to be hidden, as a price; None when it cannot be made."""
        if self._within(i, step):
            return 0
        cell = self.cells[i]
        if cell.hidden is None or not cell.hidden[0] <= cell.value + step <= cell.hidden[1]:
            return None
        return self.price[i]

    def possible(self, moves: Mapping[int, int]) -> bool:
        """No part exceeds its total. Follows from the sums but where a total counts distinct people."""
        if not self.bounded:
            return True
        for number in {n for i in moves for n in self.of[i]}:
            total, members = self.sums[number]
            if total not in self.unseen:
                most = self.cells[total].value + moves.get(total, 0)
                if any(self.cells[i].value + moves.get(i, 0) > most for i in members):
                    return False
        return True


class _Search:
    """Depth first: the sum with the fewest ways to put it right, and in it the move that puts most right."""

    def __init__(self, lattice: _Lattice, most: int) -> None:
        self.lattice, self.price = lattice, most
        self.moves: dict[int, int] = {}
        self.off: dict[int, int] = {}
        self.left = MOST_MOVES

    def moves_of(self, i: int, step: int) -> dict[int, int] | None:
        self._move(i, step)
        return self.moves if self._done() else None

    def _done(self) -> bool:
        if not self.off:
            return self.lattice.possible(self.moves)
        ways = self._fewest()
        for price, i, step in sorted(ways, key=self._rank):
            self.left -= 1
            if self.left < 0:
                return False
            self._move(i, step)
            self.price -= price
            if self._done():
                return True
            self.price += price
            self._move(i, -step)
        return False

    def _fewest(self) -> list[tuple[int, int, int]]:
        best = None
        for number in self.off:
            found = self._ways(number)
            if best is None or len(found) < len(best):
                best = found
            if len(best) < 2:
                break
        return best or []

    def _ways(self, number: int) -> list[tuple[int, int, int]]:
        """Moves by one that bring a sum nearer, with their price."""
        lattice = self.lattice
        total = lattice.sums[number][0]
        down = -1 if self.off[number] > 0 else 1
        found = []
        for i in (*lattice.free[number], *(lattice.dear[number] if self.price else ())):
            step = -down if i == total else down
            price = None if i in self.moves else lattice.asked(i, step)
            if price is not None and price <= self.price:
                found.append((price, i, step))
        return found

    def _rank(self, way: tuple[int, int, int]) -> tuple[int, int, int, int]:
        """By how much sums are further from adding up after a move; its price; the smallest cell."""
        price, i, step = way
        worse = 0
        for number in self.lattice.of[i]:
            before = self.off.get(number, 0)
            worse += abs(before + self._tip(number, i, step)) - abs(before)
        return worse, price, self.lattice.cells[i].value, i

    def _tip(self, number: int, i: int, step: int) -> int:
        """By how much a move takes parts less total of a sum."""
        return -step if self.lattice.sums[number][0] == i else step

    def _move(self, i: int, step: int) -> None:
        """Make a move, or take it back."""
        if self.moves.get(i) == -step:
            del self.moves[i]
        else:
            self.moves[i] = step
        for number in self.lattice.of[i]:
            self.off[number] = self.off.get(number, 0) + self._tip(number, i, step)
            if not self.off[number]:
                del self.off[number]

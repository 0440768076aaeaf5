"""What is worked out from a register once, and kept as long as the register is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from tertiary.register import Register

T = TypeVar("T")


def once_a_register(work: Callable[[Register], T]) -> Callable[[Register], T]:
    """`work`, done once for each register. Two threads that ask at once may both do it; both get the same."""
    known: WeakKeyDictionary[Register, T] = WeakKeyDictionary()

    @wraps(work)
    def kept(register: Register) -> T:
        if register not in known:
            known[register] = work(register)
        return known[register]

    return kept

"""What was worked out of a whole run, kept for the next who asks: it is costly, and runs do not change.

It is shared between people: what is kept is the same for all of them, and is kept from them by `scope` after.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
MOST = 128


class Worked:
    """Results by key, the latest `most` of them; each is made once, however many ask for it at the same time."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """The result of a key, made now unless it is kept. What `make` raises goes to all who wait, and is not kept."""
        with self._lock:
            mine = key not in self._kept
            found: Future[Result] = self._kept.setdefault(key, Future())
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        if mine:
            try:
                found.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._kept.get(key) is found:
                        del self._kept[key]
                found.set_exception(error)
        return found.result()

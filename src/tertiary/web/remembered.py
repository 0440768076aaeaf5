"""Answers that are costly to work out, kept for whoever asks the same next: bounded, and worked out once at a time."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

from tertiary.errors import AllocationError, TertiaryError
from tertiary.web.answers import UnavailableError

Answer = TypeVar("Answer")


class Remembered:
    """The last `most` answers by question. What is kept is shared between people: keep what is true for all of them.

    Several who ask the same at once wait for one working out; a failure is told to all who waited, and not kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, question: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """The answer to a question; `work_out` is called when it is not held."""
        with self._lock:
            found = self._held.get(question)
            ours = found is None
            if found is None:
                found = self._held[question] = Future()
            self._held.move_to_end(question)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        if ours:
            try:
                found.set_result(work_out())
            except BaseException as error:
                with self._lock:
                    if self._held.get(question) is found:
                        del self._held[question]
                found.set_exception(error)
        answer: Answer = found.result()
        return answer


def of_run(work_out: Callable[[], Answer]) -> Answer:
    """What is worked out from the files of a run. UnavailableError when they cannot be read; why is in the log."""
    try:
        return work_out()
    except AllocationError:
        raise
    except TertiaryError as error:  # it names folders of this machine
        logging.getLogger(__name__).error("%s", error)
        raise UnavailableError("The run does not hold what this needs, or cannot be read now: see the log.") from error

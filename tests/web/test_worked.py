"""What is worked out of whole runs is made once, kept within bounds, and never kept when it failed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tertiary.web.worked import Worked


def test_many_who_ask_at_once_wait_for_one() -> None:
    worked, made, begun = Worked(), [], threading.Barrier(8)

    def ask(_: int) -> int:
        begun.wait()
        return worked.of("key", lambda: made.append(1) or len(made))  # type: ignore[func-returns-value]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [1] * 8
    assert made == [1]


def test_a_failure_is_told_and_not_kept() -> None:
    worked = Worked()

    def fails() -> int:
        raise ValueError("now")

    with pytest.raises(ValueError, match="now"):
        worked.of("key", fails)
    assert worked.of("key", lambda: 7) == 7


def test_the_oldest_goes_first() -> None:
    worked, made = Worked(most=2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        worked.of(key, lambda key=key: made.append(key))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


def test_other_questions_do_not_wait() -> None:
    worked, gate = Worked(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(worked.of, "slow", lambda: gate.wait(5))
        assert worked.of("quick", lambda: "there") == "there"
        gate.set()
        assert slow.result() is True

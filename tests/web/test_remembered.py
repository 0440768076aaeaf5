"""Costly answers: worked out once at a time, bounded, and a failure is not kept."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tertiary.web.remembered import Remembered


def test_many_who_ask_the_same_wait_for_one() -> None:
    held, made = Remembered(4), []
    gate = threading.Event()

    def work_out() -> int:
        gate.wait(5)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(held.get, "a", work_out) for _ in range(8)]
        time.sleep(0.05)
        gate.set()
        assert {one.result() for one in asked} == {1}
    assert made == [1]


def test_the_oldest_question_goes_first() -> None:
    held, made = Remembered(2), []
    for question in ("a", "b", "a", "c", "a", "b"):
        held.get(question, lambda question=question: made.append(question))
    assert made == ["a", "b", "c", "b"] and len(held) == 2


def test_a_failure_is_told_to_all_and_asked_anew() -> None:
    held, tries = Remembered(2), []

    def work_out() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not today")
        return "well"

    with pytest.raises(ValueError, match="not today"):
        held.get("a", work_out)
    assert held.get("a", work_out) == "well" and len(tries) == 2


def test_other_questions_do_not_wait() -> None:
    held, gate = Remembered(4), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(held.get, "slow", lambda: gate.wait(5))
        assert held.get("quick", lambda: "there") == "there"
        gate.set()
        assert slow.result() is True

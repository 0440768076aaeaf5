"""A host raises what a run questions; the provider answers; the host settles. Both read one history."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def _step(walk: Any, step: str, **fields: str) -> None:
    """Open the form of a step, fill it and send it."""
    # a role is not found in what is folded up
    form = walk.main().locator("details").filter(has=walk.page.locator(f'input[name=step][value="{step.lower()}"]'))
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for words, value in fields.items():
        form.get_by_label(words.replace("_", " "), exact=True).fill(value)
    walk.go(form.get_by_role("button", name=step, exact=True))


def test_raised_accepted_in_part_and_credited(walk: Any) -> None:
    walk.start("ncl")
    walk.menu("Challenges")
    walk.follow("See what the run newly questions")
    found = walk.rows("What the run newly questions")[0]
    walk.follow(found["What is questioned"])
    walk.press("Raise")
    # without a reason it is not raised, and the page says so
    walk.says("Say why")
    walk.look()
    walk.fill(Why="Query list of June")
    walk.press("Raise")
    walk.says("written into the log")
    walk.look()
    walk.follow("See these challenges")
    walk.look()


def test_answered_and_settled(walk: Any) -> None:
    walk.start("uclh")
    walk.menu("Challenges")
    first = next(row for row in walk.rows(re.compile("challenge")) if row["Stands"] == "Raised")
    walk.follow(first["Challenge"])
    open_pounds = first["Open (£)"]
    _step(walk, "Accept", Pounds_that_you_accept="1000000", Why="it was counted twice")
    walk.says("There is a problem")
    walk.look()
    _step(walk, "Accept", Pounds_that_you_accept="10", Why="it was counted twice")
    walk.says("The step was written into the log")
    walk.look()
    address = walk.page.url.partition("?")[0]
    walk.start("ncl", address)
    walk.says("it was counted twice")
    _step(walk, "Settle", Why="credited with month 3")
    walk.says("The step was written into the log")
    pounds = walk.rows("What became of the pounds")[0]
    assert (pounds["Questioned (£)"], pounds["Credited (£)"], pounds["Open (£)"]) == (open_pounds, "£10.00", "£0.00")
    assert [row["Step"] for row in walk.rows("What happened")] == ["raise", "accept", "settle"]
    walk.look()

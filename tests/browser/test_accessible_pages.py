"""axe-core finds nothing wrong on any page, for anybody who may be there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from measuring import axe, layout
from places import Place, places

pytestmark = pytest.mark.slow
Visit = Callable[..., object]
WHO_AND_WHERE = [pytest.param(p, a, id=f"{p.address}-{a}") for p in places() for a in p.accounts]


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """Pages that were looked at, so that a page which is the same for several people is looked at once."""
    return set()


@pytest.mark.parametrize(("place", "account"), WHO_AND_WHERE)
def test_axe_finds_nothing_and_a_narrow_window_holds_the_page(
    visit: Visit, looked_at: set[str], record_property: Callable[[str, object], None], place: Place, account: str
) -> None:
    page = visit(place.address, account, status=place.status)
    if (same := _without_the_person(page.content())) in looked_at:
        return
    looked_at.add(same)
    wrong, undecided = axe(page)
    assert not wrong, "\n".join(wrong)
    # what no program can decide is listed for people to look at
    for line in undecided:
        record_property("told", f"axe cannot decide {place.path}: {line}")
    page.set_viewport_size({"width": 320, "height": 640})
    assert layout(page) == []


def test_axe_would_find_what_is_wrong(visit: Visit) -> None:
    page = visit("/method", "public")
    page.evaluate("""() => {
        const main = document.querySelector('main');
        main.insertAdjacentHTML('beforeend', '<img src="/static/nhsuk-icon-cross.svg"><input><h4>too deep</h4>');
        main.querySelector('p').style.color = '#bbb';
    }""")
    wrong, _ = axe(page)
    assert {line.partition(":")[0] for line in wrong} >= {"image-alt", "label", "heading-order", "color-contrast"}


def _without_the_person(content: str) -> str:
    return re.sub(r'<p class="app-who">.*?</p>|name="form_token" value="[^"]*"', "", content, flags=re.DOTALL)

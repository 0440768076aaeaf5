"""What is measured of pages finds what is wrong, where something is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from measuring import axe, backwards, layout, made_of, tabbed

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]


def test_axe_would_find_what_is_wrong(visit: Visit) -> None:
    page = visit("/method", "public")
    page.evaluate("""() => {
        const main = document.querySelector('main');
        main.insertAdjacentHTML('beforeend', '<img src="/static/nhsuk-icon-cross.svg"><input><h4>too deep</h4>');
        main.querySelector('p').style.color = '#bbb';
    }""")
    wrong, _ = axe(page)
    assert {line.partition(":")[0] for line in wrong} >= {"image-alt", "label", "heading-order", "color-contrast"}


def test_layout_would_find_what_is_wrong(visit: Visit) -> None:
    page = visit("/method", "public")
    page.evaluate("""() => {
        const add = (text, style) => {
            const made = document.createElement('p');
            made.textContent = text;
            Object.assign(made.style, style);
            document.querySelector('main').append(made);
        };
        add('low ceiling', {height: '8px', overflow: 'hidden', margin: '40px'});
        add('narrow '.repeat(9), {width: '90px', overflow: 'hidden', whiteSpace: 'nowrap', margin: '40px'});
        add('underneath', {margin: '0'});
        add('on top of it', {marginTop: '-26px', marginBottom: '40px'});
        add('far out', {marginLeft: '2000px'});
    }""")
    found = " ".join(layout(page))
    wanted = ("cut off: low ceiling", "cut off: narrow", "underneath / on top", "off the page: far out", "wide in a")
    assert [words for words in wanted if words not in found] == []


def test_focus_that_does_not_show_or_goes_astray_would_be_found(visit: Visit) -> None:
    page = visit("/services", "public")
    page.evaluate("""() => {
        const made = document.createElement('button');
        made.textContent = 'unmarked';
        Object.assign(made.style, {outline: 'none', border: '0', background: '#fff', position: 'absolute', top: '0'});
        made.tabIndex = 0;
        document.querySelector('footer').append(made);
        const shade = document.createElement('div');
        Object.assign(shade.style, {position: 'fixed', top: '0', left: '0', width: '60px', height: '60px'});
        document.body.append(shade);
    }""")
    _, way = tabbed(page)
    last = next(one for one in way if "unmarked" in one["name"])
    assert not last["marked"] and any("unmarked" in step for step in backwards(way)) and last["hidden"]


def test_pages_are_made_otherwise_when_something_new_is_on_them() -> None:
    page = '<main><h1>One</h1><p class="a">Text</p></main>'
    assert made_of(page) == made_of(page.replace("Text", "Other"))
    for other in ('<p class="b">Text</p>', "<h2>Two</h2>", '<p class="a" title="x">Text</p>'):
        assert made_of(page.replace("</main>", f"{other}</main>")) - made_of(page), other

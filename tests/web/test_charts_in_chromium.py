"""In a real browser: charts and forms under the pages' policy, by keyboard, small, printed, scriptless."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.slow
# puts every violation of the policy where the test finds it
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));"""
NAME = "(e => (e.getAttribute('aria-label') || e.textContent).trim())(document.activeElement)"
CHARTS = ("/map", "/map?region=Y56&footprint=2026&show=people", "/flows", "/ledger", "/ledger?by=financial_month")


@pytest.fixture(scope="module")
def address(client: TestClient) -> Iterator[str]:
    """The small run's application, served on a free port of loopback."""
    server = uvicorn.Server(uvicorn.Config(client.app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until and thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def be_in(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """A page of a browser signed on as somebody. Fails when the policy was broken or, unless `failing`, a script said
    that something failed."""
    opened: list[tuple[BrowserContext, Page, list[str]]] = []

    def become(account: str = "national", failing: bool = False, **options: Any) -> Page:
        context = browser.new_context(base_url=address, **options)
        page, said = context.new_page(), []
        page.add_init_script(WATCH)
        if not failing:
            page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/sign-in")
        page.check(f"#{account}")
        page.click("main button")
        page.wait_for_load_state()
        opened.append((context, page, said))
        return page

    yield become
    for context, page, said in opened:
        broken = page.evaluate("window.violations ?? []")
        context.close()
        assert broken == [] and said == []


@pytest.mark.parametrize("where", CHARTS)
def test_charts_are_drawn_in_the_browser_under_the_policy(be_in: Callable[..., Page], where: str) -> None:
    page = be_in()
    page.goto(where)
    drawing = page.locator("[data-chart]")
    expect(drawing.locator("svg")).to_have_count(1)
    assert drawing.get_attribute("role") == "img" and len(drawing.get_attribute("aria-label") or "") > 40
    assert drawing.locator("path").count() > 3
    assert page.locator("main img").count() == 0, "the picture for those without script is not asked for"


def test_scripts_that_draw_are_brought_by_pages_with_charts_only(be_in: Callable[..., Page]) -> None:
    page = be_in()
    page.goto("/services")
    assert page.locator("script[src*=vega]").count() == 0
    page.goto("/map")
    expect(page.locator("[data-chart] svg")).to_have_count(1)
    assert page.locator("script[src*=vega]").count() == 3


def test_a_chart_says_what_is_under_the_mouse(be_in: Callable[..., Page]) -> None:
    page = be_in()
    page.goto("/map?show=spend")
    page.locator("[data-chart] svg").wait_for()
    area = page.locator("[data-chart] svg path[fill='#08306B']").first
    area.scroll_into_view_if_needed()
    shape = area.bounding_box()
    assert shape is not None
    page.mouse.move(shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2)
    tip = page.locator(".vg-tooltip.visible")
    expect(tip).to_contain_text("Lancashire and South Cumbria")
    expect(tip).to_contain_text("£640,007")
    assert page.evaluate("getComputedStyle(document.querySelector('.vg-tooltip')).position") == "fixed"


def test_a_form_that_asks_swaps_the_main_part_and_nothing_else(be_in: Callable[..., Page]) -> None:
    page = be_in()
    page.goto("/map")
    page.evaluate("window.here = true")
    page.select_option("#show", "spend")
    page.focus("main form.app-form button")
    page.keyboard.press("Enter")
    expect(page.locator("caption")).to_contain_text("Spend, all care that counts")
    expect(page.locator("[data-chart] svg")).to_have_count(1)
    assert page.evaluate("window.here") is True, "the page was loaded anew"
    assert "show=spend" in page.url and page.locator("main").count() == 1 and page.locator("h1").count() == 1
    expect(page.locator("#app-status")).to_contain_text("Shown: Map of ICBs. Spend, all care that counts")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Show", "the keyboard goes on where it was"
    assert page.locator("main").get_attribute("aria-busy") is None
    # a second time, in the form that was swapped in; then back twice
    page.select_option("#footprint", "2026")
    page.click("main form.app-form button")
    expect(page.locator("caption")).to_contain_text("ICB of 2026")
    assert page.evaluate("window.here") is True
    page.go_back()
    expect(page.locator("caption")).to_contain_text("Spend, all care that counts, England by ICB of 2024")
    expect(page.locator("#footprint")).to_have_value("2024")
    expect(page.locator("[data-chart] svg")).to_have_count(1)
    page.go_back()
    expect(page.locator("caption")).to_contain_text("Spend a head")


def test_a_page_that_gets_a_chart_by_a_swap_draws_it(be_in: Callable[..., Page]) -> None:
    page = be_in()
    page.goto("/ledger?provider_code=NONE")
    assert page.locator("[data-chart]").count() == 0
    page.select_option("select[name=provider_code]", "RRV")
    page.click("main form.app-form button")
    expect(page.locator("[data-chart] svg")).to_have_count(1)


def test_a_mistake_is_said_in_the_page_and_to_those_who_hear(be_in: Callable[..., Page]) -> None:
    page = be_in(failing=True)
    page.goto("/services")
    page.evaluate("const day = document.getElementById('on'); day.type = 'text'; day.value = 'yesterday'")
    with page.expect_response(lambda answer: "yesterday" in answer.url):
        page.click("main form.app-form button")
    expect(page.locator("main")).to_contain_text("These cannot be used")
    expect(page.locator("#app-status")).to_contain_text("This could not be done")
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_a_server_that_is_gone_is_said(be_in: Callable[..., Page]) -> None:
    page = be_in(failing=True)
    page.goto("/services")
    page.route("**/services?**", lambda route: route.abort())
    page.click("main form.app-form button")
    expect(page.locator("#app-status")).to_contain_text("could not be reached")
    assert page.locator("main").get_attribute("aria-busy") is None


def test_the_keyboard_comes_to_a_chart_and_past_it(be_in: Callable[..., Page]) -> None:
    page = be_in()
    page.goto("/map")
    page.locator("[data-chart] svg").wait_for()
    page.focus("main form.app-form button")
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(NAME))
    assert seen[0] == "Chart: map of icbs" and seen[1] == "Its figures as a table"
    assert any(name.startswith("Table: ") for name in seen)


@pytest.mark.parametrize("where", ["/map", "/flows", "/ledger"])
def test_a_small_screen_scrolls_in_boxes_only(be_in: Callable[..., Page], where: str) -> None:
    page = be_in(viewport={"width": 320, "height": 700}, reduced_motion="reduce")
    page.goto(where)
    page.locator("[data-chart] svg").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.getAnimations().length") == 0
    box = page.locator("[data-chart] svg").bounding_box()
    assert box is not None and box["width"] == float(page.locator("[data-chart] svg").get_attribute("width") or 0)


def test_a_chart_is_printed_whole_without_what_is_for_the_screen(be_in: Callable[..., Page], tmp_path: Path) -> None:
    page = be_in(viewport={"width": 700, "height": 900})
    page.goto("/map")
    page.locator("[data-chart] svg").wait_for()
    page.emulate_media(media="print")
    assert page.locator("[data-chart] svg").is_visible() and not page.locator("main form.app-form").is_visible()
    box, paper = page.locator("[data-chart] svg").bounding_box(), page.locator("main").bounding_box()
    assert box is not None and paper is not None and box["width"] <= paper["width"]
    assert len(page.pdf()) > 20_000


@pytest.mark.parametrize("where", ["/map", "/flows", "/ledger"])
def test_axe_finds_nothing(be_in: Callable[..., Page], where: str) -> None:
    page = be_in(bypass_csp=True)
    page.goto(where)
    page.locator("[data-chart] svg").wait_for()
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_without_script_there_is_a_picture_and_every_form_works(be_in: Callable[..., Page]) -> None:
    page = be_in(java_script_enabled=False)
    page.goto("/map")
    picture = page.locator("figure img")
    assert picture.count() == 1 and (picture.get_attribute("alt") or "").startswith("Map: Spend a head")
    box = picture.bounding_box()
    assert box is not None and box["width"] > 300, "the picture came"
    page.select_option("#show", "spend")
    page.click("main form.app-form button")
    assert "show=spend" in page.url and "Spend, all care" in (page.locator("caption").text_content() or "")


def test_a_chart_that_cannot_be_drawn_leaves_the_picture(be_in: Callable[..., Page]) -> None:
    page = be_in(failing=True)
    page.route("**/static/vega-lite.js", lambda route: route.fulfill(status=200, body="window.vegaLite = undefined;"))
    page.goto("/map")
    expect(page.locator("[data-chart] img")).to_have_count(1)

"""A patient wants to know where kidney dialysis is decided, and by whom where they live."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_where_kidney_dialysis_is_decided(walk: Any) -> None:
    walk.start()
    walk.menu("Services")
    walk.fill(Name_or_number_of_a_service="dialysis", As_at_a_day="2025-06-30")
    walk.press("Show")
    # dialysis of adults was delegated in all of England by April 2025, dialysis of children was not
    decides = {row["Service"]: row["Who decides"] for row in walk.rows("30 June 2025")}
    assert decides["Adult specialist renal services"] == "ICBs"
    assert decides["Specialist renal services for children"] == "ICBs (2 of its codes: NHS England)"
    walk.look()
    walk.fill(As_at_a_day="2013-01-31")
    walk.press("Show")
    walk.says("does not know who commissioned")


def test_a_name_that_is_no_service_is_told(walk: Any) -> None:
    walk.start()
    walk.menu("Services")
    walk.fill(Name_or_number_of_a_service="zzz")
    walk.press("Show")
    walk.says("No service is to be shown.")


def test_kidney_care_in_an_area(walk: Any) -> None:
    """In everyday words, from the name of an organ to who decides in one's own area, and to an address to send."""
    walk.start()
    walk.menu("Find a service")
    walk.fill(**{"Which service?": "kidney"})
    walk.main().get_by_label("Or choose your area").select_option(value="QOP")
    walk.press("Find")
    walk.look()
    walk.main().get_by_role("radio", name="Adult specialist renal services", exact=True).check()
    walk.press("Go on")
    assert walk.main().get_by_role("heading", level=1).inner_text() == "Adult specialist renal services"
    walk.says("Greater Manchester")
    assert walk.rows()[0]["Who"]
    walk.look()
    walk.follow("A page for your whole area, which you can send to others")
    assert "area=QOP" in walk.page.url and walk.rows()[0]["Who"]


def test_an_area_must_be_one(walk: Any) -> None:
    walk.start()
    walk.menu("Find a service")
    walk.fill(**{"Which service?": "kidney", "Where do you live?": "XX99 9XX"})
    walk.press("Find")
    walk.says("There is a problem")
    walk.look()

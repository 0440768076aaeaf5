"""A patient wants to know where kidney dialysis is decided."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_where_kidney_dialysis_is_decided(walk: Any) -> None:
    walk.start()
    walk.menu("Services")
    walk.fill(Name_or_number_of_a_service="dialysis", As_at_a_day="2025-06-30")
    walk.press("Show")
    assert "30 June 2025" in walk.main().get_by_role("table").inner_text()
    # dialysis of adults was delegated in all of England by April 2025, dialysis of children was not
    decides = {row[1]: row[3] for row in walk.rows()}
    assert decides == {
        "Adult specialist renal services": "ICBs",
        "Specialist renal services for children": "ICBs (2 of its codes: NHS England)",
    }
    walk.look()
    walk.fill(As_at_a_day="2013-01-31")
    walk.press("Show")
    assert "does not know who commissioned" in walk.main().inner_text()


def test_a_name_that_is_no_service_is_told(walk: Any) -> None:
    walk.start()
    walk.menu("Services")
    walk.fill(Name_or_number_of_a_service="zzz")
    walk.press("Show")
    assert walk.rows() == [["No service is to be shown."]]

"""A hypothetical record is explained without any run."""

from __future__ import annotations

import pytest

from tertiary.errors import TertiaryError
from tertiary.explain import explain_fields


def test_a_delegated_record_in_words() -> None:
    told = explain_fields(
        {
            "flow": "op",
            "cds_type": "020",
            "treatment_function_code": "172",
            "age": "60",
            "gp_practice_code": "F83015",
            "provider_code": "RRV",
            "activity_date": "2025-05-10",
            "start_date": "2025-05-10",
        }
    )
    text = told.to_text()
    assert "NCBPS13Z" in text
    assert "PSS-OP-13Z-01" in text
    assert "Box C-6" in text
    assert "confidence" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colour": "red"}, "No field colour"),
        ({"age": "old"}, "is not a whole number"),
        ({"end_date": "1/2/25"}, "2025-06-30"),
    ],
)
def test_what_cannot_be_read_is_said(given: dict[str, str], message: str) -> None:
    with pytest.raises(TertiaryError, match=message):
        explain_fields(given)

"""What must not stand in a log that host and provider share: the number of a patient.

Ten digits, together or parted as 3-3-4, whose last is the modulus 11 check digit of the others are taken for an NHS
number (NHS Data Model and Dictionary, NHS NUMBER).
"""

from __future__ import annotations

import re

from tertiary.errors import ContractError

_DIGITS = re.compile(r"(?<!\d)(?:\d{3}[\W_]{1,3}\d{3}[\W_]{1,3}\d{4}|\d{10,})(?!\d)")


def refuse_patients(name: str, text: str) -> None:
    """ContractError, which does not repeat the text, when it holds what looks like an NHS number."""
    for found in _DIGITS.findall(text):
        digits = re.sub(r"\D", "", found)
        if any(_is_number(digits[start : start + 10]) for start in range(len(digits) - 9)):
            raise ContractError(
                f"{name} holds ten digits that pass the check of an NHS number. The log is shared: name the file or "
                "paper in which the case stands, or the record's own identifier, never a patient."
            )


def _is_number(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return digits != "0" * 10 and (11 - total % 11) % 11 == int(digits[9])

"""Whether a text holds the number of a patient, wherever people write freely: a shared log, a question, a reason.

Ten digits, together or parted as 3-3-4, whose last is the modulus 11 check digit of the others are taken for an NHS
number (NHS Data Model and Dictionary, NHS NUMBER).
"""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(?<!\d)(?:\d{3}[\W_]{1,3}\d{3}[\W_]{1,3}\d{4}|\d{10,})(?!\d)")


def names_patient(text: str) -> bool:
    """Whether a text holds what looks like an NHS number."""
    for found in _DIGITS.findall(text):
        digits = re.sub(r"\D", "", found)
        if any(_is_number(digits[start : start + 10]) for start in range(len(digits) - 9)):
            return True
    return False


def _is_number(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return digits != "0" * 10 and (11 - total % 11) % 11 == int(digits[9])

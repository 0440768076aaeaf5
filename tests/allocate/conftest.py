"""Exact arithmetic on odd fractions has no deadline."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tertiary.allocate import Need
from tertiary.register import Register

settings.register_profile("allocate", deadline=None)
settings.load_profile("allocate")


@pytest.fixture(scope="session")
def core(register: Register) -> Need:
    """Core need of the practices of 2025/26."""
    return Need.from_practices(register, "core", "202526")

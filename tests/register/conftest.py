"""Shared register, loaded once."""

from __future__ import annotations

import pytest
from tests_reference import reference_folder

from tertiary.register import Register


@pytest.fixture(scope="session")
def register() -> Register:
    """The shipped register as known on its version's date."""
    return Register.load()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say when the build could not be tested, so that its absence is seen."""
    if reference_folder() is None:
        terminalreporter.write_line("register build: not tested, no reference files beside the repository")

"""tools/set_up_browser.sh takes the browser that is here, else the nearest it can get, and never fails by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
APT = ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends chromium fonts-liberation"]
FETCHED = "python -m playwright install chromium"
NEEDED = ("bash", "dirname", "env", "cat", "chmod", "true")


@dataclass
class Machine:
    """A folder in which the script finds fakes and nothing else."""

    root: Path

    def has(self, name: str, does: str = "exit 0", folder: str = "bin") -> None:
        """A command that writes down how it was called."""
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.root}/calls\n{does}\n', encoding="utf-8")
        path.chmod(0o755)

    def set_up(self, **environment: str) -> tuple[str, list[str]]:
        """What the script says, and what it called of the fakes; it must end well."""
        script = self.root / "tools" / "set_up_browser.sh"
        script.parent.mkdir(exist_ok=True)
        shutil.copy(REPO / "tools" / "set_up_browser.sh", script)
        given = {"PATH": str(self.root / "bin"), **environment}
        bash = str(self.root / "bin" / "bash")
        done = subprocess.run([bash, str(script)], env=given, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        calls = self.root / "calls"
        return done.stdout + done.stderr, calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Root, no browser, no apt-get; Playwright has none and can fetch none."""
    (tmp_path / "bin").mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found
        (tmp_path / "bin" / name).symlink_to(found)
    made = Machine(tmp_path)
    made.has("id", "echo 0")
    _playwright(made, has=False, fetches=False)
    return made


def _playwright(machine: Machine, *, has: bool, fetches: bool) -> None:
    fetched = f"exit {0 if fetches else 1}"
    machine.has("python", f'[ "$1" = "-m" ] && {fetched}\n{"echo /its/own" if has else "exit 1"}', ".venv/bin")


def _apt(machine: Machine) -> None:
    browser = f"{machine.root}/bin/chromium"
    machine.has("apt-get", f'[ "$1" != install ] || {{ echo "#!/bin/sh" > {browser}; chmod 755 {browser}; }}')


def _changing(calls: list[str]) -> list[str]:
    """Calls but for those that only ask."""
    return [one for one in calls if one.startswith(("apt-get", FETCHED))]


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_one_that_is_here_is_used(machine: Machine, name: str) -> None:
    machine.has(name)
    _apt(machine)
    said, calls = machine.set_up()
    assert f"pages are tested in {machine.root}/bin/{name}" in said and calls == []


def test_one_that_is_named_goes_before_others(machine: Machine) -> None:
    machine.has("chromium")
    machine.has("mine", folder="elsewhere")
    own = str(machine.root / "elsewhere" / "mine")
    assert f"tested in {own}\n" in machine.set_up(TERTIARY_BROWSER=own)[0]


def test_one_of_playwright_that_is_here_is_used(machine: Machine) -> None:
    _playwright(machine, has=True, fetches=True)
    _apt(machine)
    said, calls = machine.set_up()
    assert "pages are tested in /its/own" in said and _changing(calls) == []


def test_root_installs_the_package(machine: Machine) -> None:
    _apt(machine)
    said, calls = machine.set_up()
    assert f"tested in {machine.root}/bin/chromium" in said and _changing(calls) == APT


def test_others_install_it_by_sudo_that_asks_for_nothing(machine: Machine) -> None:
    _apt(machine)
    machine.has("id", "echo 1000")
    machine.has("sudo", 'shift; exec "$@"')
    said, calls = machine.set_up()
    assert f"tested in {machine.root}/bin/chromium" in said
    assert _changing(calls) == APT
    assert all(one.startswith("sudo -n ") for one in calls if one.startswith("sudo"))


@pytest.mark.parametrize("why", ["no sudo", "sudo asks", "no apt-get", "apt-get fails"])
def test_where_no_package_can_be_had_playwright_fetches_one(machine: Machine, why: str) -> None:
    if why != "no apt-get":
        machine.has("apt-get", "exit 100" if why == "apt-get fails" else "exit 0")
    machine.has("id", "echo 1000" if "sudo" in why else "echo 0")
    if why == "sudo asks":
        machine.has("sudo", "exit 1")
    _playwright(machine, has=False, fetches=True)
    said, calls = machine.set_up()
    assert "pages are tested in Playwright's Chromium" in said
    assert _changing(calls)[-1] == FETCHED and (why == "apt-get fails" or len(_changing(calls)) == 1)


def test_where_none_can_be_had_it_says_what_to_do(machine: Machine) -> None:
    said, calls = machine.set_up()
    assert _changing(calls) == [FETCHED]
    assert "NO BROWSER: install chromium" in said and "TERTIARY_BROWSER" in said and "skipped" in said


def test_make_test_and_make_pictures_call_it_first() -> None:
    for target, after in (("test", "-m pytest"), ("pictures", "picture_pages.py")):
        given = {k: v for k, v in os.environ.items() if k != "PYTHON"}
        told = subprocess.check_output(["make", "-n", target], cwd=REPO, env=given, text=True)
        assert 0 <= told.find("bash tools/set_up_browser.sh") < told.find(after)

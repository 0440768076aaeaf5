"""Promises of the repository as a whole: versions, locks, licences, and what no file may hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 400
LARGEST_FILE = 5_000_000


@cache
def _files() -> tuple[Path, ...]:
    """Files of the repository as git lists them; all but hidden folders when this is no clone."""
    done = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        found = [REPO / name for name in done.stdout.splitlines()]
    else:
        skipped = {".venv", ".tools", "demo", "runs"}
        found = [p for p in REPO.rglob("*") if not skipped & set(p.relative_to(REPO).parts)]
    return tuple(p for p in found if p.is_file())


@cache
def _project() -> dict[str, object]:
    return dict(tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~; \[]", requirement.strip())[0].lower().replace("_", "-")


def _locked(file: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in (REPO / "requirements" / file).read_text(encoding="utf-8").splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line)
        if found:
            pins.setdefault(_name(found[1]), set()).add(found[2])
    return pins


def test_versions_agree() -> None:
    import tertiary

    changelog = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert _project()["version"] == tertiary.__version__ == released[0]


def test_released_changes_name_impacted_years() -> None:
    changelog = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    for release in re.split(r"^## \[", changelog, flags=re.MULTILINE)[2:]:
        assert "Impacted:" in release, release[:20]


# written in parts so that this file does not hold what it looks for
FORBIDDEN = {
    "the host of a package registry": "|".join(
        [
            r"pypi\.(?:org|python)", "python" + "hosted", r"npmjs\.(?:org|com)", r"yarnpkg\.com", r"crates\.io",
            r"(?:proxy|sum)\.golang", r"rubygems\.org", r"maven\.(?:org|apache)", r"conda\.org", r"cran\.r-project",
            r"(?:deb|security|ftp)\.debian\.", r"(?:archive|security)\.ubuntu\.", r"docker\.(?:io|com)", r"ghcr\.io",
            r"quay\.io", r"arti" + "factory", r"jfrog\.",
        ]
    ),
    "a folder of one machine": r"(?:^|file:/{2}|[\s\"'`(=:,<>|])/(?:work|root|home|opt|mnt|srv|Users)/"
    + r"|[A-Z]:\\Users\\|\.py"
    + "env",
    "an e-mail address": r"[\w.+-]+@(?!example\.(?:org|com))[\w-]+\.[a-z]{2,}",
    "an index option": r"--(?:extra-)?index-" + r"url\s+\S|--find-" + r"links\s+\S",
}  # fmt: skip
# halves, for the same reason
FOUND = [
    ("the host of a package registry", "https://files.python", "hosted.org/packages/x"),
    ("the host of a package registry", "deb http://deb.", "debian.org/debian stable main"),
    ("the host of a package registry", "https://proxy.", "golang.org"),
    ("a folder of one machine", "as in /wo", "rk/x"),
    ("a folder of one machine", "PATH=/ro", "ot/.local/bin"),
    ("a folder of one machine", "file:///op", "t/wheels/x"),
    ("an e-mail address", "write to me@", "hospital.org"),
    ("an index option", "--extra-index-", "url https://x"),
]
BINARY = {".parquet", ".xlsx", ".png"}


def _text(file: Path) -> str:
    return "" if file.suffix in BINARY else file.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    """No committed text file, whatever its ending, ties the project to a registry, a machine or a person."""
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    for file in _files():
        found = pattern.search(_text(file))
        assert not found, f"{file.relative_to(REPO)} holds {what}: {found[0]!r}"


@pytest.mark.parametrize(("what", "half", "rest"), FOUND)
def test_what_no_file_may_hold_would_be_found(what: str, half: str, rest: str) -> None:
    assert re.search(FORBIDDEN[what], half + rest, re.MULTILINE)


def test_files_are_small() -> None:
    for file in _files():
        assert file.stat().st_size <= LARGEST_FILE, file


def test_modules_are_small() -> None:
    for module in (REPO / "src").rglob("*.py"):
        lines = module.read_text(encoding="utf-8").count("\n")
        assert lines <= LONGEST_MODULE, (
            f"{module.relative_to(REPO)} has {lines} lines: a module that needs a map is two"
        )


@pytest.mark.parametrize("file", ["runtime.txt", "dev.txt", "bench.txt"])
def test_locked_requirements_have_hashes_and_no_addresses(file: str) -> None:
    text = (REPO / "requirements" / file).read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.split("\n", 2)[2].strip())
    assert len(entries) > 10
    for entry in entries:
        assert "--hash=sha256:" in entry, entry[:60]


def test_locks_hold_what_the_project_asks_for() -> None:
    runtime, dev = _locked("runtime.txt"), _locked("dev.txt")
    asked = [str(r) for r in _project()["dependencies"]]  # type: ignore[attr-defined]
    tools = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
    assert {_name(r) for r in asked} <= set(runtime)
    extras = [str(r) for asked in _project()["optional-dependencies"].values() for r in asked]  # type: ignore[attr-defined]
    assert {_name(r) for r in [*tools, *extras]} <= set(dev)
    assert not {"pandas", *(_name(r) for r in extras)} & set(runtime)
    assert {name: dev.get(name) for name in runtime} == runtime
    bench = _locked("bench.txt")
    assert "pandas" in bench
    assert {name: bench.get(name) for name in runtime} == runtime


def _needed(name: str, seen: set[str]) -> set[str]:
    if name in seen:
        return seen
    try:
        wanted = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return seen
    seen.add(name)
    for requirement in wanted:
        if "extra ==" not in requirement:
            _needed(_name(requirement), seen)
    return seen


def test_no_copyleft_library_is_needed_at_run_time() -> None:
    needed = _needed("tertiary", set()) - {"tertiary"}
    assert {"duckdb", "pyarrow", "ibis-framework"} <= needed
    for name in needed:
        about = metadata.metadata(name)
        kinds = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
        said = " ".join([about.get("License-Expression") or (about.get("License") or "")[:200], *kinds])
        assert said.strip(), f"{name} states no licence"
        assert not re.search(r"\bA?L?GPL|GNU", said), f"{name}: {said}"


_ALONE = """
import importlib, pkgutil
import tertiary
for module in pkgutil.walk_packages(tertiary.__path__, "tertiary."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        # the pages are made with what the extra web brings, and nothing else may ask for it
        brought = ("authlib", "fastapi", "itsdangerous", "limits", "pydantic", "starlette")
        if not module.name.startswith("tertiary.web.") or error.name not in brought:
            raise
import pyarrow
from tertiary.engine import DuckDBEngine
with DuckDBEngine() as engine:
    table = engine.load("t", pyarrow.table({"a": [1, 2]}))
    print(engine.fetch(table.filter(table.a > 0)).num_rows)
"""


def test_what_is_asked_for_is_enough(tmp_path: Path) -> None:
    """With what the dependencies need and nothing else, every module is imported and a query runs."""
    needed: set[str] = set()
    for requirement in _project()["dependencies"]:  # type: ignore[attr-defined]
        _needed(_name(str(requirement)), needed)
    for name in needed:
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}:
            link = tmp_path / top
            if top != "__pycache__" and not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))).resolve())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(REPO / "src")])}
    alone = [sys.executable, "-S", "-c", _ALONE]
    done = subprocess.run(alone, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "2"


def test_every_dependency_has_its_reason() -> None:
    page = (REPO / "docs" / "decisions" / "0009-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][a-z0-9-]+) \| [^|]+ \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    extras = [r for asked in _project()["optional-dependencies"].values() for r in asked]  # type: ignore[attr-defined]
    asked = {_name(str(r)) for r in [*_project()["dependencies"], *extras]}  # type: ignore[misc]
    assert set(rows) - {"library"} == asked


def test_scripts_are_sound_and_ci_runs_what_people_run() -> None:
    for script in (".ci/run", *(str(p.relative_to(REPO)) for p in (REPO / "tools").glob("*.sh"))):
        assert os.access(REPO / script, os.X_OK), script
        assert subprocess.run(["bash", "-n", str(REPO / script)], check=False).returncode == 0
        assert "set -euo pipefail" in (REPO / script).read_text(encoding="utf-8")
    commands = [c for c in (REPO / ".ci" / "run").read_text(encoding="utf-8").splitlines() if c.startswith("make ")]
    assert commands == ["make lint", "make test"]


def test_make_help_names_every_target() -> None:
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert targets
    for target in targets[1].split():
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = (
        "import sys, tertiary, tertiary.cli; "
        "heavy = ('duckdb', 'ibis', 'pyarrow', 'pyspark', 'numpy', 'sqlglot', 'pandas', 'polars'); "
        "heavy += ('sqlalchemy', 'alembic'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_notice_names_the_licence_of_the_data() -> None:
    notice = (REPO / "NOTICE").read_text(encoding="utf-8")
    assert "Open Government Licence v3.0" in notice
    assert "MIT" in (REPO / "LICENSE").read_text(encoding="utf-8")

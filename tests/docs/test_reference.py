"""The reference pages say what the code says, and every link in the documentation leads somewhere."""

from __future__ import annotations

import difflib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from build_docs import GENERATED

REPO = Path(__file__).resolve().parents[2]
DOCS = REPO / "docs"

PAGES = sorted([*DOCS.rglob("*.md"), *REPO.glob("*.md")])
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n == "cli.md" else n for n in GENERATED])
def test_generated_pages_are_current(name: str) -> None:
    """The page on disk is the page that the tool makes from the data."""
    shown, made = _text(f"reference/{name}").splitlines(), GENERATED[name]().splitlines()
    told = "\n".join(difflib.unified_diff(shown, made, name, "what the data say", lineterm="", n=0))
    assert not told, f"{told[:4000]}\nThe pages are renewed by: make docs"


def test_every_page_marked_as_generated_is_covered() -> None:
    marked = {p.name for p in (DOCS / "reference").glob("*.md") if "Written by `make docs`" in p.read_text("utf-8")}
    assert marked == set(GENERATED)


def test_every_command_is_documented() -> None:
    from tertiary.cli import names

    for name in names():
        assert f"## tertiary {name}\n" in _text("reference/cli.md")


def test_every_table_and_column_has_a_meaning() -> None:
    from tertiary.tables import columns, names

    page = _text("reference/tables.md")
    for table in names():
        assert f"\n## {table}\n" in page
        for column in columns(table):
            assert column.description.strip(), f"{table}.{column.name}"
            assert f"| {column.name} | {column.type} |" in page


def test_every_error_is_documented_with_its_exit_code() -> None:
    import tertiary.synth
    from tertiary import errors

    page = _text("reference/errors.md")
    kinds = [errors.TertiaryError, *errors.TertiaryError.__subclasses__()]
    assert tertiary.synth.SynthError in kinds
    assert len(kinds) >= 7
    for kind in kinds:
        assert f"| {kind.exit_code} | `{kind.__name__}` |" in page
        assert kind.__doc__
    assert len({k.exit_code for k in kinds}) == len(kinds)


def test_every_setting_is_documented_with_its_default() -> None:
    from tertiary.assign import AssignSettings

    page = _text("reference/settings.md")
    for setting in fields(AssignSettings):
        assert f"| `{setting.name}` | `{setting.default}` |" in page


def test_every_check_and_flow_is_documented() -> None:
    from tertiary.flows.checks import checks
    from tertiary.flows.contracts import contracts

    said, flows = _text("reference/checks.md"), _text("reference/flows.md")
    for check in checks().values():
        assert f"| {check.rule_id} | {check.check} |" in said
    for flow, contract in contracts().items():
        assert f"\n`{flow}`: " in flows
        for field in contract.fields:
            plain = re.sub(r"\d+$", "", field.name)
            assert field.name in flows or f"{plain}1 to " in flows or f"{plain}2 to " in flows, (flow, field.name)


def test_every_rule_that_the_code_names_is_a_check() -> None:
    from tertiary.flows.checks import checks

    known = {c.rule_id for c in checks().values()} | set(checks())
    named: set[str] = set()
    for package in ("flows", "assign"):
        for module in (REPO / "src" / "tertiary" / package).glob("*.py"):
            named |= set(re.findall(r'"([SFDNRXCAQ]\d\d(?:\.[a-z]+)?)"', module.read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named <= known


def test_every_box_outcome_and_setting_is_on_the_assignment_page() -> None:
    from tertiary.assign import AssignSettings
    from tertiary.register import Register

    page, register = _text("reference/assignment.md"), Register.load()
    for step in register["assignment_steps"].to_pylist():
        part = page.split(f"## Boxes of {step['ruleset']}, in order")[1].split("\n## ")[0]
        assert f"| {step['box_id']} | {step['question']} |" in part
    for outcome in register["assignment_outcomes"]["outcome"].unique().to_pylist():
        assert f"| `{outcome}` |" in page
    for setting in fields(AssignSettings):
        assert f"| `{setting.name}` | `{setting.default}` |" in page


def test_every_option_of_a_run_is_documented() -> None:
    page = _text("reference/settings.md")
    usage = _text("reference/cli.md").split("## tertiary run\n")[1].split("\n## ")[0]
    options = set(re.findall(r"^  (--[a-z-]+)", usage, re.MULTILINE)) - {"--help", "--out"}
    assert options
    for option in options:
        assert f"`{option}" in page, option


def test_every_environment_variable_is_documented() -> None:
    used: set[str] = set()
    for module in (REPO / "src").rglob("*.py"):
        used |= set(re.findall(r"[\"'](TERTIARY_[A-Z_]+)[\"']", module.read_text(encoding="utf-8")))
    for name in used:
        assert f"`{name}`" in _text("reference/settings.md"), name


def test_every_public_name_is_documented() -> None:
    import tertiary

    page = _text("reference/python-api.md")
    for name in set(tertiary.__all__) - {"__version__"}:
        assert f"tertiary.{name}" in page or f"`{name}`" in page, name


def test_every_package_is_in_the_glossary_or_the_architecture_page() -> None:
    said = (REPO / "GLOSSARY.md").read_text(encoding="utf-8") + _text("explanation/architecture.md")
    for package in (p.parent.name for p in (REPO / "src" / "tertiary").glob("*/__init__.py")):
        assert re.search(rf"\b{package}\b", said), package


def test_every_page_is_reached_from_the_index() -> None:
    said = _text("index.md") + _text("decisions/README.md")
    for page in DOCS.rglob("*.md"):
        if page.name not in ("index.md",):
            assert page.name in said, f"{page.relative_to(REPO)} is in no index"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(REPO)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for found in LINK.finditer(text):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), f"{page.name}: {target}"


def test_pages_that_the_code_points_to_exist() -> None:
    for module in (REPO / "src").rglob("*.py"):
        for page in re.findall(r"docs/[\w/.-]+\.md", module.read_text(encoding="utf-8")):
            assert (REPO / page).exists(), f"{module.name} points to {page}"


def test_counts_of_rules_in_the_text_are_those_of_the_register() -> None:
    from collections import Counter

    from tertiary.register import Register

    table = Register.load()["identification_rules"]
    found = Counter(table["status"].to_pylist())
    page = _text("explanation/identification.md")
    assert f"{table.num_rows} rules written from" in page
    for status, number in found.items():
        assert f"**{status}** ({number})" in page
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    assert f"{found['illustrative']} of the {table.num_rows} identification rules" in readme


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}

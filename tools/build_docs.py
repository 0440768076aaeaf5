"""Write the generated pages of docs/reference (GENERATED), and with `--output` the real output shown in pages that run.

python tools/build_docs.py             the generated pages
python tools/build_docs.py --output    as well, run the tutorial and how-to pages and renew their output
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import docs_accessibility
import docs_assignment
import docs_flows
import docs_pages
import register_docs
from docs_text import PAGES, REPO, rows

DOCS = REPO / "docs"
# the tutorial comes first: the how-to pages go on from the run it made
RUN_PAGES = ("tutorial/first-month.md",)
NOTICE = "<!-- Written by `make docs` (tools/build_docs.py); do not edit by hand. -->"


def run_pages() -> list[Path]:
    """Pages with blocks to run, in the order in which they build on each other."""
    first = [DOCS / name for name in RUN_PAGES]
    rest = [p for p in sorted(DOCS.rglob("*.md")) if p not in first and docs_pages.has_runs(p)]
    return [p for p in (*first, *rest, REPO / "README.md") if p.exists()]


def cli_page() -> str:
    """docs/reference/cli.md: the help of every command."""
    from tertiary.cli import names

    parts = [
        "# Command line: reference",
        NOTICE,
        "Every command is also a Python function (see [python-api.md](python-api.md)). Exit codes and messages: "
        "[errors.md](errors.md).",
        "## tertiary\n\n```text\n" + _help() + "\n```",
    ]
    parts += [f"## tertiary {name}\n\n```text\n{_help(name)}\n```" for name in names()]
    return "\n\n".join(parts) + "\n"


def tables_page() -> str:
    """docs/reference/tables.md: every column of every table that a run writes, from src/tertiary/tables.csv."""
    from tertiary.tables import columns, names

    about = {r["table"]: r["about"] for r in rows(PAGES / "tables-about.csv")}
    parts = [
        "# Tables of a run: reference",
        NOTICE,
        "A run folder holds `manifest.json` and one immutable Parquet file a table, named by its own hash. Open tables "
        "through the manifest only (see [query from SQL, Excel and Power BI](../how-to/query-from-sql-excel-powerbi.md)"
        "). The schema is frozen in `src/tertiary/tables.csv`; this page is written from it. Text is never null: blank "
        "means not recorded. Money is decimal, in pounds. Register tables are on their own page: "
        "[register.md](register.md).",
    ]
    parts.append(
        "| table | one row is |\n| --- | --- |\n" + "\n".join(f"| [{n}](#{n}) | {about[n]} |" for n in names())
    )
    for name in names():
        head = f"## {name}\n\n{about[name][0].upper()}{about[name][1:]}.\n\n| column | type | | meaning |\n"
        found = [f"| {c.name} | {c.type} | {'key' if c.is_key else ''} | {c.description} |" for c in columns(name)]
        parts.append(head + "| --- | --- | --- | --- |\n" + "\n".join(found))
    return "\n\n".join(parts) + "\n"


def _help(command: str = "") -> str:
    words = [str(Path(sys.executable).parent / "tertiary"), *command.split(), "--help"]
    environment = docs_pages._environment()
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


GENERATED: Mapping[str, Callable[[], str]] = {
    "assignment.md": docs_assignment.assignment_page,
    "checks.md": docs_flows.checks_page,
    "cli.md": cli_page,
    "flows.md": docs_flows.flows_page,
    "register.md": register_docs.page,
    "tables.md": tables_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages; 1 when a block of a page failed."""
    for name, page in GENERATED.items():
        (DOCS / "reference" / name).write_text(page(), encoding="utf-8")
    (DOCS / "explanation" / "accessibility.md").write_text(docs_accessibility.page(), encoding="utf-8")
    failures: list[str] = []
    if "--output" in arguments:
        with tempfile.TemporaryDirectory() as folder:
            for path in run_pages():
                text, failed = docs_pages.renewed(path, Path(folder))
                failures += failed
                if not failed:
                    path.write_text(text, encoding="utf-8")
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

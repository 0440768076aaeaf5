"""Totals of a run that may be published, in Python and on the command line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import row, run_folder
from month_helpers import cell
from tertiary.cli import app
from tertiary.errors import PublishError, RunError
from tertiary.publish.disclosure import note
from tertiary.publish.public import public_totals
from tertiary.runs import Run

# patients of each payer at each provider
PEOPLE = {("QMJ", "RRV"): 20, ("QMJ", "RJ1"): 3, ("QKK", "RRV"): 31, ("QKK", "RJ1"): 12, ("QRV", "RRV"): 9,
          ("QRV", "RJ1"): 40}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    ledger, people = [], []
    for number, ((payer, provider), n) in enumerate(PEOPLE.items()):
        price = str(100 * n + number)
        ledger.append(
            cell(provider, payer, 1, "EL", price, records=n, quantity=Decimal(n), price_expected=Decimal(price))
        )
        people += [
            row(
                "patient_cells",
                counted=True,
                payer_code=payer,
                provider_code=provider,
                patient_id=f"{payer}{provider}{i}",
            )
            for i in range(n)
        ]
    return run_folder(tmp_path / "run", ledger=ledger, patient_cells=people)


def by_key(table: Any, *names: str) -> dict[Any, dict[str, Any]]:
    return {tuple(r[n] for n in names): r for r in table.to_pylist()}


def test_small_counts_go_and_totals_in_reach_do_not_give_pounds_back(run: Run) -> None:
    made = by_key(public_totals(run, "ledger", ["payer_code", "provider_code"]), "payer_code", "provider_code")
    assert list(made) == sorted(PEOPLE)
    small = made["QMJ", "RJ1"]
    assert small["patients"] is small["records"] is small["price_expected"] is small["quantity"] is None
    for key, n in PEOPLE.items():
        assert made[key]["patients"] in (None, (n + 2) // 5 * 5)
    # pounds are exact and so are those by payer and by provider: a second one of each must go
    gone = {key for key, r in made.items() if r["price_submitted"] is None}
    whole = by_key(public_totals(run, "ledger", ["payer_code"]), "payer_code")
    assert whole["QMJ",]["price_submitted"] == 100 * 23 + 1
    assert sum(k[0] == "QMJ" for k in gone) > 1 and sum(k[1] == "RJ1" for k in gone) > 1


def test_rows_are_not_in_order_of_pounds_and_a_limit_keeps_the_note(run: Run) -> None:
    first = public_totals(run, "ledger", ["payer_code"], limit=2)
    assert first.column("payer_code").to_pylist() == ["QKK", "QMJ"]
    assert "Hidden in 3 rows" in note(first)


def test_coarser_totals_that_would_tell_more_are_named(tmp_path: Path) -> None:
    # by provider alone X and, being the smallest other, Z go; by payer and provider A tells X from Y, so Y goes
    sizes = {("A", "X"): 3, ("A", "Y"): 20, ("B", "Z"): 9}
    ledger = [cell(p, c, 1, "EL", "10", records=n, quantity=Decimal(n)) for (c, p), n in sizes.items()]
    people = [row("patient_cells", counted=True, payer_code=c, provider_code=p, patient_id=f"{c}{p}{i}")
              for (c, p), n in sizes.items() for i in range(n)]  # fmt: skip
    few = run_folder(tmp_path / "few", ledger=ledger, patient_cells=people)
    alone = by_key(public_totals(few, "ledger", ["provider_code"]), "provider_code")
    assert {key for key, r in alone.items() if r["price_submitted"] is None} == {("X",), ("Z",)}
    made = public_totals(few, "ledger", ["payer_code", "provider_code"])
    gone = {key for key, r in by_key(made, "provider_code").items() if r["price_submitted"] is None}
    assert gone == {("X",), ("Y",)}
    assert note(made).endswith("Do not publish totals by these beside it, which would tell more: provider_code.")


@pytest.mark.parametrize(
    ("table", "by", "said"),
    [("ledger", ["patient_id"], "Nothing is published by patient_id: it may tell of one patient"),
     ("ledger", ["measure"], "Nothing is published by measure"),
     ("records", ["payer_code"], "Only totals of the ledger can be published, not records"),
     ("ledger", [], "Totals by 0 columns are not published"),
     ("ledger", ["flow", "payer_code", "npoc_code", "pss_line"], "Totals by 4 columns are not published")],
)  # fmt: skip
def test_refusals(run: Run, table: str, by: list[str], said: str) -> None:
    with pytest.raises(PublishError, match=said):
        public_totals(run, table, by)
    with pytest.raises(PublishError, match="A limit of -1 rows"):
        public_totals(run, "ledger", ["flow"], limit=-1)
    with pytest.raises(RunError, match="has no table"):
        public_totals(
            Run(run.path, {**run.manifest, "tables": {"ledger": run.manifest["tables"]["ledger"]}}), "ledger", ["flow"]
        )


def test_the_command_prints_the_table_and_says_what_was_hidden(run: Run) -> None:
    asked = ["show", str(run.path), "ledger", "--by", "payer_code,provider_code", "--public", "--format", "csv"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert '"QMJ","RJ1",,,,,,"records,patients,quantity,price_submitted,price_expected"' in done.stdout
    assert "Rule hes_2018_strict: 0 is shown, 1 to 7 are hidden" in done.stderr and "Hidden in 6 rows" in done.stderr

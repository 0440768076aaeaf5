"""What challenges are told of contracts."""

from __future__ import annotations

from pathlib import Path

from month_helpers import FIELDS, LINES, register
from tertiary.challenges import cash_of
from tertiary.challenges.cash import line_for
from tertiary.month_end import Contract, cash_lines, read_contracts


def test_kinds_of_charge_are_paid_as_the_first_element_says(contracts: tuple[Contract, ...]) -> None:
    cash = cash_of(cash_lines(contracts, "202526"), "the contracts")

    def told(provider: str, payer: str, component: str, delivery: str) -> tuple[str, str] | None:
        found = line_for(cash, (provider, payer, component, delivery, "202526"))
        return (found.element, str(found.rate)) if found else None

    assert told("RRV", "QMJ", "activity", "EL") == ("variable", "1.000000")
    assert told("RRV", "QMJ", "activity", "NEL") == ("fixed", "0")
    assert told("RRV", "QMJ", "drug", "DRUG") == ("pass_through", "1")
    assert told("RJ1", "QKK", "activity", "BLOCK") == ("fixed", "0")
    assert told("RRV", "QMF", "activity", "ARD") is None, "an element of some services cannot be said in a line"
    assert told("RP4", "QWE", "activity", "EL") is None
    assert cash_lines(contracts, "202627") == []


def test_what_stands_first_hides_what_it_covers(tmp_path: Path) -> None:
    lines = list(LINES[:3])
    lines[0], lines[1] = lines[1], lines[0]
    file = tmp_path / "c.csv"
    file.write_text(register(tuple(lines)))
    cash = cash_of(cash_lines(read_contracts(file), "202526"), "c")
    found = line_for(cash, ("RRV", "QMJ", "activity", "EL", "202526"))
    assert found is not None and found.element == "fixed"


def test_an_element_of_all_components_comes_first_where_it_stands_first(tmp_path: Path) -> None:
    """Elective care of any component is variable; the fixed element of all activity after it covers the rest."""
    lines = [list(line) for line in LINES[:2]]
    lines[0][FIELDS.index("components")] = ""
    file = tmp_path / "c.csv"
    file.write_text(register(tuple(tuple(line) for line in lines)))
    cash = cash_of(cash_lines(read_contracts(file), "202526"), "c")
    found = [
        line_for(cash, ("RRV", "QMJ", *one, "202526"))
        for one in (("activity", "EL"), ("activity", "NEL"), ("drug", "EL"))
    ]
    assert [one and one.element for one in found] == ["variable", "fixed", "variable"]
    assert line_for(cash, ("RRV", "QMJ", "drug", "DRUG", "202526")) is None

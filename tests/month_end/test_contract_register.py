"""Contracts are read whole or refused with line, field and value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from month_helpers import LINES, register
from tertiary.errors import ContractError
from tertiary.month_end import as_csv, contracts_of, read_contracts


def read(tmp_path: Path, text: str) -> tuple:
    file = tmp_path / "given.csv"
    file.write_text(text)
    return read_contracts(file)


def test_a_register_is_read_and_written_alike(tmp_path: Path) -> None:
    found = read(tmp_path, register())
    assert [(c.contract, c.signed_value, len(c.elements)) for c in found] == [
        ("C1", Decimal("16200.00"), 4), ("C2", Decimal("1000.00"), 1)
    ]  # fmt: skip
    dialysis = found[0].elements[3]
    assert (dialysis.tolerance, dialysis.rate, dialysis.rate_above, dialysis.rate_below) == (
        Fraction(1, 20), 1, Fraction(1, 2), Fraction(1, 4)
    )  # fmt: skip
    assert found[0].elements[1].rate == 0, "a fixed element moves no cash unless it says so"
    assert read(tmp_path, as_csv(found)) == found


def test_the_same_terms_as_json(tmp_path: Path) -> None:
    terms = {
        "contract": "C1", "version": 2, "provider_code": "RRV", "host_code": "QMJ", "financial_year": "202526",
        "valid_from": "2025-04-01", "signed_value": "10.00",
        "elements": [{"payer_code": "QMJ", "element": "All", "kind": "fixed", "annual_value": "10.00",
                      "profile": "twelfths", "points_of_delivery": ["EL", "DC"]}],
    }  # fmt: skip
    (found,) = contracts_of([("Decision 4", terms)])
    assert (found.version, found.elements[0].points_of_delivery) == (2, ("EL", "DC"))
    with pytest.raises(ContractError, match="Decision 4, element line 1: kind is 'lump'; expected one of fixed"):
        contracts_of([("Decision 4", {**terms, "elements": [{**terms["elements"][0], "kind": "lump"}]})])
    with pytest.raises(ContractError, match="has no term colour"):
        contracts_of([("Decision 4", {**terms, "elements": [{**terms["elements"][0], "colour": "red"}]})])
    with pytest.raises(ContractError, match="expected a list with at least one element"):
        contracts_of([("Decision 4", {**terms, "elements": []})])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1200.00", "1200.005", "line 2: annual_value is '1200.005'; expected pounds and whole pence"),
        ("1200.00", "lots", "line 2: annual_value is 'lots'"),
        ("variable", "lump", "line 2: kind is 'lump'; expected one of fixed, variable"),
        ("0.05", "1.5", "line 5: tolerance is '1.5'; expected a share from 0 to 1"),
        (",drug,", ",pills,", "line 4: components is 'pills'"),
        ("Everything else", "Elective", "line 3: element is 'Elective'; expected each element once for payer QMJ"),
        ("202526", "202527", "financial_year is '202527'; expected six digits such as 202526"),
        ("2025-04-01", "2026-04-01", "a version that holds on the first day of a month of 202526"),
        ("2025-04-01", "April", "valid_from is 'April'; expected a day"),
        ("valid_from", "begins", "lacks the column valid_from"),
        ("2025-04-01", "2025-04-02", "valid_from is '2025-04-02'; expected the first day of a month"),
        ("services", "payer_code", "has the column payer_code twice"),
        ("600.00", "1e3", "annual_value is '1e3'; expected a number"),
        ("600.00", '"6,00.00"', "annual_value is '6,00.00'; expected a number"),
        ("600.00", "99999999999999", "annual_value is '99999999999999'; expected a number below"),
        ("600.00", '"600.00', "A quote that is opened must be closed"),
        ("2025-03-28", "2025-03-28,and more", "line 2: 'and more' stands after the last column"),
        (",1,RRV", ",²,RRV", "version is '²'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ContractError) as told:
        read(tmp_path, register().replace(old, new))
    assert message in str(told.value)


def test_elements_must_add_up_to_what_was_signed(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"sum of its elements, 16,200.00 \(difference 0.01\)"):
        read(tmp_path, register(C1_1="16200.01"))


def test_lines_of_one_version_agree(tmp_path: Path) -> None:
    lines = [list(line) for line in LINES]
    lines[1][3] = "QKK"
    with pytest.raises(ContractError, match="line 3: host_code is 'QKK'; expected 'QMJ' as in line 2"):
        read(tmp_path, register(tuple(map(tuple, lines))))


def test_a_later_version_takes_over_from_its_first_day(tmp_path: Path) -> None:
    second = tuple(("C2", 2, *LINES[4][2:5], "2025-07-01", *LINES[4][6:9], "1400.00", *LINES[4][10:]) for _ in (1,))
    found = read(tmp_path, register((*LINES, *second)))
    old, new = (c for c in found if c.contract == "C2")
    assert (old.months(found), new.months(found)) == ((1, 2, 3), tuple(range(4, 13)))
    assert new.valid_from == date(2025, 7, 1)
    short = ("C2", 2, *LINES[4][2:5], "2025-07-01", "2025-09-01", *LINES[4][7:])
    old, new = (c for c in read(tmp_path, register((*LINES, short))) if c.contract == "C2")
    assert (old.months((old, new)), new.months((old, new))) == ((1, 2, 3), (4, 5)), "the old one does not come back"
    early = tuple((*second[0][:5], "2025-04-01", *second[0][6:]) for _ in (1,))
    with pytest.raises(ContractError, match="would leave it nothing"):
        read(tmp_path, register((*LINES, *early)))


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read: No such file"):
        read_contracts(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContractError, match="not UTF-8"):
        read_contracts(tmp_path / "bytes.csv")


def test_an_element_has_one_owner_at_a_time(tmp_path: Path) -> None:
    again = ("C9", 1, *LINES[0][2:])
    with pytest.raises(
        ContractError, match="stands in contracts C1 and C9 in month 1 of 202526; it would be paid twice"
    ):
        read(tmp_path, register((*LINES, again)))


def test_a_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    text = register().replace("Everything else", '"Everything\nelse"').replace("600.00", "lots")
    with pytest.raises(ContractError, match="line 5: annual_value is 'lots'"):
        read(tmp_path, text)


def test_json_terms_bind_the_decision_and_nothing_else() -> None:
    own = {"payer_code": "QMJ", "element": "All", "kind": "fixed", "annual_value": "10.00", "profile": "twelfths"}
    terms = {
        "contract": "C1", "version": 2, "provider_code": "RRV", "host_code": "QMJ", "financial_year": "202526",
        "valid_from": "2025-04-01", "signed_value": "10.00", "elements": [own],
    }  # fmt: skip
    with pytest.raises(ContractError, match="no such term: tolerance"):
        contracts_of([("Decision 1", {**terms, "tolerance": "0.1"})])
    with pytest.raises(ContractError, match="element 1 has no term valid_from"):
        contracts_of([("Decision 1", {**terms, "elements": [{**own, "valid_from": "2025-10-01"}]})])
    with pytest.raises(ContractError, match="stands there twice in version 2"):
        contracts_of([("Decision 1", terms), ("Decision 2", terms)])

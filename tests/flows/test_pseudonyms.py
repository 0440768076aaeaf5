"""NHS numbers are refused, redacted or hashed; they never leave."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import layouts
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tertiary.engine import DuckDBEngine
from tertiary.flows import macros

Take = Callable[..., Any]
NUMBER = "9434765919"


def check_digit(nine: str) -> int:
    """Modulus 11 as the NHS Data Model and Dictionary writes it: 11 less the remainder; 11 means 0, 10 is not used."""
    rest = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
    return 0 if rest == 11 else rest


def everything(taken: Any) -> str:
    return "".join(str(taken.rows(n)) for n in ("activity", "findings", "quarantine", "submissions"))


@pytest.mark.parametrize("form", [NUMBER, "943 476 5919", "943-476-5919", " 9434765919 "])
def test_a_number_is_refused_and_redacted(take: Take, tmp_path: Path, form: str) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.changed("plcm", 1, {"NHS NUMBER": form})])
    taken = take()
    assert taken.counts["quarantined"] == 1
    assert [f["rule_id"] for f in taken.rows("findings") if f["severity"] == "error"] == ["N01"]
    assert "[NHS NUMBER REMOVED]" in taken.rows("quarantine")[0]["raw"]
    assert NUMBER not in everything(taken) and form.strip() not in everything(taken)


def test_with_a_key_it_becomes_a_keyed_hash(take: Take, tmp_path: Path) -> None:
    rows = [layouts.changed("plcm", n, {"NHS NUMBER": v}) for n, v in enumerate([NUMBER, "943 476 5919", "PSEUDONYM"])]
    layouts.write(tmp_path / "a.csv", rows)
    taken = take(key="a secret")
    wanted = hmac.new(b"a secret", NUMBER.encode(), hashlib.sha256).hexdigest()
    assert [r["patient_id"] for r in sorted(taken.rows("activity"), key=lambda r: r["row_number"])] == [
        wanted,
        wanted,
        "PSEUDONYM",
    ]
    assert taken.counts["quarantined"] == 0
    assert NUMBER not in everything(taken)


def test_broken_rows_are_redacted_too(take: Take, tmp_path: Path) -> None:
    text = layouts.text([layouts.changed("plcm", n, {"NHS NUMBER": NUMBER}) for n in range(2)])
    lines = text.splitlines()
    (tmp_path / "a.csv").write_text("\n".join([lines[0], lines[1].rsplit(",", 1)[0], lines[2]]) + "\n")
    taken = take(key="k")
    assert [q["rule_id"] for q in taken.rows("quarantine")] == ["S11"]
    assert NUMBER not in everything(taken)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(r"[0-9,: A-Z-]{0,12}", fullmatch=True), st.from_regex(r"[0-9,: A-Z-]{0,12}", fullmatch=True))
@example("", "2025-05-03")
@example("2025", "2025")
@example("", NUMBER[2:])
def test_no_valid_number_survives_whatever_stands_beside_it(engine: DuckDBEngine, before: str, after: str) -> None:
    macros.install(engine, None)
    text = f"{before}{NUMBER}{after}"
    told = engine.connection.execute("SELECT flows_redact(?)", [text]).fetchall()[0][0]
    windows = [told[i : i + 10] for i in range(len(told) - 9)]
    assert not [w for w in windows if w.isdigit() and check_digit(w[:9]) == int(w[9])]
    assert "[NHS NUMBER REMOVED]" in told


def test_numbers_in_a_pseudonym_column_are_found(take: Take, tmp_path: Path) -> None:
    rows = [layouts.changed("apc_spell", n, {"Der_Pseudo_NHS_Number": v}) for n, v in enumerate([NUMBER, "S1", "S2"])]
    layouts.write(tmp_path / "a.csv", rows)
    taken = take()
    assert taken.counts["quarantined"] == 1
    assert taken.rules() == ["N01"]
    assert NUMBER not in everything(taken)
    hashed = take(key="k")
    assert hashed.counts["quarantined"] == 0
    assert NUMBER not in everything(hashed)


def test_ten_digit_pseudonyms_are_not_taken_for_numbers(take: Take, tmp_path: Path) -> None:
    rows = [layouts.changed("apc_spell", n, {"Der_Pseudo_NHS_Number": str(9434765910 + n)}) for n in range(10)]
    layouts.write(tmp_path / "a.csv", rows)
    assert take().counts["quarantined"] == 0


@pytest.mark.parametrize("value", ["", "0", "0000000000", "NULL", "null"])
def test_nobody_is_not_a_patient(take: Take, tmp_path: Path, value: str) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.changed("op", 1, {"Der_Pseudo_NHS_Number": value})])
    assert take().rows("activity")[0]["patient_id"] == ""


def test_the_key_does_not_stay_in_the_engine(take: Take, tmp_path: Path) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.row("plcm")])
    taken = take(key="a secret")
    held = taken.engine.query("SELECT getvariable('flows_inner') AS v").column("v")[0].as_py()
    assert held is None
    assert "a secret" not in str(taken.result)


def test_check_digit_and_hash_agree_with_plain_python(engine: DuckDBEngine) -> None:
    @settings(max_examples=25, deadline=None)
    @given(
        st.text("0123456789", min_size=9, max_size=9),
        st.integers(0, 9),
        st.binary(min_size=1, max_size=100).map(bytes.hex),
    )
    def agrees(nine: str, last: int, key: str) -> None:
        number = f"{nine}{last}"
        macros.install(engine, key)
        row = engine.query(
            f"SELECT flows_is_nhs('{number}') AS valid, flows_pseudonym('{number}') AS hash"
        ).to_pylist()[0]
        assert row["valid"] == (check_digit(nine) == last and number != "0000000000")
        assert row["hash"] == hmac.new(key.encode(), number.encode(), hashlib.sha256).hexdigest()

    agrees()

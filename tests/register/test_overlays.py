"""Overlay folders: merge, replace, labels, errors that say what to do, and the two time axes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tertiary.errors import RegisterError
from tertiary.register import Register


def folder(path: Path, files: dict[str, str], **settings: Any) -> Path:
    """An overlay folder with text files and settings."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_text(content, encoding="utf-8")
    if settings:
        (path / "overlay.json").write_text(json.dumps(settings), encoding="utf-8")
    return path


def refusal(paths: Sequence[Path], table: str = "services") -> str:
    with pytest.raises(RegisterError) as caught:
        Register.load(paths)[table]
    return str(caught.value)


MFF = "provider_code,financial_year,factor,valid_from,valid_to\n"


def test_rows_merge_by_key_and_take_the_overlay_label(tmp_path: Path, register: Register) -> None:
    text = MFF + "RAX,202627,1.234567,2026-04-01,2027-04-01\nRRV,202526,1.1,2025-04-01,2026-04-01\n"
    made = Register.load([folder(tmp_path / "local", {"market_forces.csv": text}, label="our own list")])
    rows = {(r["provider_code"], r["financial_year"]): r for r in made["market_forces"].to_pylist()}
    assert len(rows) == register["market_forces"].num_rows + 1
    assert rows["RAX", "202627"]["factor"] == Decimal("1.234567")
    assert rows["RRV", "202526"]["source"] == "our own list"
    assert not made.is_synthetic("market_forces")
    assert made.describe("market_forces").overlays == ("local",)


def test_a_table_can_be_replaced_whole(tmp_path: Path) -> None:
    text = MFF + "RAX,202627,1.5,2026-04-01,2027-04-01\n"
    made = Register.load([folder(tmp_path / "a", {"market_forces.csv": text}, replace=["market_forces"])])
    assert made["market_forces"].num_rows == 1


def test_later_overlays_lie_on_top(tmp_path: Path) -> None:
    one = folder(tmp_path / "a", {"market_forces.csv": MFF + "RAX,202627,1.5,,\n"})
    two = folder(tmp_path / "b", {"market_forces.csv": MFF + "RAX,202627,1.6,,\n"})
    rows = Register.load([one, two])["market_forces"].to_pylist()
    assert [r["factor"] for r in rows if r["provider_code"] == "RAX"] == [Decimal("1.6")]


def test_synthetic_parquet_is_labelled(tmp_path: Path) -> None:
    path = folder(tmp_path / "practice", {}, synthetic=True, label="synthetic")
    rows = [{"list_name": "PPCI_CENTRES", "provider_code": "RRV", "valid_from": date(2013, 4, 1)}]
    pq.write_table(pa.Table.from_pylist(rows), path / "provider_lists.parquet")
    made = Register.load([path])
    assert made.is_synthetic("provider_lists") and not made.is_synthetic("services")
    assert made["provider_lists"].to_pylist()[0]["confidence"] == "synthetic"
    (overlay,) = made.record()["overlays"]
    assert overlay["synthetic"] and len(overlay["sha256"]) == 64 and overlay["name"] == "practice"


def test_hash_follows_the_contents(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", {"market_forces.csv": MFF + "RAX,202627,1.5,,\n"})
    first = Register.load([path]).overlays[0].sha256
    assert Register.load([path]).overlays[0].sha256 == first
    (path / "market_forces.csv").write_text(MFF + "RAX,202627,1.6,,\n", encoding="utf-8")
    assert Register.load([path]).overlays[0].sha256 != first


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "market_forces.csv",
            "provider_code,factor\nRAX,1\n",
            ["missing key column(s) financial_year", "Rename or add"],
        ),
        ("market_forces.csv", "provider_code,financial_year,faktor\nRAX,202627,1\n", ["unknown column(s) faktor"]),
        ("market_forces.csv", MFF + "RAX,202627,much,,\n", ["row 2", "column factor", "'much'", "decimal number"]),
        ("market_forces.csv", MFF + "RAX,202627,1,01/04/2026,\n", ["column valid_from", "2025-04-01"]),
        ("market_forces.csv", MFF + "RAX,202627,1,,\nRAX,202627,2,,\n", ["two overlay rows share the key", "RAX"]),
        ("market_forces.csv", MFF + "RAX,202627\n", ["market_forces.csv", "cannot be read as a UTF-8 CSV"]),
        ("prices.csv", "a\n1\n", ["prices.csv", "not a register table", "overlay.json"]),
        ("overlay.json", "{", ["overlay.json", "not valid JSON"]),
        ("overlay.json", '{"labels": 1}', ["unknown setting(s)", "labels"]),
        ("overlay.json", '{"replace": ["prices"]}', ["no table 'prices'"]),
        ("overlay.json", '{"load": [{"file": "x.xlsx", "as": "tariff"}]}', ["one of", "price_list"]),
        ("overlay.json", '{"load": [{"file": "x.xlsx", "as": "price_list"}]}', ["'x.xlsx' is not in the folder"]),
    ],
)
def test_errors_say_where_and_what_to_do(tmp_path: Path, name: str, content: str, words: list[str]) -> None:
    message = refusal([folder(tmp_path / "a", {name: content})], "market_forces")
    assert all(word in message for word in words), message


def test_a_broken_or_mistyped_parquet_file(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", {"market_forces.parquet": "no parquet"})
    assert "cannot be read as Parquet" in refusal([path], "market_forces")
    rows = [{"provider_code": "RAX", "financial_year": "202627", "factor": "1.5", "valid_from": 3.5}]
    pq.write_table(pa.Table.from_pylist(rows), path / "market_forces.parquet")
    message = refusal([path], "market_forces")
    assert "column valid_from" in message and "date32" in message


def test_a_missing_folder_and_a_missing_table(tmp_path: Path) -> None:
    assert "no such folder" in refusal([tmp_path / "none"])
    assert "no table 'tariffs'" in refusal([], "tariffs")


def test_blank_key_is_refused(tmp_path: Path) -> None:
    text = "list_name,provider_code,valid_from\nPPCI_CENTRES,RRV,\n"
    message = refusal([folder(tmp_path / "a", {"provider_lists.csv": text})], "provider_lists")
    assert "row 2" in message and "key column valid_from" in message


def test_as_known_filters_and_defaults_to_the_version(register: Register) -> None:
    assert register.as_known == register.version_date
    early = Register.load(as_known=date(2024, 6, 1))
    years = set(early["service_line_status"]["financial_year"].to_pylist())
    assert years == {"202425"}
    assert early["identification_rules"].num_rows == 0
    assert early["services"].num_rows == register["services"].num_rows
    assert Register.load(as_known=date(2025, 4, 1))["identification_rules"].num_rows == 260


def test_the_register_is_a_mapping_of_every_table(register: Register) -> None:
    assert "lsoas" in register and "nothing" not in register
    assert len(list(register)) == len(register.tables()) == len(register)
    assert register.describe("postcodes").rows == 0 and register.describe("postcodes").not_known


def test_importing_reads_nothing() -> None:
    import subprocess
    import sys

    code = "import sys, tertiary.register; print([m for m in sys.modules if m.startswith('pyarrow')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

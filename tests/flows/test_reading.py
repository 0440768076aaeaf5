"""Reading: encodings, archives, separators, headers of both generations, dates, and what a row becomes."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import layouts
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tertiary.engine import DuckDBEngine
from tertiary.flows import checks, files, macros, stage
from tertiary.flows.canonical import Cells
from tertiary.flows.contracts import contracts, recognise
from tertiary.register import Register
from tertiary.tables import arrow_schema

Take = Callable[..., "layouts.Any"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(take: Take, tmp_path: Path, separator: str) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.row("plcm", n) for n in range(3)], separator)
    assert take().counts["accepted"] == 3


def test_archives_and_their_members(take: Take, tmp_path: Path) -> None:
    texts = [layouts.text([layouts.row("plcm", n)]).encode() for n in range(3)]
    with gzip.open(tmp_path / "a.csv.gz", "wb") as out:
        out.write(texts[0])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("one.csv", texts[1])
        archive.writestr("in/two.csv", texts[2].replace(b"RRV", b"RAL"))
    taken = take()
    assert [i["file"] for i in taken.result.inputs] == ["a.csv.gz", "b.zip!in/two.csv", "b.zip!one.csv"]
    assert taken.counts["received"] == 3


def test_bom_and_crlf(take: Take, tmp_path: Path) -> None:
    text = layouts.text([layouts.row("plcm", n) for n in range(2)]).replace("\n", "\r\n")
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert take().counts == {"received": 2, "accepted": 2, "quarantined": 0, "superseded": 0}


def test_windows_1252_is_read_and_told(take: Take, tmp_path: Path) -> None:
    made = layouts.changed("plcm", 1, {"TOTAL COST": "£201.00"})
    layouts.write(tmp_path / "a.csv", [layouts.row("plcm", 2), made], encoding="cp1252")
    taken = take()
    told = {f["rule_id"]: f for f in taken.rows("findings")}
    assert told["S09"]["value"] == "Windows-1252 on 1 lines"
    assert (told["F06"]["row_number"], told["F06"]["value"], told["F06"]["repair"]) == (2, "£201.00", "201")
    assert [r["price_submitted"] for r in taken.rows("activity")] == [Decimal(201)] * 2


def test_utf_16(take: Take, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(layouts.text([layouts.row("plcm")], "\t").encode("utf-16"))
    taken = take()
    assert taken.counts["accepted"] == 1
    assert taken.rules() == ["S09"]


def test_quoted_newlines_keep_row_numbers(take: Take, tmp_path: Path) -> None:
    rows = [layouts.changed("plcm", n, {"ETHNIC CATEGORY": "A"}) | {"LOCAL NOTE": "one\ntwo"} for n in range(3)]
    rows[2]["POINT OF DELIVERY CODE"] = ""
    layouts.write(tmp_path / "a.csv", rows)
    taken = take()
    assert [(q["row_number"], q["rule_id"]) for q in taken.rows("quarantine")] == [(3, "F08")]
    assert sorted(r["row_number"] for r in taken.rows("activity")) == [1, 2]


def test_later_header_names_and_any_order(take: Take, tmp_path: Path) -> None:
    old = layouts.row("drplcm")
    new = {
        "CLINICAL INTERVENTION DATE (DRUG ADMINISTERED)": "clinical_intervention_date_drug_dispensed",
        "SPECIALISED SERVICE CODE": "Service Code",
        "HOSPITAL PROVIDER SPELL NUMBER": "HOSPITAL PROVIDER SPELL IDENTIFIER",
        "ATTENDANCE IDENTIFIER": "OUTPATIENT ATTENDANCE IDENTIFIER",
    }
    later = {new.get(k, k.title()): v for k, v in reversed(old.items())} | {"REPORTING TYPE INDICATOR": "x"}
    layouts.write(tmp_path / "a.csv", [old])
    layouts.write(tmp_path / "b.csv", [{**later, "Organisation Identifier (Code Of Provider)": "RAL"}])
    taken = take()
    one, two = sorted(taken.rows("activity"), key=lambda r: r["provider_code"], reverse=True)
    ids = {"record_id", "row_key", "submission_id", "provider_code", "attendance_id", "patient_id", "source_id"}
    assert {k: v for k, v in one.items() if k not in ids} == {k: v for k, v in two.items() if k not in ids}
    assert two["service_line_submitted"] == "NCBPS11B"


def test_cds_names_of_a_spell(take: Take, tmp_path: Path) -> None:
    cds = {
        "ORGANISATION CODE (CODE OF PROVIDER)": "RRV",
        "HOSPITAL PROVIDER SPELL NUMBER": "H1",
        "START DATE (HOSPITAL PROVIDER SPELL)": "2025-05-01",
        "DISCHARGE DATE (HOSPITAL PROVIDER SPELL)": "2025-05-03",
        "PERSON GENDER CODE CURRENT": "2",
    }
    layouts.write(tmp_path / "a.csv", [cds])
    row = take().rows("activity")[0]
    assert (row["flow"], row["spell_id"], row["sex"], row["financial_month"]) == ("apc_spell", "RRV:H1", "2", 2)


@pytest.mark.parametrize(
    "text",
    ["2025-05-03", "03/05/2025", "03-05-2025", "03-May-2025", "20250503", "2025-05-03T10:11:12", "2025-05-03 00:00:00",
     "3 May 2025", "03/05/2025 00:00"],
)  # fmt: skip
def test_dates(take: Take, tmp_path: Path, text: str) -> None:
    layouts.write(tmp_path / "a.csv", [layouts.changed("plcm", 1, {"ACTIVITY END DATE (CONTRACT MONITORING)": text})])
    assert take().rows("activity")[0]["end_date"] == date(2025, 5, 3)


def test_parquet_with_its_own_types(take: Take, tmp_path: Path) -> None:
    rows = [layouts.row("plcm", n) for n in range(4)]
    table = pa.Table.from_pylist(rows)
    typed = {"ACTIVITY END DATE (CONTRACT MONITORING)": pa.array([date(2025, 5, 3)] * 4),
             "TOTAL COST": pa.array([Decimal("201.00")] * 4), "FINANCIAL MONTH": pa.array([2] * 4),
             "WITHHELD IDENTITY REASON": pa.array([None] * 4, pa.string())}  # fmt: skip
    for name, values in typed.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    pq.write_table(table, tmp_path / "a.parquet")
    taken = take()
    assert taken.counts["accepted"] == 4
    assert [r["source_id"] for r in sorted(taken.rows("activity"), key=lambda r: r["row_number"])] == [
        f"N{n}" for n in range(4)
    ]
    assert not taken.rules()


def test_clinical_codes(take: Take, tmp_path: Path) -> None:
    made = layouts.changed(
        "apc_spell", 1, {"Der_Diagnosis_All": "||N18.5 ,e119|I10X;M0739D", "Der_Procedure_All": "X40.3||Z94.3"}
    )
    row = (layouts.write(tmp_path / "a.csv", [made]), take().rows("activity")[0])[1]
    assert row["diagnosis_all"] == "N185,E119,I10,M0739"
    assert row["procedure_all"] == "X403,Z943"


def test_position_columns_when_the_joined_ones_are_blank(take: Take, tmp_path: Path) -> None:
    made = layouts.row("apc_episode") | {
        "Der_Diagnosis_All": "", "Der_Primary_Diagnosis_Code": "N18.5", "Der_Secondary_Diagnosis_Code_1": "",
        "Der_Secondary_Diagnosis_Code_2": "I10X", "Der_Primary_Procedure_Code": "X403", "Der_Procedure_Code_2": "Y981",
    }  # fmt: skip
    layouts.write(tmp_path / "a.csv", [made])
    row = take().rows("activity")[0]
    assert (row["diagnosis_all"], row["procedure_all"]) == ("N185,I10", "X403,Y981")
    assert (row["episode_id"], row["quantity"], row["price_submitted"], row["cds_type"]) == ("RRV:H1:1", 0, None, "130")


def test_a_secondary_code_never_becomes_the_primary_one(take: Take, tmp_path: Path) -> None:
    blank = {
        "Der_Diagnosis_All": "", "Der_Procedure_All": "", "Der_Primary_Diagnosis_Code": "",
        "Der_Primary_Procedure_Code": "", "Der_Secondary_Diagnosis_Code_1": "", "Der_Secondary_Diagnosis_Code_2": "",
        "Der_Procedure_Code_2": "",
    }  # fmt: skip
    changes = [
        {"Der_Secondary_Diagnosis_Code_2": "I10X", "Der_Procedure_Code_2": "Y981"},
        {"Der_Secondary_Diagnosis_Code_1": "E119", "Der_Secondary_Diagnosis_Code_2": "I10X"},
        {},
        {"Der_Diagnosis_All": "||N18.5,E119"},
    ]
    rows = [layouts.row("apc_episode", n) | blank | change for n, change in enumerate(changes)]
    layouts.write(tmp_path / "a.csv", rows)
    found = sorted(take().rows("activity"), key=lambda r: r["row_number"])
    assert [(r["diagnosis_all"], r["procedure_all"]) for r in found] == [
        (",I10", ",Y981"), (",E119,I10", ""), ("", ""), ("N185,E119", ""),
    ]  # fmt: skip


def test_kinds_of_critical_care_by_row(take: Take, tmp_path: Path) -> None:
    rows = [layouts.changed("cc_adult", n, {"CC_Unit_Function": f}) for n, f in enumerate(["01", "04", "13"])]
    layouts.write(tmp_path / "a.csv", rows)
    found = [
        (r["flow"], r["point_of_delivery"], r["quantity"])
        for r in sorted(take().rows("activity"), key=lambda r: r["row_number"])
    ]
    assert found == [("cc_adult", "UNBACC", 3), ("cc_paediatric", "UNBPCC", 3), ("cc_neonatal", "UNBNCC", 3)]


def test_component_and_plan_of_aggregates(take: Take, tmp_path: Path) -> None:
    points = ["ARD", "DRUG", "DEVICE"]
    layouts.write(
        tmp_path / "a.csv", [layouts.changed("acm", n, {"POINT OF DELIVERY CODE": p}) for n, p in enumerate(points)]
    )
    layouts.write(tmp_path / "b.csv", [layouts.row("iap")])
    rows = take().rows("activity")
    assert sorted((r["flow"], r["component"], r["quantity"], r["price_plan"]) for r in rows) == [
        ("acm", "activity", 2, Decimal(200)), ("acm", "device", 2, Decimal(200)), ("acm", "drug", 2, Decimal(200)),
        ("iap", "activity", 0, Decimal(200)),
    ]  # fmt: skip
    assert {r["price_submitted"] for r in rows if r["flow"] == "iap"} == {None}


def test_age_from_birth_date_which_is_not_kept(take: Take, tmp_path: Path) -> None:
    made = layouts.changed(
        "plcm", 1, {"AGE AT ACTIVITY DATE (CONTRACT MONITORING)": "", "PERSON BIRTH DATE": "04/05/1980"}
    )
    layouts.write(tmp_path / "a.csv", [made])
    taken = take()
    assert taken.rows("activity")[0]["age"] == 44
    assert "1980" not in str(taken.rows("activity")) + str(taken.rows("findings"))


def test_canonical_tables_have_the_frozen_columns(take: Take, tmp_path: Path) -> None:
    for flow in layouts.BASE:
        layouts.write(tmp_path / f"{flow}.csv", [layouts.row(flow)])
    taken = take()
    for name in ("activity", "findings", "quarantine", "submissions"):
        table = taken.engine.fetch(getattr(taken.result, name))
        assert table.schema.names == arrow_schema(name).names, name
        assert [str(t) for t in table.schema.types] == [str(t) for t in arrow_schema(name).types], name
    for row in taken.rows("activity"):
        assert all(row[f.name] is not None for f in arrow_schema("activity") if pa.types.is_string(f.type))
    assert {r["flow"] for r in taken.rows("activity")} == set(layouts.BASE)


@pytest.mark.parametrize("flow", sorted({c.flow for c in contracts().values()}))
def test_scan_keeps_the_order_of_the_file(engine: DuckDBEngine, register: Register, tmp_path: Path, flow: str) -> None:
    """A join in the plan would lose the order of rows, and with it every row number."""
    header = [f.name for f in contracts()[flow].fields]
    found = recognise(header)
    assert found is not None
    content = files.Content("a", tmp_path / "a.csv", tmp_path / "a.csv", header=tuple(header), recognised=found)
    content.path.write_text(",".join('"' + h.replace('"', '""') + '"' for h in header) + "\n")
    macros.install(engine, "key")
    compiled = checks.compile_rows(Cells(found), register["points_of_delivery"])
    plan = (
        engine.query("EXPLAIN " + stage.selection([stage.Source(0, content, None)], compiled, True))
        .column(1)[0]
        .as_py()
    )
    assert "Read Csv" in plan.title() or "READ_CSV" in plan.upper()
    assert "JOIN" not in plan.upper()


def test_row_numbers_over_several_blocks(take: Take, tmp_path: Path) -> None:
    count = 30_000
    one = layouts.row("plcm", 1)
    lines = [",".join(f'"{v}"' for v in one.values())] * count
    numbered = [line.replace('"N1"', f'"N{n}"') for n, line in enumerate(lines, 1)]
    (tmp_path / "a.csv").write_text(",".join(f'"{k}"' for k in one) + "\n" + "\n".join(numbered) + "\n")
    taken = take()
    wrong = (
        taken.engine.query("SELECT count(*) FROM flows_activity WHERE source_id <> 'N' || row_number")
        .column(0)[0]
        .as_py()
    )
    assert (wrong, taken.counts["accepted"]) == (0, count)

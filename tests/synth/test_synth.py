"""What the synthetic England promises: official layouts, one story, exact totals, complete truth, equal bytes."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import duckdb
import pytest

from tertiary.register import Register
from tertiary.synth import SynthError, SynthSummary
from tertiary.synth.data import rows
from tertiary.synth.layouts import CONTRACT, layout

from .conftest import FLOWS, Written

Small = Callable[..., SynthSummary]
SIZES = {"plcm": 51, "drplcm": 50, "deplcm": 47, "acm": 36, "iap": 32}


def _contract(flow: str) -> list[str]:
    text = resources.files("tertiary.flows").joinpath("fields.csv").read_text(encoding="utf-8")
    return [r["field_name"] for r in csv.DictReader(text.splitlines()) if r["flow"] == flow]


@pytest.mark.parametrize("flow", FLOWS)
def test_headers_are_the_official_names_in_their_order(flow: str, clean: Written) -> None:
    official = _contract(flow)
    file = next((clean.folder / flow).glob("*.csv"))
    header = next(csv.reader(file.open(encoding="utf-8")))
    assert [h for h in header if h not in official] == []
    if flow in CONTRACT:
        assert header == [n for n in official if n in header]
        assert len(header) == SIZES[flow]


def test_one_sender_has_moved_to_the_newer_header(faulty: Written) -> None:
    """The names and fields that came after 2020 stand in the files of one sender, and in no other's."""
    for flow in ("plcm", "drplcm", "deplcm"):
        newer = {r["field_name"] for r in rows("later") if r["flow"] == flow}
        older = {r["replaces"] for r in rows("later") if r["flow"] == flow} - {""}
        senders = set()
        for path in (faulty.folder / flow).glob("synthetic_*_*_2025*.csv"):
            header = set(next(csv.reader(path.open(encoding="utf-8"))))
            if newer <= header:
                assert not older & header
                senders.add(path.name.split("_")[1])
            else:
                assert not newer & header
        assert len(senders) == 1 and senders != {"all"}


@pytest.mark.parametrize("flow", FLOWS)
def test_no_field_is_named_twice(flow: str) -> None:
    names = [name for name, _ in layout(flow)]
    assert len(names) == len(set(names))


def _hashes(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*")) if p.is_file()
    }  # fmt: skip


def test_equal_requests_write_equal_bytes(tmp_path: Path, small: Small) -> None:
    small(tmp_path / "a")
    small(tmp_path / "b")
    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")


def test_another_seed_writes_other_people(tmp_path: Path, small: Small) -> None:
    small(tmp_path / "a")
    small(tmp_path / "b", seed=8)
    a, b = _hashes(tmp_path / "a"), _hashes(tmp_path / "b")
    assert a["op/synthetic_all_op_202510.csv"] != b["op/synthetic_all_op_202510.csv"]


def test_a_month_is_the_same_whatever_months_surround_it(tmp_path: Path, small: Small) -> None:
    """The same people are ill in the same way; only identifiers count on from earlier months."""
    small(tmp_path / "one", defects=0)
    small(tmp_path / "two", months="2025-10..2025-11", defects=0)
    file = "op/synthetic_all_op_202510.csv"
    assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_aggregate_equals_the_patient_level_flows_to_the_penny(clean: Written) -> None:
    both = clean.ask("""
        with patient as (
          select "FINANCIAL MONTH" m, "ORGANISATION IDENTIFIER (CODE OF PROVIDER)" p,
                 sum("TOTAL COST"::decimal(18,2)) s from (
            select "FINANCIAL MONTH", "ORGANISATION IDENTIFIER (CODE OF PROVIDER)", "TOTAL COST" from {plcm}
            union all by name select "FINANCIAL MONTH", "ORGANISATION IDENTIFIER (CODE OF PROVIDER)", "TOTAL COST"
            from {drplcm} union all by name
            select "FINANCIAL MONTH", "ORGANISATION IDENTIFIER (CODE OF PROVIDER)", "TOTAL COST" from {deplcm})
          group by all),
        aggregate as (
          select "FINANCIAL MONTH" m, "ORGANISATION IDENTIFIER (CODE OF PROVIDER)" p,
                 sum("CONTRACT MONITORING ACTUAL PRICE"::decimal(18,2)) s from {acm} group by all)
        select count(*), count(*) filter (patient.s is distinct from aggregate.s)
        from patient full join aggregate using (m, p)""")[0]
    assert both[0] > 50
    assert both[1] == 0


@pytest.mark.parametrize(("flow", "points"), [("drplcm", "('DRUG')"), ("deplcm", "('DEVICE')")])
def test_drugs_and_devices_equal_their_aggregate_lines(flow: str, points: str, clean: Written) -> None:
    patient = clean.one('select sum("TOTAL COST"::decimal(18,2)) from {' + flow + "}")
    aggregate = clean.one(
        'select sum("CONTRACT MONITORING ACTUAL PRICE"::decimal(18,2)) from {acm} '
        f'where "POINT OF DELIVERY CODE" in {points}'
    )
    assert patient == aggregate


def test_plan_of_aggregate_and_activity_plan_agree(clean: Written) -> None:
    sql = 'select sum("CONTRACT MONITORING PLANNED PRICE"::decimal(18,2)) from '
    assert clean.one(sql + "{acm}") == clean.one(sql + "{iap}")


def test_every_row_has_one_truth(clean: Written) -> None:
    assert clean.one("select count(*) from {truth}") == sum(clean.summary.rows.values())
    gaps = clean.one("""select count(*) from (
        select file, count(*) n, min(row_number) a, max(row_number) b, count(distinct row_number) d
        from {truth} group by 1) where a <> 1 or b <> n or d <> n""")
    assert gaps == 0


def test_truth_counts_the_rows_of_each_file(faulty: Written) -> None:
    for file, number in faulty.ask("select file, count(*) from {truth} group by 1"):
        path = faulty.folder / str(file)
        assert path.read_bytes().count(b"\n") - 1 == number, file


def test_links_hold(clean: Written) -> None:
    unknown = clean.one("""select count(*) from {plcm} p where "HOSPITAL PROVIDER SPELL NUMBER" is not null
        and not exists (select 1 from {apc_spell} s where s."Hospital_Spell_No" = p."HOSPITAL PROVIDER SPELL NUMBER"
        and s."Provider_Code" = p."ORGANISATION IDENTIFIER (CODE OF PROVIDER)")""")
    loose = clean.one("""select count(*) from {plcm} p where "ATTENDANCE IDENTIFIER" is not null and not exists (
        select 1 from {op} o where o."Unique_CDS_Identifier" = p."CDS UNIQUE IDENTIFIER")""")
    orphans = clean.one("""select count(*) from {apc_episode} where "Hospital_Spell_No" not in
        (select "Hospital_Spell_No" from {apc_spell})""")
    intensive = clean.one("""select count(*) from {cc_adult} where "Hospital_Spell_No" not in
        (select "Hospital_Spell_No" from {apc_spell})""")
    assert (unknown, loose, orphans, intensive) == (0, 0, 0, 0)


def test_episodes_fill_their_spell(clean: Written) -> None:
    wrong = clean.one("""select count(*) from (
        select s."Hospital_Spell_No", any_value(s."Der_Episode_Count")::int n, count(*) found,
          min(e."Episode_Start_Date") a, any_value(s."Admission_Date") b,
          max(e."Episode_End_Date") c, any_value(s."Discharge_Date") d
        from {apc_spell} s join {apc_episode} e using ("Hospital_Spell_No") group by 1)
        where n <> found or a <> b or c <> d""")
    assert wrong == 0


def test_identifiers_are_unique(clean: Written) -> None:
    for flow, column in (("apc_spell", "Hospital_Spell_No"), ("apc_episode", "Unique_CDS_Identifier"),
                         ("op", "Unique_CDS_Identifier"), ("ec", "CDS UNIQUE IDENTIFIER")):  # fmt: skip
        assert clean.one(f'select count(*) - count(distinct "{column}") from {{{flow}}}') == 0, flow


def test_activity_ends_in_its_month(clean: Written) -> None:
    wrong = clean.one("""select count(*) from {apc_spell}
        where strftime("Discharge_Date"::date, '%Y%m') <> "Der_Activity_Month"
        or "Admission_Date" > "Discharge_Date" """)
    assert wrong == 0


def test_most_hospital_care_is_in_contract_monitoring_too(clean: Written) -> None:
    share = clean.one("""select count(*) filter ("Hospital_Spell_No" in (
        select "HOSPITAL PROVIDER SPELL NUMBER" from {plcm})) / count(*) from {apc_spell}""")
    assert 0.94 < float(str(share)) < 0.99


def test_people_recur_across_flows_and_months(clean: Written) -> None:
    several = clean.one("""select count(*) from (select patient_id from {truth} where flow in ('plcm', 'drplcm')
        group by 1 having count(distinct flow) = 2)""")
    dialysis = clean.one("""select avg(n) from (select patient_id, count(*) n from {truth} where flow = 'plcm'
        and service_line = 'NCBPS11B' group by 1, left(file, 40))""")
    assert int(str(several)) > 50
    assert 11 < float(str(dialysis)) < 14


def test_nobody_looks_like_a_real_patient(clean: Written) -> None:
    odd = clean.one("select count(*) from {truth} where patient_id is not null "
                    "and not regexp_full_match(patient_id, 'S[0-9]{{8}}Y')")  # fmt: skip
    places = clean.one("select count(*) from {op} where not starts_with(\"POSTCODE OF USUAL ADDRESS\", 'XX')")
    assert (odd, places) == (0, 0)


def test_every_file_is_labelled(faulty: Written) -> None:
    for path in faulty.folder.rglob("*"):
        if path.is_file() and path.parent.name != "register" and path.name != "README.txt":
            assert path.name.startswith("synthetic_")
    assert (faulty.folder / "README.txt").read_text().startswith("SYNTHETIC")


def test_true_lines_are_given_where_the_list_allows(clean: Written) -> None:
    """Where every rule of a line asks for a provider list, the provider is on one of them."""
    known = Register.load([clean.folder / "register"])
    lists: dict[str, set[str]] = {}
    for row in known["provider_lists"].to_pylist():
        lists.setdefault(row["list_name"], set()).add(row["provider_code"])
    allowed: dict[str, set[str]] = {}
    free = set()
    for rule in known["identification_rules"].to_pylist():
        if rule["setting"] in ("APC", "OP") and rule["provider_list"]:
            allowed.setdefault(rule["service_line_code"], set()).update(lists[rule["provider_list"]])
        else:
            free.add(rule["service_line_code"])
    seen = clean.ask("select distinct service_line, provider_code from {truth} where flow in ('apc_spell', 'op')")
    wrong = [s for s in seen if s[0] in allowed and s[0] not in free and s[1] not in allowed[str(s[0])]]
    assert wrong == []
    assert len({s[0] for s in seen}) > 60


def test_overlay_is_labelled_and_gives_prices(clean: Written) -> None:
    known = Register.load([clean.folder / "register"])
    for table in ("unit_prices", "provider_lists", "postcodes", "market_forces", "provider_hub_mapping"):
        assert known.is_synthetic(table), table
        assert known[table].num_rows > 0
    years = set(known["unit_prices"].column("financial_year").to_pylist())
    assert "202526" in years


def test_every_kind_of_defect_is_planted_and_written_down(faulty: Written) -> None:
    planted = {str(k) for (k,) in faulty.ask("select distinct kind from {defects}")}
    expected = {r["kind"] for r in rows("defects")} | {
        "resubmission", "year_to_date_restatement", "identical_file", "file_headeronly", "file_empty",
        "file_layout_unknown",
    }  # fmt: skip
    rare = {"device_price_above_supplier", "device_lower_case", "device_unknown", "unit_function_unknown"}
    assert expected - planted <= rare


def test_planted_values_stand_where_the_truth_says(faulty: Written) -> None:
    checked = 0
    sql = """select file, row_number, field, value_planted from {defects}
        where field <> '' and value_planted <> '' and file like '%all%'"""
    for file, row, field, value in faulty.ask(sql):
        cells = list(csv.DictReader((faulty.folder / str(file)).open(encoding="utf-8", newline="", errors="replace")))
        if "\x00" in (faulty.folder / str(file)).read_text(errors="replace"):
            continue
        assert cells[int(str(row)) - 1][str(field)] == value
        checked += 1
    assert checked > 20


def test_parquet_holds_what_csv_holds(tmp_path: Path, small: Small) -> None:
    small(tmp_path / "c", defects=0)
    small(tmp_path / "p", defects=0, format="parquet")
    con = duckdb.connect()
    for flow, column in (("plcm", "TOTAL COST"), ("apc_spell", "Grand_Total_Payment_MFF")):
        both = [
            con.sql(f'select count(*), sum("{column}"::decimal(18,2)) from {source}').fetchall()
            for source in (f"read_csv('{tmp_path}/c/{flow}/*.csv', all_varchar=true)",
                           f"read_parquet('{tmp_path}/p/{flow}/*.parquet')")
        ]  # fmt: skip
        assert both[0] == both[1]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"scale": 0}, "scale"), ({"scale": 2}, "scale"), ({"defects": 0.9}, "defects"), ({"format": "xlsx"}, "format"),
        ({"months": "2025-13"}, "months"), ({"months": "2025-06..2025-04"}, "months"), 
        ({"months": "1999-01"}, "months"),
        ({"months": "April"}, "months"), ({"area": "atlantis"}, "area"),
    ],
)  # fmt: skip
def test_requests_that_cannot_be_met_say_why(
    options: dict[str, object], word: str, tmp_path: Path, small: Small
) -> None:
    with pytest.raises(SynthError, match=word):
        small(tmp_path / "x", **options)


def test_a_full_folder_is_left_alone(tmp_path: Path, small: Small) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(SynthError, match="not empty"):
        small(tmp_path)


def test_other_years_and_regions_work(tmp_path: Path, small: Small) -> None:
    small(tmp_path / "before", area="north_west", months="2024-05", scale=0.002)
    small(tmp_path / "after", area="Z9B2Z", months="2026-04", scale=0.002)
    con = duckdb.connect()
    early = con.sql(f"""select distinct category from '{tmp_path}/before/_truth/synthetic_records.parquet'
        where flow = 'plcm' and service_line is not null""").fetchall()
    late = con.sql(f"select count(*) from '{tmp_path}/after/_truth/synthetic_records.parquet'").fetchall()
    assert ("25",) in early
    assert late[0][0] > 100

"""A pool that changes within the year, at the command line: versions, phasing, a partner that leaves, a merger."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pool_cases import RUN_TERMS, said

from builders import row, run_folder
from tertiary.pool import to_the_penny
from tertiary.pool.calls import calls
from tertiary.pool.terms import Agreement
from tertiary.runs import Run

D = Decimal
# month 1: QMJ 1,500.005, QMF 200; month 2: QMJ 900, QMF 5,000; month 3: QMF 2,000


class Desk:
    """A folder with a run, from which a person states pools."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self.run = folder, run

    def terms(self, file_name: str, **changes: Any) -> str:
        file = self.folder / file_name
        file.write_text(json.dumps({**RUN_TERMS, **changes}))
        return str(file)

    def partners(self, text: str) -> str:
        file = self.folder / "partners.csv"
        file.write_text(text)
        return str(file)

    def rows(self, command: str, *words: str) -> list[dict[str, str]]:
        told = said("pool", command, str(self.run.path), *words, "--format", "csv")
        return list(csv.DictReader(io.StringIO(told)))

    def refused(self, command: str, *words: str) -> str:
        return said("pool", command, str(self.run.path), *words, code=17)


@pytest.fixture
def desk(tmp_path: Path, run: Run) -> Desk:
    return Desk(tmp_path, run)


def column(rows: list[dict[str, str]], name: str) -> dict[str, Decimal]:
    return {row["partner"]: D(row[name]) for row in rows if row[name]}


def every(paid: int) -> dict[str, Decimal]:
    return {"all partners": D(paid), "from outside": D(0)}


PEOPLE = "partner,contribution\nQMJ,24000\nQMF,12000\n"


def test_months_under_two_versions(desk: Desk) -> None:
    first, second = desk.terms("a.json"), desk.terms("b.json", valid_from="2025-06-01", risk="R0")
    people = desk.partners(
        "valid_from,partner,contribution\n,QMJ,24000\n,QMF,12000\n2025-06-01,QMJ,12000\n2025-06-01,QMF,36000\n"
    )
    words = ["--terms", second, "--terms", first, "--partners", people]
    # months 1 and 2: 7,600.00 spent of 6,000 put in, shared 2 : 1; month 3 each its own
    found = desk.rows("statement", *words)
    assert column(found, "contribution") == {"QMF": 5000, "QMJ": 5000, "all partners": 10000}
    assert column(found, "payment") == {"QMF": D("4533.33"), "QMJ": D("5066.67"), **every(9600)}
    assert column(found, "movement") == {"QMF": 2000, "QMJ": 0, "all partners": 2000}
    parts = desk.rows("statement", *words, "--by-version")
    assert {(row["from_month"], row["month"]) for row in parts} == {("1", "2"), ("3", "3")}
    for name in ("contribution", "actual", "payment", "balance"):
        for who in ("QMF", "QMJ", "all partners"):
            assert sum(D(row[name]) for row in parts if row["partner"] == who) == column(found, name)[who]
    monthly = desk.rows("statement", *words, "--every-month")
    assert sum(D(row["movement"]) for row in monthly if row["partner"] == "all partners") == 9600
    alone = desk.rows("statement", "--terms", first, "--partners", people, "--month", "2")
    assert column(alone, "payment") == {"QMF": D("2533.33"), "QMJ": D("5066.67"), **every(7600)}


def test_versions_of_the_store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERTIARY_DECISIONS", f"sqlite:///{desk.folder}/decisions.sqlite")
    paper, parties = desk.folder / "paper.json", [["QMJ", "host"], ["QMJ", "partner"], ["QMF", "partner"]]

    def written(**changes: Any) -> None:
        terms = {**RUN_TERMS, **changes}
        about = {"parties": parties, "valid_from": terms["valid_from"], "terms": terms}
        kind = {} if changes else {"kind": "agreement", "subject": "Pool"}
        paper.write_text(json.dumps({**kind, **about}))

    def agreed() -> None:
        for state, by in (("proposed", "icb:QMJ"), ("sense_checked", "region:Y56"), ("agreed", "icb:QMJ"),
                          ("agreed", "icb:QMF"), ("in_force", "icb:QMJ")):  # fmt: skip
            said("decisions", "step", "1", state, "--by", by, "--why", "minutes")

    written()
    said("decisions", "draft", str(paper), "--by", "icb:QMJ", "--why", "paper 4")
    agreed()
    words = ["--agreement", "1", "--partners", desk.partners(PEOPLE)]
    before = desk.rows("statement", *words)
    written(valid_from="2025-06-01", risk="R0")
    said("decisions", "revise", "1", str(paper), "--by", "icb:QMJ", "--why", "paper 9")
    assert desk.rows("statement", *words) == before, "a draft changes no statement"
    agreed()
    after = desk.rows("statement", *words)
    assert column(after, "payment") == {"QMF": D("4533.33"), "QMJ": D("5066.67"), **every(9600)}
    assert column(before, "actual") == column(after, "actual")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid_from": "2025-06-02"}, "each of them whole"),
        ({"valid_from": "2025-06-01", "name": "Other"}, "versions of one agreement have one name"),
        ({}, "begin one by one"),
        ({"valid_from": "2025-05-01", "valid_to": "2025-06-01"}, "in versions from 2025-04-01, 2025-05-01"),
    ],
)
def test_versions_that_do_not_fit(desk: Desk, changes: dict[str, Any], message: str) -> None:
    words = ["--terms", desk.terms("a.json"), "--terms", desk.terms("b.json", **changes)]
    assert message in desk.refused("statement", *words, "--partners", desk.partners(PEOPLE))


def test_figures_that_do_not_fit_versions(desk: Desk) -> None:
    words = ["--terms", desk.terms("a.json"), "--terms", desk.terms("b.json", valid_from="2025-06-01")]
    late = "valid_from,partner,contribution\n,QMJ,1\n,QMF,1\n{},QMJ,2\n"
    told = desk.refused("statement", *words, "--partners", desk.partners(late.format("2025-05-01")))
    assert "line 4: valid_from is 2025-05-01, within months 1 to 2 of one version" in told
    told = desk.refused("statement", *words, "--partners", desk.partners(late.format("May")))
    assert "line 4: valid_from is 'May'" in told
    told = desk.refused("statement", *words, "--partners", desk.partners(late.format("2025-06-01")))
    assert "lacks partner QMF" in told
    ended = ["--terms", desk.terms("a.json"), "--terms", desk.terms("b.json", valid_from="2025-06-01",
                                                                     partners=["QMF", "QWO"])]  # fmt: skip
    people = desk.partners("partner,historic\nQMJ,1\nQMF,1\nQWO,1\n")
    assert "Partners change within the year" in desk.refused("statement", *ended, "--partners", people, "--total", "9")
    assert "either --every-month or" in desk.refused(
        "statement", *words, "--partners", people, "--by-version", "--every-month"
    )


def test_contributions_are_phased(desk: Desk) -> None:
    own = desk.folder / "profiles.csv"
    own.write_text("\n".join(["profile,month,weight", *[f"late,{m},{9 if m == 12 else 1}" for m in range(1, 13)]]))
    words = ["--partners", desk.partners(PEOPLE)]
    agreed = desk.terms("days.json", profile="calendar_days")

    def put_in(*more: str) -> Decimal:
        return column(desk.rows("statement", *words, *more), "contribution")["all partners"]

    assert put_in("--terms", desk.terms("a.json")) == 9000
    assert put_in("--terms", agreed) == round(D(36000) * 91 / 365, 2)  # 30, 31 and 30 days
    assert put_in("--terms", agreed, "--profile", "twelfths") == 9000
    assert put_in("--terms", agreed, "--profile", "late", "--profiles", str(own)) == 36000 * 3 / D(20)
    assert "Profile 'late' is not known" in desk.refused("statement", *words, "--terms", agreed, "--profile", "late")
    own.write_text("profile,month,weight\nlate,1,x\n")
    told = desk.refused("statement", *words, "--terms", agreed, "--profile", "late", "--profiles", str(own))
    assert "line 2: weight is 'x'" in told


LEAVE = ["--partner", "QMF", "--on", "2025-05-31"]
THREE = "partner,contribution,reserve\nQMJ,24000,10\nQMF,12000,30.50\nQWO,12000,\n"


def test_a_partner_leaves(desk: Desk) -> None:
    first = desk.terms("a.json", partners=["QMF", "QMJ", "QWO"], notice_months=3, taper_years=2)
    words = ["--terms", first, "--partners", desk.partners(THREE)]
    assert "asks for 3 months' notice" in desk.refused("leave", *words, *LEAVE)
    assert "run until 2025-06-30, after 2025-05-31" in desk.refused("leave", *words, *LEAVE, "--notice", "2025-03-01")
    out = desk.folder / "next"
    given = [*words, *LEAVE, "--notice", "2025-02-01", "--stranded", "100.01", "--out", str(out)]
    account = desk.rows("leave", *given)
    # of 96,488.01 (88,888 of QWO) in two months QMF bears a quarter, and has put in 2,000
    assert [D(row["pounds"]) for row in account] == [
        D("22122.00"), D("-30.50"), D("100.01"), D("50.01"), D("22241.52"),
    ]  # fmt: skip
    assert account[-1]["item"] == "due from QMF" and D(account[-1]["pounds"]) == sum(
        D(r["pounds"]) for r in account[:-1]
    )
    others = desk.rows("leave", *given, "--others")
    assert column(others, "contribution") == {"QMJ": 24000, "QWO": 12000, "all who stay": 36000}
    assert column(others, "stranded")["all who stay"] == sum(D(r["pounds"]) for r in account if "stranded" in r["item"])
    assert column(others, "share_after") == {"QMJ": D("0.666667"), "QWO": D("0.333333")}
    both = ["--terms", first, "--terms", str(out / "terms.json"), "--partners", str(out / "partners.csv")]
    until = column(desk.rows("statement", *words, "--month", "2"), "balance")
    after = column(desk.rows("statement", *both), "balance")
    assert after["QMF"] == until["QMF"] == D(account[0]["pounds"]), "the account is the leaver's last statement"
    final = desk.rows("statement", *both)
    assert column(final, "actual")["QMF"] == column(desk.rows("statement", *words, "--month", "2"), "actual")["QMF"]
    paid = desk.rows("leave", *words, *LEAVE, "--waived", "--paid", "12000")
    assert D(paid[1]["pounds"]) == -10000 and D(paid[-1]["pounds"]) == D("22122.00") - 10000 - D("30.50")


def test_leaving_that_cannot_be(desk: Desk) -> None:
    words = ["--terms", desk.terms("a.json"), "--partners", desk.partners(PEOPLE), "--waived"]
    assert "2025-05-30 is not the last day of a month" in desk.refused(
        "leave", *words, "--partner", "QMF", "--on", "2025-05-30"
    )
    assert "QWO is no partner of agreement Pool" in desk.refused(
        "leave", *words, "--partner", "QWO", "--on", "2025-05-31"
    )
    out = desk.folder / "next"
    assert "due" in desk.rows("leave", *words, *LEAVE, "--out", str(out))[-1]["item"]
    assert not out.exists(), "two less one is no agreement"
    three = ["--terms", desk.terms("c.json", partners=["QMF", "QMJ", "QWO"]), "--partners", desk.partners(THREE)]
    host = [*three, "--waived", "--partner", "QMJ", "--on", "2025-05-31", "--out", str(out)]
    assert "QMJ is the host of agreement Pool" in desk.refused("leave", *host)
    desk.rows("leave", *host, "--host", "QWO")
    assert json.loads((out / "terms.json").read_text())["host"] == "QWO"


def test_partners_merge(desk: Desk) -> None:
    first = desk.terms("a.json", partners=["QMF", "QMJ", "QWO"], risk="R1")
    people = (
        "partner,contribution,historic,need,population,use_2024,reserve\n"
        "QMJ,24000.01,5,0.25,300,7,10\nQMF,12000,6,0.5,100,3,30.50\nQWO,12000,7,0.25,50,1,1\n"
    )
    words = ["--terms", first, "--partners", desk.partners(people), "--on", "2025-06-01"]
    out = desk.folder / "next"
    found = desk.rows("merge", *words, "--into", "QMF=QZA", "--into", "QMJ=QZA", "--out", str(out))
    for name in ("contribution", "contingency", "actual", "payment", "transfer", "reserve", "balance"):
        before, after = (column([row for row in found if row["when"] == when], name) for when in ("before", "after"))
        both = before.pop("QMF") + before.pop("QMJ")
        assert after == {**before, "QZA": both}
        assert sum(after.values()) == 2 * after["all partners"]
    lines = [row for row in csv.DictReader((out / "partners.csv").open()) if row["valid_from"]]
    assert {row["partner"]: [D(row[n]) for n in row if n not in ("partner", "valid_from")] for row in lines} == {
        "QZA": [D("36000.01"), 11, D("0.75"), 400, 10, D("40.50")], "QWO": [12000, 7, D("0.25"), 50, 1, 1],
    }  # fmt: skip
    both = ["--terms", first, "--terms", str(out / "terms.json"), "--partners", str(out / "partners.csv")]
    # the run still has the costs under the codes of the predecessors
    whole = desk.rows("statement", *both)
    apart = desk.rows("statement", "--terms", first, "--partners", desk.partners(people))
    for name in ("contribution", "actual", "payment", "transfer", "balance"):
        one, two = column(whole, name), column(apart, name)
        assert abs(one["QZA"] - two["QMF"] - two["QMJ"]) <= D("0.02"), "R1 is linear: a merger moves nobody's money"
        assert one["all partners"] == two["all partners"]
    told = desk.refused("merge", *words, "--into", "QMF")
    assert "--into 'QMF' is not OLD=NEW" in told
    assert "Nobody to merge on 2025-06-01: QXX" in desk.refused("merge", *words, "--into", "QXX=QZA")
    assert "none of QMF, QMJ, QWO in the register's succession" in desk.refused("merge", *words)
    short = desk.partners("partner,contribution,need\nQMJ,1,\nQMF,1,2\nQWO,1,3\n")
    blank = ["--terms", first, "--partners", short, "--on", "2025-06-01", "--into", "QMF=QZA", "--into", "QMJ=QZA"]
    assert "need of QMJ is blank, so that of QZA is not known" in desk.refused("merge", *blank, "--out", str(out))


def test_boards_of_2026_by_the_register(tmp_path: Path) -> None:
    """QMJ and QRV become Z9B2Z; QM7 is divided by registered people between S1Y5D and D7T5G, with QHG and QH8."""
    boards = ["QMJ", "QRV", "QM7", "QHG", "QMF"]
    cells = [
        row("ledger", population_icb=board, financial_month=month, financial_year="202526", measure="actual",
            price_submitted=D(f"{1000 + 37 * n * month}.{n}1"), component="activity", service_line_final="NCBPS11B")
        for n, board in enumerate(boards) for month in range(1, 13)
    ]  # fmt: skip
    desk = Desk(tmp_path, run_folder(tmp_path / "run", ledger=cells))
    terms = desk.terms("a.json", partners=boards, services=[], host="QRV", risk="R3", risk_parameters={"share": "0.5"})
    lines = [f"{board},{10000 + n}.01,{n + 1}\n" for n, board in enumerate(boards)]
    people = desk.partners("partner,contribution,need\n" + "".join(lines))
    out = tmp_path / "next"
    found = desk.rows("merge", "--terms", terms, "--partners", people, "--on", "2026-04-01", "--out", str(out))
    for name in ("contribution", "actual", "payment", "balance"):
        before, after = (column([r for r in found if r["when"] == when], name) for when in ("before", "after"))
        assert set(after) == {"Z9B2Z", "S1Y5D", "D7T5G", "QMF", "all partners"}
        assert before["all partners"] == after["all partners"] == sum(after.values()) / 2
        assert after["Z9B2Z"] == before["QMJ"] + before["QRV"] and after["QMF"] == before["QMF"]
        assert abs(after["D7T5G"] - before["QM7"] * D("0.201520")) <= D("0.01")
        assert after["S1Y5D"] - before["QHG"] + after["D7T5G"] == before["QM7"]
    made = json.loads((out / "terms.json").read_text())
    assert made["partners"] == ["Z9B2Z", "S1Y5D", "D7T5G", "QMF"] and made["host"] == "Z9B2Z"
    # QM7 was divided: its costs follow nobody by its code
    assert made["succeeds"] == {"QMJ": "Z9B2Z", "QRV": "Z9B2Z", "QHG": "S1Y5D"}
    later = [r for r in csv.DictReader((out / "partners.csv").open()) if r["valid_from"]]
    assert sum(D(r["contribution"]) for r in later) == D("50010.05") and sum(D(r["need"]) for r in later) == 15
    old = json.loads(Path(terms).read_text())
    heirs = {"partners": ["Z9B2Z", "QMF"], "succeeds": {"QMJ": "Z9B2Z", "QRV": "Z9B2Z"}}
    costs = calls(desk.run, Agreement.of({**old, **heirs}), "202526", 12)
    own = calls(desk.run, Agreement.of(old), "202526", 12)
    assert [m["Z9B2Z"] for m in costs] == [m["QMJ"] + m["QRV"] for m in own]
    assert all(to_the_penny(month) == month for month in own)


def test_high_cost_is_compared_where_it_can_be(tmp_path: Path) -> None:
    about = [
        {"population_icb": board, "financial_month": 1, "service_line_final": "NCBPS11B", "financial_year": "202526",
         "price_submitted": D(100 + n * n), "measure": "actual", "patient_id": f"{board}{n}", "component": "activity"}
        for board in ("QMF", "QMJ") for n in range(60)
    ]  # fmt: skip
    tables = {name: [row(name, **values) for values in about] for name in ("records", "ledger")}
    desk = Desk(tmp_path, run_folder(tmp_path / "run", **tables))
    words = ["--terms", desk.terms("a.json"), "--years", "60"]
    need = ["--partners", desk.partners("partner,need\nQMF,1\nQMJ,3\n")]
    rules = [row["rule"] for row in desk.rows("compare", *words, *need)]
    assert "R6" not in rules and "R2" in rules
    found = {row["rule"]: row for row in desk.rows("compare", *words, *need, "--threshold", "1000")}
    assert found["R6"]["parameters"] == "threshold 1,000"
    # each board has as much above the threshold; of both QMF pays a quarter by need
    above = sum(max(0, 100 + n * n - 1000) for n in range(60))
    assert float(found["R6"]["transfer"]) == pytest.approx(above / 2, rel=0.15)
    assert 0 < D(found["R6"]["incentive_kept"]) < 1
    assert D(found["R0"]["transfer"]) == 0 and D(found["R0"]["incentive_kept"]) == 1
    none = {row["rule"]: row for row in desk.rows("compare", *words, *need, "--threshold", "0")}
    # everything is pooled by need, of which QMF has a quarter and QMJ three: a pound saved is kept as far
    assert D(none["R6"]["incentive_kept"]) == D("0.5000")
    assert "R6" not in {row["rule"] for row in desk.rows("compare", *words, *need, "--threshold", "999999")}
    people = ["--partners", desk.partners("partner,population\nQMF,1\nQMJ,3\n")]
    assert "R6" not in {row["rule"] for row in desk.rows("compare", *words, *people, "--threshold", "1000")}

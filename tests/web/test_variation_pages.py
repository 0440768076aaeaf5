"""Variation and the ring-fence on pages: figures as the commands give them, each person's own and no more."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from math import log
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from month_helpers import register as contracts_csv
from tertiary.cli import app
from tertiary.register import Register
from tertiary.web.app import create_app
from tertiary.web.people import demo_people
from tertiary.web.scope import ForbiddenError, beside, check_comparison, released
from tertiary.web.settings import Papers, Settings
from variation_runs import record, run_of
from web_helpers import token

Be = Callable[[str], TestClient]
# ICB and its patients of each line: four boards of London, two of the North West; about as many to each person
SIZES = {"QMJ": 91, "QMF": 128, "QKK": 107, "QRV": 152, "QE1": 97, "QYG": 141}
LINES = (("NCBPS11B", "A"), ("NCBPS13E", "B"))
# QMJ treats more for the first line, and pays more than is expected for the second
EXTRA = {"QMJ": 23}
FEW = Decimal(7777)
FORMATS = (
    "",
    "format=csv&of=by_icb&exact=yes",
    "format=csv&of=every_figure&exact=yes",
    "format=xlsx&exact=yes",
    "format=vega&of=spending_and_access",
)
NATIONAL = "/money/variation?icb=QMJ&without="


def spent() -> list[dict[str, Any]]:
    made = []
    for icb, size in SIZES.items():
        for line, npoc in LINES:
            more = EXTRA.get(icb, 0) if line == "NCBPS11B" else 0
            for n in range(size + more):
                standard = Decimal(10_000 + n % 7 * 100)
                dearer = Decimal("1.2") if icb == "QMJ" and line == "NCBPS13E" else Decimal(1)
                about = {"population_icb": icb, "service_line_final": line, "npoc_code": npoc}
                about["provider_code"] = "RRV" if icb in ("QMJ", "QMF") else "RXN"
                about["financial_month"] = n % 3 + 1
                price = standard * dearer
                who = {"patient_id": f"{icb}{line}{n}", "price_submitted": price, "price_expected": standard}
                made.append(record(**about, **who))
                made.append(record(**about, flow="acm", counted=False, price_submitted=price))
                planned = record(**about, flow="iap", counted=False, price_submitted=Decimal(0))
                planned |= {"price_submitted": None, "price_expected": None, "quantity": None,
                            "quantity_plan": Decimal(1), "price_plan": standard * Decimal("1.1")}  # fmt: skip
                made.append(planned)
    # a service of which one board has few
    for n in range(3):
        few = {"population_icb": "QMF", "service_line_final": "NCBPS01C", "npoc_code": "F", "price_submitted": FEW}
        made += [record(**few, patient_id=f"few{n}"), record(**few, flow="acm", counted=False)]
    return made


@pytest.fixture(scope="module")
def varied(register: Register, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    run = run_of(tmp_path_factory.mktemp("variation") / "run", spent())
    run.manifest["counts"] = {}  # type: ignore[index]
    made = create_app({"run": (run, register)}, Settings(secret=b"a secret of the tests"))
    with TestClient(made, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def as_(varied: TestClient) -> Be:
    def become(account: str) -> TestClient:
        varied.cookies.clear()
        if account:
            answer = varied.post("/sign-in", data={"account": account, **token(varied)}, follow_redirects=False)
            assert answer.status_code == 303
        return varied

    return become


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text[:3000]
    found = list(csv.DictReader(io.StringIO(answer.text)))
    return [{name: value for name, value in row.items() if name != "label"} for row in found]


def said(*words: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, [*words, "--format", "csv"])
    assert done.exit_code == 0, (done.output, done.exception)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def folder(client: TestClient) -> str:
    return str(client.app.state.answers["run"].run.path)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("by=npoc_code", ["--by", "npoc_code"]), ("by=service_line_final&beside=region", ["--region"]),
        ("by=npoc_code&beside=nearest&need=core", ["--by", "npoc_code", "--nearest", "--need", "core"]),
        ("by=component&peers=QMF,QKK&only=npoc_code%3DB&month=2",
         ["--by", "component", "--peers", "QMF,QKK", "--only", "npoc_code=B", "--month", "2"]),
    ],
)  # fmt: skip
def test_the_page_gives_the_figures_of_the_command(as_: Be, asked: str, words: list[str]) -> None:
    client = as_("national")
    page = rows(client.get(f"{NATIONAL}&{asked}&format=csv&of=every_figure&exact=yes"))
    command = said("variation", folder(client), "--icb", "QMJ", *words)
    assert page and page == command
    api = client.get(f"/api/v1/variation?icb=QMJ&{asked}").json()["rows"]
    assert [{n: "" if v is None else str(v) for n, v in row.items()} for row in api] == command


def test_the_steps_are_those_worked_out_from_single_records_and_add_up(as_: Be) -> None:
    """By hand: the logarithmic mean of spend a head times the logarithm of each factor."""
    found = rows(as_("national").get(f"{NATIONAL}&need=core&format=csv&of=why"))
    assert [r["step"] for r in found] == [
        "The comparator", "Need", "People treated", "Care for each patient", "Price", "This ICB"
    ]  # fmt: skip
    pounds = [Decimal(r["pounds"]) for r in found]
    assert sum(pounds[:-1]) == pounds[-1]
    people: dict[str, Decimal] = {}
    need: dict[str, Decimal] = {}
    for practice in Register.load()["practice_need"].to_pylist():
        code = practice["icb_code_2024"]
        need[code] = need.get(code, Decimal(0)) + practice["wp_core"]
        people[code] = people.get(code, Decimal(0)) + practice["registered_population"]
    counted: dict[str, Decimal] = {}
    for practice in Register.load()["practices"].to_pylist():
        if practice["registered_population"]:
            code = practice["icb_code"]
            counted[code] = counted.get(code, Decimal(0)) + practice["registered_population"]
    sums = {}
    for name, icbs in (("own", ["QMJ"]), ("other", list(SIZES))):
        held = [r for r in spent() if r["counted"] and r["population_icb"] in icbs]
        index = sum(need[i] / people[i] * counted[i] for i in icbs) / sum(counted[i] for i in icbs)
        sums[name] = [
            float(sum(counted[i] for i in icbs)), float(len({r["patient_id"] for r in held})),
            float(sum(r["price_expected"] for r in held)), float(sum(r["price_submitted"] for r in held)), float(index),
        ]  # fmt: skip
    (people1, patients1, expected1, spend1, need1), (people2, patients2, expected2, spend2, need2) = sums.values()
    head1, head2 = spend1 / people1, spend2 / people2
    mean = (head1 - head2) / log(head1 / head2)
    by_hand = [
        head2, mean * log(need1 / need2), mean * log(patients1 / people1 / (patients2 / people2) / (need1 / need2)),
        mean * log(expected1 / patients1 / (expected2 / patients2)),
        mean * log(spend1 / expected1 / (spend2 / expected2)), head1,
    ]  # fmt: skip
    for shown, exact in zip(pounds, by_hand, strict=True):
        assert float(shown) == pytest.approx(exact, abs=2e-4)
    worth = [Decimal(r["worth"]) for r in found[1:-1]]
    whole = (pounds[-1] - pounds[0]) * round(counted["QMJ"])
    assert sum(worth) == whole.quantize(Decimal("0.01"))


def test_three_steps_without_need(as_: Be) -> None:
    found = rows(as_("ncl").get("/money/variation?format=csv&of=why"))
    assert [r["step"] for r in found][1:-1] == ["People treated", "Care for each patient", "Price"]
    assert sum(Decimal(r["pounds"]) for r in found[:-1]) == Decimal(found[-1]["pounds"])


@pytest.mark.parametrize(
    ("account", "icb"),
    [("", "QMJ"), ("public", "QMJ"), ("uclh", "QMJ"), ("ncl", "QMF"), ("ncl", "QE1"), ("london", "QE1"),
     ("office", "QYG"), ("uclh", ""), ("", "")],
)  # fmt: skip
def test_what_is_not_ones_own_is_refused_in_every_format(as_: Be, account: str, icb: str) -> None:
    client = as_(account)
    for kind in FORMATS:
        answer = client.get(f"/money/variation?icb={icb}&{kind}")
        assert answer.status_code == 403 and "£" not in answer.text
    answer = client.get(f"/api/v1/variation?icb={icb}")
    assert answer.status_code == 403 and set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    ("account", "icb"), [("national", "QE1"), ("london", "QRV"), ("ncl", "QMJ"), ("ncl", ""), ("office", "QKK")]
)
def test_ones_own_is_answered_in_every_format(as_: Be, account: str, icb: str) -> None:
    for kind in FORMATS:
        assert as_(account).get(f"/money/variation?icb={icb}&{kind}").status_code == 200
    assert as_(account).get(f"/api/v1/variation?icb={icb}").json()["rows"]


def text_of(answer: Any) -> str:
    """All that an answer says, also within a workbook."""
    if answer.content[:2] != b"PK":
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return " ".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_an_icb_sees_of_others_what_a_comparison_needs(as_: Be) -> None:
    """True counts of others are nowhere, in no format; what is shown of them is to the nearest 5."""
    national = {r["icb"]: r for r in rows(as_("national").get(f"{NATIONAL}&format=csv&of=by_icb&exact=yes"))}
    true = {icb: 2 * size + EXTRA.get(icb, 0) + (3 if icb == "QMF" else 0) for icb, size in SIZES.items()}
    assert {icb: int(r["patients"]) for icb, r in national.items()} == true
    own = {r["icb"]: r for r in rows(as_("ncl").get("/money/variation?format=csv&of=by_icb&exact=yes"))}
    assert own["QMJ"]["patients"] == str(true["QMJ"]) and own["QMJ"]["flag"]
    for icb in set(SIZES) - {"QMJ"}:
        row = own[icb]
        assert int(row["patients"]) == (true[icb] + 2) // 5 * 5 and not row["flag"]
        rate = Decimal(row["patients"]) / Decimal(row["population"]) * 1000
        assert Decimal(row["patients_per_1000"]) == rate.quantize(Decimal("0.0001"))
        assert Decimal(row["spend_per_head"]) == (Decimal(row["spend"]) / Decimal(row["population"])).quantize(
            Decimal("0.0001")
        )
    exact = {national[icb]["spend_per_patient"] for icb in set(SIZES) - {"QMJ"}}
    assert len(exact) == 5 and not exact & {row["spend_per_patient"] for row in own.values()}
    for kind in (*FORMATS, "format=csv&of=variation", "format=vega&of=differences"):
        text = text_of(as_("ncl").get(f"/money/variation?{kind}"))
        assert not [figure for figure in exact if figure[:-1] in text or f"{Decimal(figure):,.3f}" in text]


@pytest.mark.parametrize("asked", ["only=npoc_code%3DB", "without=component%3Ddrug", "only=point_of_delivery%3DEL"])
def test_others_are_not_shown_one_by_one_under_filters(as_: Be, asked: str) -> None:
    """The filters of a service and of all others together would add up to what one of them hides."""
    for row in rows(as_("ncl").get(f"/money/variation?{asked}&format=csv&of=by_icb&exact=yes")):
        assert bool(row["spend"]) == (row["icb"] == "QMJ") and (row["icb"] == "QMJ" or not row["access_ratio"])
    names = json.dumps(as_("ncl").get(f"/money/variation?{asked}&format=vega&of=spending_and_access").json())
    assert "North Central London" in names and "North East London" not in names
    assert all(row["spend"] for row in rows(as_("national").get(f"{NATIONAL}&{asked}&format=csv&of=by_icb&exact=yes")))


def test_few_patients_of_others_are_no_figure(as_: Be) -> None:
    """Three people of QMF: nobody's table has them, though the comparator's totals do."""
    for account, address in (("ncl", "/money/variation?by=service_line_final"), ("national", NATIONAL)):
        text = as_(account).get(f"{address}&by=service_line_final&format=csv&of=every_figure&exact=yes").text
        (row,) = [r for r in csv.DictReader(io.StringIO(text)) if r["service_line_final"] == "NCBPS01C"]
        assert "fewer than 8 patients" in row["blocked_because"] and not row["comparator_spend_per_head"]
        assert "7777" not in text and "23331" not in text


def test_whom_one_may_choose(as_: Be) -> None:
    assert as_("ncl").get("/money/variation?peers=QMF").status_code == 403
    assert as_("ncl").get("/api/v1/variation?peers=QMF,QKK").status_code == 403
    assert as_("london").get("/money/variation?icb=QMJ&peers=QE1").status_code == 403
    assert as_("office").get("/money/variation?icb=QMJ&peers=QMF").status_code == 200
    assert as_("national").get("/money/variation?icb=QMJ&peers=QE1").status_code == 200


def test_comparisons_that_would_tell_of_one_are_refused(register: Register) -> None:
    ncl, national, london, uclh = (demo_people()[a] for a in ("ncl", "national", "london", "uclh"))
    wide, near, one = {"QMJ", "QMF", "QKK", "QE1"}, {"QMF", "QKK"}, {"QMJ", "QMF"}

    def refused(who: Any, chosen: set[str], *offered: set[str]) -> bool:
        try:
            check_comparison(chosen, offered, "peers", who, register)
        except ForbiddenError:
            return True
        return False

    assert refused(ncl, one, one) and refused(ncl, near, near, wide) and refused(ncl, {"QMF", "QE1"}, wide)
    assert not refused(ncl, wide, near, wide) and not refused(ncl, near, near) and not refused(ncl, {"QMJ"}, wide)
    assert not refused(national, {"QE1"}) and refused(uclh, wide, wide)
    assert not refused(london, near) and refused(london, wide, wide)


def test_where_few_are_hidden_no_money_of_others_is_shown(register: Register) -> None:
    def row(icb: str, patients: int) -> dict[str, Any]:
        return {
            "icb": icb,
            "icb_name": icb,
            "population": 9,
            "patients": patients,
            "spend": Decimal(patients),
            "flag": "x",
        }

    many = [row("QMJ", 3), row("QMF", 101), row("QKK", 49), row("QE1", 88)]
    shown = beside(many, "peers", demo_people()["ncl"], register)
    assert shown[0] == many[0] and [r["patients"] for r in shown[1:]] == [100, 50, 90]
    assert [r["spend"] for r in shown[1:]] == [r["spend"] for r in many[1:]] and "flag" not in shown[1]
    few = [*many[:3], row("QE1", 4)]
    shown = beside(few, "peers", demo_people()["ncl"], register)
    assert shown[0] == few[0] and shown[3]["patients"] is None and {r["spend"] for r in shown[1:]} == {None}
    assert [r["patients"] for r in shown[1:3]] == [100, 50]
    assert beside(few, "peers", demo_people()["national"], register) == few
    with pytest.raises(ForbiddenError):
        beside(few, "peers", demo_people()["public"], register)
    assert released()["peers"].without == "point_of_delivery=BLOCK"


def test_charts_hold_only_what_the_tables_beside_them_hold(as_: Be) -> None:
    client = as_("ncl")
    steps = {r["step"] for r in rows(client.get("/money/variation?format=csv&of=why"))}
    boards = {r["icb_name"] for r in rows(client.get("/money/variation?format=csv&of=by_icb&exact=yes"))}
    parts = {r["name"] for r in rows(client.get("/money/variation?format=csv&of=variation"))}
    for name, allowed in (
        ("reasons", steps), ("spending_and_access", boards), ("differences", parts),
        ("spending_and_access_parts", parts),
    ):  # fmt: skip
        spec = client.get(f"/money/variation?format=vega&of={name}").json()
        seen = {v["name"].removeprefix("▶ ").removesuffix(" »") for v in values(spec) if "name" in v}
        assert seen and seen <= allowed, name


def values(spec: Any) -> list[dict[str, Any]]:
    """All data of a specification."""
    if isinstance(spec, list):
        return [found for part in spec for found in values(part)]
    if not isinstance(spec, dict):
        return []
    own = [v for v in (spec.get("values") or []) if isinstance(v, dict)] if "values" in spec else []
    return own + [found for part in spec.values() for found in values(part)]


def test_a_page_says_what_stands_out_and_leads_deeper(as_: Be) -> None:
    text = as_("ncl").get("/money/variation").text
    assert "North Central London" in text and "What you see of others" in text and "beyond chance" in text
    assert "only=npoc_code%3DA" in text and "without=point_of_delivery%3DBLOCK" in text
    assert "What you see of others" not in as_("national").get(NATIONAL).text
    found = rows(as_("ncl").get("/money/variation?format=csv&of=findings"))
    assert any("spend on each × 1." in r["finding"] for r in found)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("by=hrg", 400, "not taken apart by"), ("month=13", 422, "month"), ("only=npoc", 400, "not NAME=VALUE"),
        ("year=201112", 400, "holds 202526"), ("only=patient_id%3Dx", 400, "cannot be taken apart by"),
        ("beside=moon", 400, "none of all, region, nearest"), ("need=moon", 400, "none that practices have"),
        ("icb=%22%3E%3Cscript%3E", 403, "not yours"), ("only=npoc_code%3DZ", 400, "no spend of any ICB"),
    ],
)  # fmt: skip
def test_mistakes_are_told(as_: Be, asked: str, status: int, words: str) -> None:
    answer = as_("ncl").get(f"/money/variation?{asked}")
    assert answer.status_code == status and words in answer.text and "<script>" not in answer.text
    assert folder(as_("ncl")) not in answer.text


def test_the_ring_fence_is_the_commands_and_each_sees_its_own(as_: Be) -> None:
    client = as_("national")
    for name in ("watch", "months", "explanations"):
        page = rows(client.get(f"/money/ringfence?format=csv&of={name}"))
        command = said("ringfence", folder(client), "--show", name)
        assert page and [{n: row[n] for n in page[0]} for row in command] == page
    assert {r["icb"] for r in rows(client.get("/money/ringfence?format=csv&of=watch"))} == set(SIZES)
    sees = {"ncl": {"QMJ"}, "office": {"QMJ", "QMF", "QKK", "QRV"}, "london": {"QMJ", "QMF", "QKK", "QRV"}}
    for account, own in sees.items():
        for name in ("watch", "months", "explanations"):
            assert {r["icb"] for r in rows(as_(account).get(f"/money/ringfence?format=csv&of={name}"))} == own
        text = as_(account).get("/money/ringfence").text
        assert "QE1" not in text and ("QMF" in text) == ("QMF" in own)
        assert "QE1" not in text_of(as_(account).get("/money/ringfence?format=xlsx"))


def test_what_providers_live_on_is_theirs(as_: Be) -> None:
    every = rows(as_("national").get("/money/ringfence?format=csv&of=providers"))
    command = said("ringfence", folder(as_("national")), "--show", "providers")
    assert {r["provider"] for r in every} == {"RRV", "RXN"}
    assert [{n: row[n] for n in every[0]} for row in command] == every
    own = rows(as_("uclh").get("/money/ringfence?format=csv&of=providers"))
    assert own == [r for r in every if r["provider"] == "RRV"]
    assert [r["provider"] for r in rows(as_("london").get("/money/ringfence?format=csv&of=providers"))] == ["RRV"]
    text = as_("uclh").get("/money/ringfence").text
    assert "RXN" not in text and "Due and spent" not in text
    assert as_("uclh").get("/money/ringfence?format=csv&of=watch").status_code == 400
    assert as_("ncl").get("/money/ringfence?format=csv&of=providers").status_code == 400
    for account in ("", "public"):
        for kind in ("", "?format=csv&of=watch", "?format=xlsx"):
            assert as_(account).get(f"/money/ringfence{kind}").status_code == 403


def test_contracts_stand_beside_allocations_where_they_are_known(as_: Be, register: Register, tmp_path: Path) -> None:
    page = "/money/ringfence"
    without = as_("ncl").get(page)
    assert "this server knows no contracts" in without.text and "holds no allocation" in without.text
    assert as_("ncl").get(f"{page}?format=csv&of=contracts").status_code == 400
    run = as_("national").app.state.answers["run"].run  # type: ignore[attr-defined]
    lines = (
        ("C1", 1, "RRV", "QMJ", "QMJ", "2025-04-01", "", "Care", "fixed", "1200", "twelfths", *[""] * 6),
        ("C1", 1, "RRV", "QMJ", "QMF", "2025-04-01", "", "Care", "fixed", "300", "twelfths", *[""] * 6),
        ("C2", 1, "RXN", "QE1", "QE1", "2025-04-01", "", "Care", "fixed", "5000", "twelfths", *[""] * 6),
        ("C3", 1, "RJ1", "QKK", "QKK", "2025-04-01", "", "Care", "fixed", "70", "twelfths", *[""] * 6),
    )
    file = tmp_path / "contracts.csv"
    file.write_text(contracts_csv(lines))
    settings = Settings(secret=b"a secret of the tests", papers=Papers(contracts=file))
    with TestClient(create_app({"run": (run, register)}, settings), base_url="http://127.0.0.1") as client:
        for account, values in (
            ("ncl", {("QMJ", "RRV"): "1200.00", ("QMJ", "all"): "1200.00"}),
            ("office", {("QMJ", "RRV"): "1200.00", ("QMF", "RRV"): "300.00", ("QMJ", "all"): "1200.00",
                        ("QMF", "all"): "300.00"}),
        ):  # fmt: skip
            client.cookies.clear()
            client.post("/sign-in", data={"account": account, **token(client)}, follow_redirects=False)
            shown = rows(client.get(f"{page}?format=csv&of=contracts"))
            assert {(r["icb"], r["provider"]): r["contract"] for r in shown} == values
            text = client.get(page).text
            assert "QE1" not in text and ("1 contract value left out" in text) == (account == "office")
        file.write_text("broken")
        answer = client.get(page)
        assert answer.status_code == 503 and str(tmp_path) not in answer.text

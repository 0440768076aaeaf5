"""An engine that keeps what every question needs gives the answers of a run of that one record."""

from __future__ import annotations

import threading
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertiary.assign import AssignSettings
from tertiary.assign.periods import boundaries
from tertiary.engine import DuckDBEngine
from tertiary.errors import TertiaryError
from tertiary.explain import explain_hypothesis, short_answers
from tertiary.hypothetical import Hypotheses, KeepingEngine, hypothetical
from tertiary.register import Register
from tertiary.stages import stages

CARDIAC = {
    "flow": "apc_episode", "spell_id": "RRV:1", "treatment_function_code": "170", "procedure_all": "K401", "age": "62",
    "provider_code": "RRV", "gp_practice_code": "F83004", "activity_date": "2025-06-10",
}  # fmt: skip
DIALYSIS = {
    "flow": "plcm", "hrg": "LD05A", "point_of_delivery": "ARD", "treatment_function_code": "361", "age": "58",
    "provider_code": "RRV", "gp_practice_code": "F83004", "service_line_submitted": "NCBPS11B",
}  # fmt: skip


@pytest.fixture(scope="module")
def asked(register: Register) -> Hypotheses:
    return Hypotheses(register)


def test_answers_are_those_of_a_run_of_the_record(asked: Hypotheses, register: Register) -> None:
    """Of several flows and periods of the method, one after the other in the same engine."""
    early = str(boundaries(register)[0] + timedelta(3))
    questions = [CARDIAC, {**DIALYSIS, "activity_date": early},
                 {"flow": "drplcm", "price_submitted": "900", "provider_code": "RRV"}]  # fmt: skip
    for question in questions:
        _, found = asked.walked(question)
        with DuckDBEngine(threads=1) as engine:
            rows = engine.load("alone", hypothetical(question))
            (alone,) = engine.fetch(stages(engine, rows, register, AssignSettings())).to_pylist()
        assert found == alone, question
    assert asked.walked(CARDIAC) is asked.walked(dict(CARDIAC)), "an answer is kept"


def test_several_may_ask_at_once(asked: Hypotheses) -> None:
    told: dict[int, str] = {}

    def ask(age: int) -> None:
        said = explain_hypothesis(asked, {**CARDIAC, "age": str(age)})
        told[age] = short_answers(said)["Which service it is"]

    threads = [threading.Thread(target=ask, args=(age,)) for age in (3, 40, 41)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert "NCBPS13E" in told[40] and "NCBPS13E" in told[41] and "NCBPS13E" not in told[3]


def test_an_answer_names_the_short_ones_and_why_another_rule_lost(asked: Hypotheses) -> None:
    said = explain_hypothesis(asked, DIALYSIS)
    assert list(short_answers(said)) == ["Which service it is", "Who is responsible", "What it should cost"]
    assert "lost to PSS-NRD-11B-01, whose priority number is lower: PSS-ACM-ANY-01" in said.to_text()
    assert "commissioned_service_category" not in said.to_text().split("What was checked")[0], "it was not given"


def test_a_loaded_table_is_made_anew_only_when_it_differs() -> None:
    one, other = (pa.table({"a": [n]}) for n in (1, 2))
    with KeepingEngine(threads=1) as engine:
        first = engine.load("t", one)
        engine.execute("INSERT INTO t VALUES (7)")
        assert engine.load("t", pa.table({"a": [1]})) is first and engine.count(first) == 2
        assert engine.fetch(engine.load("t", other))["a"].to_pylist() == [2]
        engine.drop("t")
        assert engine.fetch(engine.load("t", other))["a"].to_pylist() == [2]


@given(st.sampled_from(["age", "quantity", "price_submitted", "activity_date", "hrg", "flow"]), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_in_a_sentence(name: str, text: str) -> None:
    try:
        assert hypothetical({name: text}).num_rows == 1
    except TertiaryError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize(("name", "text"), [("age", "99999"), ("price_submitted", "1e60"), ("quantity", "NaN"),
                                            ("quantity", "0.12345"), ("age", "1" + "0" * 5000)])  # fmt: skip
def test_numbers_that_no_column_holds_are_refused(name: str, text: str) -> None:
    with pytest.raises(TertiaryError, match="is not a"):
        hypothetical({name: text})


@pytest.mark.parametrize("name", ["source_id", "patient_id", "hrg", "age", "colour"])
def test_nobody_real_is_asked_about(name: str) -> None:
    with pytest.raises(TertiaryError, match="NHS number") as refused:
        hypothetical({name: "943 476 5919"})
    assert "943" not in str(refused.value)

"""A whole run on Spark: the same run folder as on DuckDB, and plain words when Spark cannot be had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tertiary
from tertiary.engine import DuckDBEngine
from tertiary.errors import EngineError, TertiaryError
from tertiary.spark import SparkEngine

pytestmark = [pytest.mark.spark]


@pytest.mark.slow
def test_a_run_on_spark_gives_the_same_tables_in_the_same_order(session: Any, tmp_path: Path) -> None:
    from tertiary.synth import write

    inputs = tmp_path / "inputs"
    write(inputs, area="QMJ", months="2025-04..2025-04", scale=0.005, seed=11, defects=0.02)
    given: dict[str, Any] = {"register": [inputs / "register"]}
    local = tertiary.run(inputs, tmp_path / "local", **given)
    far = tertiary.run(inputs, tmp_path / "far", engine="spark", spark=session, **given)
    assert far.manifest["engine"] == "spark"
    assert far.manifest["profile"]["engine"]["version"] == session.version
    assert f"spark {session.version}, threads 2, memory limit" in far.profile().to_text()
    for name in ("counts", "summary", "table_rows", "register", "settings"):
        assert far.manifest[name] == local.manifest[name], name
    assert far.manifest["counts"]["quarantined"] > 0
    with DuckDBEngine() as engine:
        for name in local.manifest["tables"]:
            both = [engine.fetch(engine.scan(name, run.table(name).paths)) for run in (local, far)]
            assert both[0].num_rows > 0, name
            assert both[0].equals(both[1]), name
    again = tertiary.run(inputs, tmp_path / "again", engine="spark", spark=session, **given)
    assert again.manifest["tables"] == far.manifest["tables"]
    assert not [p for p in (tmp_path / "far").iterdir() if p.name not in ("manifest.json", "tables", ".lock")]


def test_a_table_that_is_made_again_takes_the_place_of_the_first(spark: SparkEngine) -> None:
    import pyarrow as pa

    rows = spark.load("rows", pa.table({"n": pa.array([1, 2, 3], pa.int64())}))
    for most in (2, 3):
        made = spark.materialise("some", rows.filter(rows.n <= most))
        assert spark.count(made) == most
    assert [p.name for p in spark.work.iterdir() if p.is_dir()] == ["some-2"]


def test_a_session_that_is_given_stays_as_it_was(session: Any) -> None:
    before = session.conf.get("spark.sql.timestampType")
    session.sql("SELECT 1 AS mine").createOrReplaceTempView("drawn")
    session.conf.set("spark.sql.timestampType", "TIMESTAMP_LTZ")
    try:
        with SparkEngine() as engine:  # no session is named: the active one is taken
            work = engine.work
            engine.load("drawn", session.sql("SELECT 2 AS other").toArrow())
            assert engine.session.conf.get("spark.sql.timestampType") == "TIMESTAMP_NTZ"
            assert engine.facts()["version"] == session.version
        assert not work.exists()
        assert session.table("drawn").columns == ["mine"]
        assert session.conf.get("spark.sql.timestampType") == "TIMESTAMP_LTZ"
    finally:
        session.conf.set("spark.sql.timestampType", before)


def test_a_second_master_is_refused_in_plain_words(session: Any) -> None:
    with pytest.raises(EngineError, match=r"already running .* none can be started on local\[1\]"):
        SparkEngine(master="local[1]")


@pytest.mark.parametrize("master", ["localhost", "local[two]", "http://cluster:7077", "spark://cluster"])
def test_a_master_of_no_known_form_is_refused(master: str) -> None:
    with pytest.raises(EngineError, match=r"not of a known form. Use local, local\[4\], spark://HOST:PORT"):
        SparkEngine(master=master)


def test_a_missing_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(EngineError, match=r"pip install tertiary\[spark\]"):
        tertiary.run(tmp_path / "in", tmp_path / "out", engine="spark")


@pytest.mark.parametrize("given", [{"spark_master": "local"}, {"spark": object()}])
def test_spark_must_be_asked_for(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TertiaryError, match="but the engine is duckdb"):
        tertiary.run(tmp_path / "in", tmp_path / "out", **given)


def test_a_spark_that_ended_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch, spark: SparkEngine) -> None:
    class Gone:
        def sql(self, text: str) -> None:
            raise ConnectionRefusedError("Connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(spark, "session", Gone())
        with pytest.raises(EngineError, match=r"want of memory\. Give it more with --memory"):
            spark.query("SELECT 1")


def test_an_unknown_engine_is_named(tmp_path: Path) -> None:
    with pytest.raises(TertiaryError, match=r"'polars' is not known\. This version has: duckdb, spark"):
        tertiary.run(tmp_path / "in", tmp_path / "out", engine="polars")


@pytest.mark.parametrize("memory", ["4", "four GB", "4 parsecs"])
def test_memory_must_be_a_size(memory: str) -> None:
    from tertiary.spark import _java_size

    assert _java_size("4GB") == "4g"
    assert _java_size("512 MiB") == "512m"
    with pytest.raises(EngineError, match="not a size"):
        _java_size(memory)


def test_the_launcher_leaves_out_only_what_the_packaged_java_lacks(tmp_path: Path) -> None:
    from tertiary.spark import _write_launcher

    echo = tmp_path / "real java"
    echo.write_text('#!/bin/sh\nfor word do echo "<$word>"; done\n')
    echo.chmod(0o700)
    _write_launcher(tmp_path / "bin" / "java", echo)
    given = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "a b", "--add-opens=java.base/java.nio=ALL-UNNAMED"]
    done = subprocess.run([tmp_path / "bin" / "java", *given], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"<{w}>" for w in given if "incubator" not in w]


def test_nothing_imports_spark_unless_asked() -> None:
    program = (
        "import sys, tertiary.pipeline, tertiary.engine, tertiary.runs, tertiary.cli; print('pyspark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""One Spark session for all tests of this folder; they run in one worker, so that no second one is started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tertiary.spark import SparkEngine

# Spark can compile each query or interpret it; compiling costs more than it saves on few rows
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
# Java's second compiler pays off in long jobs only: half the CPU without it
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="session")
def session() -> Iterator[Any]:
    """The session as the product starts it on this machine: loopback only, no pages of its own, two partitions."""
    os.environ.setdefault("JDK_JAVA_OPTIONS", QUICK_JAVA)
    with SparkEngine(threads=2) as owner:
        yield owner.session


@pytest.fixture
def spark(session: Any) -> Iterator[SparkEngine]:
    """An engine of its own in the shared session, as a user would hand one over; queries are compiled."""
    with SparkEngine(session=session) as made:
        yield made


@pytest.fixture
def interpreting(spark: SparkEngine) -> SparkEngine:
    """The same, with queries interpreted: Spark's other way to compute every expression."""
    for key, value in INTERPRETED.items():
        spark.session.conf.set(key, value)
    return spark

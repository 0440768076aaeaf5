"""An engine that many threads may ask at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tertiary.engine import DuckDBEngine

if TYPE_CHECKING:
    import pyarrow as pa


class SharedEngine(DuckDBEngine):
    """DuckDB with tables that outlive a question and a connection for each thread that asks."""

    def __init__(self) -> None:
        super().__init__()
        self._own = threading.local()
        self._opening = threading.Lock()

    def keep(self, name: str, sql: str) -> int:
        """Compute SQL once and keep its rows under `name` where every thread's `ask` finds them; returns how many."""
        with self._plain_errors():
            self._mine().execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql}')
        return int(self.ask(f'SELECT count(*) AS n FROM "{name}"').column("n")[0].as_py())

    def ask(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """As `query`, with values for its question marks, on a connection of the calling thread: many may ask at once.

        Sees what `scan` and `keep` made, nothing temporary.
        """
        with self._plain_errors():
            return self._mine().sql(sql, params=list(values)).to_arrow_table()

    def _mine(self) -> Any:
        """The calling thread's connection."""
        if not hasattr(self._own, "connection"):
            with self._opening:
                self._own.connection = self.connection.cursor()
        return self._own.connection

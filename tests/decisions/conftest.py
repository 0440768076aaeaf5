"""The tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

from databases import server, store, url

__all__ = ["server", "store", "url"]

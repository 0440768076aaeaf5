"""tertiary: an open engine for commissioning specialised health services in England.

    import tertiary

    run = tertiary.run("inputs", out="runs/m03")
    run.ledger.to_arrow()

Everything else is found through the run. Imports are lazy so that `tertiary --help` is instant.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Run", "Table", "TertiaryError", "__version__", "check", "open", "run"]

_HOMES = {
    "Run": "tertiary.runs",
    "Table": "tertiary.runs",
    "open": "tertiary.runs",
    "TertiaryError": "tertiary.errors",
    "run": "tertiary.pipeline",
    "check": "tertiary.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tertiary' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

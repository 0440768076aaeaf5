"""What is known about services, organisations, places, prices and rules, and from when to when.

    from tertiary.register import Register

    register = Register.load()
    register["services"]                                 # an Arrow table, typed by tables.csv
    register.describe("responsibility").about

Imports are lazy: importing this package reads nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tertiary.register.responsibility import counts, lines, responsible, services
    from tertiary.register.store import Register
    from tertiary.register.validity import valid_on

__all__ = ["Register", "counts", "lines", "responsible", "services", "valid_on"]

_HOMES = {
    "Register": "store",
    "counts": "responsibility",
    "lines": "responsibility",
    "responsible": "responsibility",
    "services": "responsibility",
    "valid_on": "validity",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tertiary.register' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"tertiary.register.{_HOMES[name]}"), name)

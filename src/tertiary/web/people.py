"""Who asks: a person with a role for organisations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tertiary.errors import TertiaryError
from tertiary.sheets import shipped


@dataclass(frozen=True)
class Person:
    """Somebody who asks. `organisations`: codes for which they act; empty for national and public.

    `hosts`: the contracts that those host for others, as `hosting.hosted` names them.
    """

    account: str
    role: str
    organisations: tuple[str, ...]
    label: str
    hosts: tuple[str, ...] = ()


PUBLIC = Person("public", "public", (), "Anybody")


@cache
def roles() -> Mapping[str, Mapping[str, str]]:
    """What each role is called, sees, owns rows by, signs with when it acts for no organisation, and means."""
    return {line.text("role"): line.cells for line in shipped("tertiary.web", "roles.csv", TertiaryError)}


@cache
def demo_people() -> Mapping[str, Person]:
    """The people of the development mode, by account."""
    found = {}
    for line in shipped("tertiary.web", "demo_people.csv", TertiaryError):
        account, role = line.text("account"), line.choice("role", tuple(roles()))
        found[account] = Person(account, role, line.codes("organisation_codes"), line.text("label"))
    return found

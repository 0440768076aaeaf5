"""How far providers live on specialised care: what a run holds of it, and what published accounts say, side by side.

The two are never mixed: a run holds the records of some months, accounts the income of a year, in their own words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tertiary.errors import AllocationError

if TYPE_CHECKING:
    from tertiary.register import Register
    from tertiary.runs import Run

# the register's rows of trust income that state an amount, in millions of pounds, for one trust
STATED = ("specialised income", "specialised income (acute)")
STATED_SHARE = "share of"


@dataclass(frozen=True)
class Dependence:
    """A provider's specialised income. Key: provider. Pounds; shares None when not known.

    From the run: `spend` on specialised lines of its `financial_year` to `last_month`, of it `delegated`; `share` of
    `total`, which the user gives for the same months. From accounts: `nhs_england_share`, NHS England as payer over
    all income from patient care, in `accounts_year`, a ceiling of retained specialised care. Published: `stated`,
    words of a published figure with its year and source.
    """

    provider: str
    spend: Decimal
    delegated: Decimal
    total: Decimal | None
    share: float | None
    accounts_year: str
    nhs_england_share: float | None
    stated: str


@cache
def lines() -> tuple[Mapping[str, str], ...]:
    """Lines of the trust accounts consolidation that say something of specialised income, with the years they hold."""
    text = resources.files("tertiary.allocate").joinpath("accounts_lines.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def dependence(
    run: Run,
    register: Register,
    financial_year: str,
    last_month: int,
    totals: Mapping[str, Decimal] | None = None,
    accounts: Iterable[Mapping[str, Any]] = (),
) -> list[Dependence]:
    """Providers by specialised spend in the run, the highest first; those of which only accounts speak last.

    `totals`: total income by provider in pounds, for the same months as the run's. `accounts`: rows with provider, year
    (such as 2023-24), subcode and amount. AllocationError when a total is not above 0.
    """

    def step(table: Any) -> Any:
        rows = table.filter(
            table.measure == "actual", table.counted, table.financial_year == financial_year,
            table.financial_month <= (last_month if last_month < 12 else 13), table.service_line_final != "",
        )  # fmt: skip
        return rows.group_by("provider_code").aggregate(
            spend=rows.price_submitted.sum(),
            delegated=rows.price_submitted.sum(where=rows.delegation_status == "delegated").fill_null(0),
        )

    spent = {row["provider_code"]: row for row in run.ledger.derive(step).to_arrow().to_pylist()}
    known = accounts_shares(accounts)
    said = _stated(register)
    made = []
    for provider in sorted({*spent, *known}):
        row = spent.get(provider, {"spend": Decimal(0), "delegated": Decimal(0)})
        total = (totals or {}).get(provider)
        if total is not None and total <= 0:
            raise AllocationError(f"Total income of {provider} is {total}; a number of pounds above 0 is needed.")
        year, share = known.get(provider, ("", None))
        made.append(
            Dependence(
                provider,
                row["spend"],
                row["delegated"],
                total,
                float(row["spend"] / total) if total else None,
                year,
                share,
                said.get(provider, ""),
            )
        )
    return sorted(made, key=lambda d: (-d.spend, d.provider))


def accounts_shares(accounts: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, float | None]]:
    """By provider its newest year, and NHS England's share of income from patient care in it (None without a total)."""
    roles = {line["subcode"]: line for line in lines()}
    held: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in accounts:
        line = roles.get(str(row["subcode"]))
        if line is None or not line["year_from"] <= str(row["year"]) <= line["year_to"]:
            continue
        amounts = held.setdefault((str(row["provider"]), str(row["year"])), {})
        amounts[line["role"]] = amounts.get(line["role"], Decimal(0)) + Decimal(row["amount"])
    made: dict[str, tuple[str, float | None]] = {}
    for (provider, year), amounts in sorted(held.items()):
        total, paid = amounts.get("total"), amounts.get("nhs_england")
        made[provider] = year, float(paid / total) if total and paid is not None else None
    return made


def _stated(register: Register) -> dict[str, str]:
    """Words of the newest published figures by provider."""
    made: dict[str, list[tuple[str, str]]] = {}
    for row in register["trust_income"].to_pylist():
        share = row["unit"] == "percent" and row["what"].startswith(STATED_SHARE)
        if not row["provider_code"] or row["value"] is None or not (row["what"] in STATED or share):
            continue
        value = f"{row['value']:.0f}%" if share else f"£{row['value']:,.1f}m"
        text = f"{value} {row['what']}, {row['year']} ({row['source'].split(' (')[0]})"
        made.setdefault(row["provider_code"], []).append((row["year"], text))
    return {provider: "; ".join(text for _, text in sorted(texts)[-2:]) for provider, texts in made.items()}

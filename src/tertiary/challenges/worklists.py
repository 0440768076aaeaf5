"""Lists a host works through beside the log: spend without a contract, other countries' patients, charged visitors.

Rows are totals; no patient and no number of patients is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tertiary.challenges.parties import with_board
from tertiary.challenges.rules import rows as package_rows
from tertiary.errors import ContractError
from tertiary.joins import attach

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.runs import Run

BY = ("host_code", "provider_code", "payer_code", "payer_kind", "financial_year", "financial_month")


def kinds() -> dict[str, Mapping[str, str]]:
    """The worklists: rows of worklists.csv by kind."""
    return {row["kind"]: row for row in package_rows("worklists")}


def worklist(
    run: Run, kind: str, register: Mapping[str, Any], contracted: Iterable[tuple[str, str]] | None = None
) -> pa.Table:
    """Totals of a worklist, dearest first. Key: all columns before records.

    uncontracted: counted spend at providers that have no contract with the payer in `contracted`, pairs of provider and
    payer; without it, at providers for whom the register names no host. devolved: what bodies of Wales, Scotland and
    Northern Ireland bear. overseas: private patients and visitors by charging category, in the flows that carry it:
    several flows may tell of the same care, so that only what `counted` may be added up. `next_step` says what to do.
    ContractError when there is no such list.
    """
    from tertiary.engine import DuckDBEngine

    if kind not in kinds():
        raise ContractError(f"There is no worklist {kind!r}. Worklists: {', '.join(kinds())}.")
    import ibis

    with DuckDBEngine() as engine:
        table = run.table("records")
        records = engine.scan("records", table.paths)
        rows = records.filter(records.fate == "accepted")
        more: tuple[str, ...]
        if kind == "uncontracted":
            rows, more = _uncontracted(engine, rows, register, contracted), ("service_line_final",)
        elif kind == "devolved":
            rows, more = rows.filter(rows.payer_kind == "devolved"), ("service_line_final", "flow", "counted")
        else:
            activity = engine.scan("activity", run.table("activity").paths)
            rows, more = _overseas(rows, activity), ("charging_category", "administrative_category", "flow", "counted")
        rows = _hosted(engine, rows, register)
        found = rows.group_by(*BY, *more).aggregate(
            records=rows.count(),
            price_submitted=rows.price_submitted.sum().cast("decimal(38, 2)"),
            price_expected=rows.price_expected.sum().cast("decimal(38, 2)"),
        )
        found = found.mutate(next_step=ibis.literal(kinds()[kind]["next_step"]))
        dearest = ibis.desc(ibis.coalesce(found.price_submitted, found.price_expected, 0))
        return engine.fetch(found.order_by(dearest, *BY, *more))


def _hosted(engine: Engine, rows: ir.Table, register: Mapping[str, Any]) -> ir.Table:
    """With host_code: who runs the contract, else the ICB or NHS England that pays, else the ICB of the provider."""
    import ibis

    homes = engine.load("worklist_homes", register["provider_hosts"].select(["provider_code", "sub_icb_code"]))
    rows = attach(rows, homes, ["provider_code"])
    rows = with_board(engine, rows, register, "sub_icb_code", "home_code")
    host = ibis.cases(
        (rows.contracting_host != "", rows.contracting_host),
        (rows.payer_kind.isin(["icb", "nhs_england"]), rows.payer_code),
        else_=rows.home_code,
    )
    return rows.mutate(host_code=host)


def _uncontracted(
    engine: Engine, rows: ir.Table, register: Mapping[str, Any], contracted: Iterable[tuple[str, str]] | None
) -> ir.Table:
    import pyarrow as pa

    # patients of other countries and private ones have lists of their own
    rows = rows.filter(rows.counted, rows.payer_kind.notin(["devolved", "private"]))
    if contracted is None:
        held = engine.load("worklist_providers", register["provider_hosts"].select(["provider_code"]))
        return rows.anti_join(held, "provider_code")
    pairs = sorted(set(contracted))
    names = ("provider_code", "payer_code")
    columns = [pa.array([pair[place] for pair in pairs], pa.string()) for place in range(2)]
    return rows.anti_join(engine.load("worklist_contracts", pa.table(columns, names=list(names))), list(names))


def _overseas(rows: ir.Table, activity: ir.Table) -> ir.Table:
    """Who boxes A and B of the method set apart: private patients, and visitors of any category but A."""
    from tertiary.assign.data import codes

    about = activity.select(
        "record_id", "administrative_category", charging_category=activity.overseas_visitor_charging_category
    )
    rows = rows.join(about, "record_id")
    is_visitor = (rows.charging_category != "") & rows.charging_category.notin(codes("ordinarily_resident"))
    return rows.filter(is_visitor | rows.administrative_category.isin(codes("private_administrative_category")))

"""Tables that `tertiary pool` prints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from tertiary.pool import Compared, Exit, Recharge, Settled, Settlement, Statement

NAMES = ("contribution", "contingency", "actual", "variance", "payment", "transfer", "reserve", "balance")


def compared_rows(found: Sequence[Compared]) -> pa.Table:
    import pyarrow as pa

    def rounded(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(f"{value:.4f}")

    columns = {
        "rule": [c.rule for c in found],
        "parameters": [", ".join(f"{n} {float(v):,g}" for n, v in c.parameters.items()) for c in found],
        "transfer": [Decimal(f"{c.transfer:.2f}") for c in found],
        "volatility_removed": [rounded(c.volatility_removed) for c in found],
        "incentive_kept": [rounded(c.incentive_kept) for c in found],
        "from_outside": [Decimal(f"{c.external:.2f}") for c in found],
    }
    money, share = pa.decimal128(18, 2), pa.decimal128(9, 4)
    types = [pa.string(), pa.string(), money, share, share, money]
    made = [pa.array(values, kind) for values, kind in zip(columns.values(), types, strict=True)]
    return pa.table(made, names=list(columns))


def recharge_rows(found: Sequence[Recharge]) -> pa.Table:
    import pyarrow as pa

    money = pa.decimal128(18, 2)
    names = ("opening", "charged", "paid", "closing")
    rows = [{"payer": r.payer, "month": r.financial_month, **{n: getattr(r, n) for n in names}} for r in found]
    schema = [("payer", pa.string()), ("month", pa.int64()), *[(n, money) for n in names]]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def backing_rows(found: Sequence[Recharge]) -> pa.Table:
    import pyarrow as pa

    names = ("service_line_final", "provider_code", "point_of_delivery")
    rows = [
        {"payer": r.payer, "month": r.financial_month, **{n: row[n] for n in names}, "amount": row["amount"]}
        for r in found
        for row in r.backing
    ]
    schema = [("payer", pa.string()), ("month", pa.int64()), *[(n, pa.string()) for n in names]]
    return pa.Table.from_pylist(rows, schema=pa.schema([*schema, ("amount", pa.decimal128(18, 2))]))


def statement_rows(made: Sequence[tuple[Settlement, list[Statement]]]) -> pa.Table:
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for settlement, lines in made:
        month = lines[0].financial_month
        rows += [
            {"month": month, "partner": s.partner, **{n: getattr(s.to_date, n) for n in NAMES}, "movement": s.movement}
            for s in lines
        ]
        sums = {n: settlement.total(n) for n in NAMES}
        moved = sum((s.movement for s in lines), Decimal(0))
        rows.append({"month": month, "partner": "all partners", **sums, "movement": moved})
        outside = {**dict.fromkeys(NAMES), "payment": settlement.external}
        rows.append({"month": month, "partner": "from outside", **outside, "movement": None})
    money = pa.decimal128(18, 2)
    schema = [("month", pa.int64()), ("partner", pa.string()), *[(n, money) for n in (*NAMES, "movement")]]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def version_rows(made: Sequence[tuple[int, int, Settlement]]) -> pa.Table:
    """Each stretch of months by itself: the statement of all months is their sum."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for first, last, settlement in made:
        months = {"from_month": first, "month": last}
        rows += [{**months, "partner": s.partner, **{n: getattr(s, n) for n in NAMES}} for s in settlement.lines]
        rows.append({**months, "partner": "all partners", **{n: settlement.total(n) for n in NAMES}})
        rows.append({**months, "partner": "from outside", "payment": settlement.external})
    schema = [("from_month", pa.int64()), ("month", pa.int64()), ("partner", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema([*schema, *[(n, pa.decimal128(18, 2)) for n in NAMES]]))


def account_rows(account: Exit) -> pa.Table:
    """A leaver's account, item by item, and its total."""
    import pyarrow as pa

    rows = [{"item": i.item, "from": str(i.begins), "to": str(i.ends), "pounds": i.pounds} for i in account.items]
    about = "due from" if account.total >= 0 else "due to"
    rows.append({"item": f"{about} {account.leaver}", "from": None, "to": None, "pounds": account.total})
    schema = [("item", pa.string()), ("from", pa.string()), ("to", pa.string()), ("pounds", pa.decimal128(18, 2))]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def staying_rows(account: Exit) -> pa.Table:
    """Who stays: its line to the leaver's last day, and its figures from the day after."""
    import pyarrow as pa

    money, share = pa.decimal128(18, 2), pa.decimal128(9, 6)
    names = ("contribution", "stranded", "reserve")
    rows: list[dict[str, Any]] = [
        {
            "partner": s.partner, "payment": s.to_date.payment, "balance": s.to_date.balance,
            **{n: getattr(s, n) for n in names},
            **{n: Decimal(f"{float(getattr(s, n)):.6f}") for n in ("share_before", "share_after")},
        }
        for s in account.staying
    ]  # fmt: skip
    sums = {n: sum((row[n] for row in rows), Decimal(0)) for n in ("payment", "balance", *names)}
    rows.append({"partner": "all who stay", **sums})
    schema = [("partner", pa.string()), ("payment", money), ("balance", money), ("contribution", money),
              ("share_before", share), ("share_after", share), ("stranded", money), ("reserve", money)]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def merged_rows(before: Sequence[Settled], after: Sequence[Settled]) -> pa.Table:
    """Positions before and after a merger, with the sums that must be the same."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for when, lines in (("before", before), ("after", after)):
        rows += [{"when": when, "partner": s.partner, **{n: getattr(s, n) for n in NAMES}} for s in lines]
        sums = {n: sum((getattr(s, n) for s in lines), Decimal(0)) for n in NAMES}
        rows.append({"when": when, "partner": "all partners", **sums})
    schema = [("when", pa.string()), ("partner", pa.string()), *[(n, pa.decimal128(18, 2)) for n in NAMES]]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))

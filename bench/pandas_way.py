"""The peer's way: the same rules and look-ups in vectorised pandas, as public NHS pipelines are written.

A rule at a time over boolean masks (`str.startswith`, `isin`), a merge for each look-up, `np.select` for the boxes of
the chart, `groupby` for the ledger. Rules and reference tables are the register's own, ready made. Reasons are not
written and ties are not noted, so it does a little less than ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.pandas_assign import assign
from bench.pandas_rules import identify

SLICE = ["provider_code", "financial_year", "financial_month", "component"]
UNUSED = [
    "approval_id", "attendance_status", "device_code", "drug_code", "first_attendance", "mff_submitted",
    "referral_source", "tariff_code", "unit_price_submitted", "withheld_identity_reason",
]  # fmt: skip
MONEY = ["quantity", "quantity_plan", "price_submitted", "price_plan"]


def run(files: Sequence[Path], overlays: Sequence[Path], out: Path) -> dict[str, int]:
    """Write records and ledger as Parquet; returns their rows."""
    from tertiary.register import Register
    from tertiary.tables import columns

    out.mkdir(parents=True, exist_ok=True)
    register = Register.load(overlays=list(overlays))
    records = read(files)
    records = identify(records, register)
    records = count_once(records)
    records = assign(records, register)
    records = price(records, register)
    wanted = [c.name for c in columns("records") if c.name in records.columns]
    records[wanted].to_parquet(out / "records.parquet", compression="zstd", index=False)
    totals = ledger(records, [c.name for c in columns("ledger") if c.is_key and c.name != "measure"])
    (out / "ledger").mkdir()
    totals.to_parquet(out / "ledger" / "ledger.parquet", compression="zstd", index=False)
    return {"records": len(records), "ledger": len(totals)}


def read(files: Sequence[Path]) -> pd.DataFrame:
    """Accepted activity, the columns that are used; money as floating point, as is usual in pandas."""
    import pyarrow.parquet as pq

    names = [n for n in pq.ParquetFile(files[0]).schema_arrow.names if n not in UNUSED]
    frame = pd.concat([pd.read_parquet(f, columns=names) for f in files], ignore_index=True)
    frame = frame[frame["fate"] == "accepted"].reset_index(drop=True)
    for name in MONEY:
        frame[name] = pd.to_numeric(frame[name].astype("float64"))
    for name in ("activity_date", "start_date", "end_date", "discharge_date"):
        frame[name] = pd.to_datetime(frame[name])
    frame["age"] = frame["age"].fillna(999).astype("int16")
    return frame


def count_once(records: pd.DataFrame) -> pd.DataFrame:
    """Whether a record counts: its flow is the spend basis of its provider, month and component."""
    from importlib import resources

    folder = resources.files("tertiary.ledger")
    with folder.joinpath("flow_groups.csv").open() as lines:
        groups = pd.read_csv(lines).set_index("flow")["flow_group"]
    with folder.joinpath("spend_basis.csv").open() as lines:
        basis = pd.read_csv(lines, parse_dates=["valid_from", "valid_to"]).drop(columns=["source", "confidence"])
    records["flow_group"] = records["flow"].map(groups)
    found = records.groupby([*SLICE, "flow_group"], observed=True, as_index=False)["activity_date"].min()
    found = found.merge(basis.rename(columns={"provider_code": "rule_provider"}), on=["component", "flow_group"])
    day, begun, ended = found["activity_date"], found["valid_from"], found["valid_to"]
    own = found["rule_provider"] == found["provider_code"]
    found = found[((found["rule_provider"] == "*") | own) & (begun <= day) & (ended.isna() | (day < ended))]
    found = found.sort_values("rule_provider", ascending=False)
    special = found[found["rule_provider"] != "*"][SLICE].drop_duplicates().assign(special=True)
    found = found.merge(special, on=SLICE, how="left")
    found = found[found["special"].isna() | (found["rule_provider"] != "*")]
    best = found[found["rank"] == found.groupby(SLICE)["rank"].transform("min")]
    best = best[[*SLICE, "flow_group"]].drop_duplicates().assign(is_basis=True)
    keys = records[[*SLICE, "flow_group"]].merge(best, on=[*SLICE, "flow_group"], how="left")
    last = records["record_id"].isin(_last_episodes(records))
    is_basis = keys["is_basis"].eq(True).to_numpy()
    records["counted"] = is_basis & ((records["flow"] != "apc_episode") | last).to_numpy()
    records.loc[last, "quantity"] = 1.0
    return records.drop(columns="flow_group")


def _last_episodes(records: pd.DataFrame) -> pd.Series:
    """Record ids of the last episode of each spell whose own row never arrived."""
    episodes = records.loc[records["flow"] == "apc_episode", ["record_id", "spell_id", "end_date"]]
    spells = records.loc[records["flow"] == "apc_spell", "spell_id"]
    episodes = episodes.assign(spell_id=episodes["spell_id"].where(episodes["spell_id"] != "", episodes["record_id"]))
    orphans = episodes[~episodes["spell_id"].isin(spells)]
    orphans = orphans.assign(end_date=orphans["end_date"].fillna(pd.Timestamp("1900-01-01")))
    orphans = orphans.sort_values(["spell_id", "end_date", "record_id"])
    return orphans.groupby("spell_id")["record_id"].last()


def price(records: pd.DataFrame, register: Any) -> pd.DataFrame:
    """Expected price: unit price, top-up and market forces where the point of delivery is priced nationally."""
    methods = register["point_of_delivery_prices"].to_pandas().rename(columns={"basis": "pod_basis"})
    methods = methods[["point_of_delivery", "price_group", "currency_field", "top_up_applies", "market_forces_applies",
                       "pod_basis", "valid_from", "valid_to"]]  # fmt: skip
    method = on_day(records, methods, {"point_of_delivery": "point_of_delivery"})
    by_function = method["currency_field"] == "treatment_function_code"
    currency = np.where(by_function, records["treatment_function_code"], records["hrg"])
    is_priced = (method["pod_basis"] == "priced").to_numpy()
    plain = records["flow"].isin(["apc_episode", "iap", "prior_approval"]).to_numpy()
    passed = (records["component"] != "activity").to_numpy()
    basis = method["pod_basis"].fillna("submitted")
    local = (records["national_tariff_indicator"] == "N").to_numpy() & basis.isin(["priced", "submitted"]).to_numpy()
    treatment = np.select([plain, passed, local], ["none", "pass_through", "local"], basis.to_numpy(object))
    keys = pd.DataFrame(
        {
            "financial_year": records["financial_year"],
            "price_group": method["price_group"].fillna(""),
            "currency_code": np.where(is_priced, currency, ""),
        }
    )
    units = register["unit_prices"].select([*keys.columns, "unit_price"]).to_pandas()
    unit = keys.merge(units, on=list(keys.columns), how="left")["unit_price"].astype("float64").to_numpy()
    forces = register["market_forces"].select(["provider_code", "financial_year", "factor"]).to_pandas()
    places = ["provider_code", "financial_year"]
    factor = records[places].merge(forces, on=places, how="left")["factor"].astype("float64").to_numpy()
    rate = _top_up(records, register)
    factor = np.where((method["market_forces_applies"] == "Y") & ~np.isnan(factor), factor, 1.0)
    rate = np.where((method["top_up_applies"] == "Y") & ~np.isnan(rate), rate, 0.0)
    quantity, submitted = records["quantity"].to_numpy(), records["price_submitted"].to_numpy()
    national = (treatment == "priced") & ~np.isnan(unit) & ~np.isnan(quantity)
    amount = np.select([treatment == "none", national], [np.nan, unit * (1 + rate) * factor * quantity], submitted)
    # half away from zero, which np.round is not
    records["price_expected"] = np.sign(amount) * np.floor(np.abs(amount) * 100 + 0.5 + 1e-7) / 100
    records["price_basis"] = np.select(
        [
            treatment == "none",
            national & (method["price_group"] == "critical_care_day").to_numpy(),
            national,
            np.isnan(submitted),
            np.isin(treatment, ["pass_through", "as_agreed", "local"]),
        ],
        ["none", "critical_care", "national", "none", treatment],
        "submitted",
    )
    return records


def _top_up(records: pd.DataFrame, register: Any) -> np.ndarray:
    """Rate of the best-ranked top-up of the line at the provider on the day."""
    key = ["financial_year", "service_line_code", "provider_code"]
    table = register["top_ups"].select([*key, "rate", "rank", "valid_from", "valid_to"]).to_pandas()
    if table.empty:
        return np.full(len(records), np.nan)
    table = table[table["rank"] == table.groupby(key)["rank"].transform("min")].drop(columns="rank")
    left = {"financial_year": "financial_year", "service_line_final": "service_line_code",
            "provider_code": "provider_code"}  # fmt: skip
    return on_day(records, table, left)["rate"].astype("float64").to_numpy()


def on_day(records: pd.DataFrame, table: pd.DataFrame, on: dict[str, str]) -> pd.DataFrame:
    """Values of a dated table for each record, by key and activity date, in the order of the records.

    Distinct keys and days are looked up once and merged back.
    """
    keys = [*on, "activity_date"]
    asked = records[keys].drop_duplicates()
    table = table.assign(valid_from=pd.to_datetime(table["valid_from"]), valid_to=pd.to_datetime(table["valid_to"]))
    renamed = table.rename(columns={right: left for left, right in on.items()})
    found = asked.merge(renamed, on=list(on), how="inner")
    day, begun, ended = found["activity_date"], found["valid_from"], found["valid_to"]
    found = found[(begun.isna() | (begun <= day)) & (ended.isna() | (day < ended))]
    found = found.drop(columns=["valid_from", "valid_to"])
    return records[keys].merge(found, on=keys, how="left").drop(columns=keys)


def ledger(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Actual and plan by everything that finance asks for."""
    actual = records[records["flow"] != "iap"].groupby(keys, observed=True, dropna=False, as_index=False)
    spent = actual.agg(
        records=("record_id", "size"),
        quantity=("quantity", "sum"),
        price_submitted=("price_submitted", "sum"),
        price_expected=("price_expected", "sum"),
    )
    plans = records[records["price_plan"].notna() | records["quantity_plan"].notna()]
    planned = plans.groupby(keys, observed=True, dropna=False, as_index=False).agg(
        records=("record_id", "size"), quantity=("quantity_plan", "sum"), price_submitted=("price_plan", "sum")
    )
    return pd.concat([spent.assign(measure="actual"), planned.assign(measure="plan", price_expected=0.0)])

"""What the official workbook changes once it is loaded: rule priorities and top-ups of eligible providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Rules without an official rank come after every ranked one, in the order of the public pack.
UNRANKED = 100_000
TOP_UP_LIST = "TOP_UP_ELIGIBLE"


def rank_rules(rules: pa.Table, hierarchy: pa.Table) -> pa.Table:
    """Identification rules with the official rank as priority.

    Explicit exclusion outcomes (`not_specialised`) stay first: they outrank every match.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not hierarchy.num_rows:
        return rules
    ranks = hierarchy.select(["service_line_code", "setting", "rank"])
    numbered = rules.append_column("place", pa.array(range(rules.num_rows)))
    joined = numbered.join(ranks, keys=["service_line_code", "setting"], join_type="left outer").sort_by("place")
    unranked = pc.add(joined["priority"], UNRANKED)
    priority = pc.coalesce(joined["rank"], unranked)
    priority = pc.if_else(pc.equal(joined["propagation"], "not_specialised"), joined["priority"], priority)
    at = rules.schema.get_field_index("priority")
    return joined.select(rules.column_names).set_column(at, rules.schema.field("priority"), priority.cast(pa.int32()))


def eligible_top_ups(top_ups: pa.Table, rates: pa.Table, lists: pa.Table) -> pa.Table:
    """Top-ups with the workbook's rates for providers of the list TOP_UP_ELIGIBLE, by line.

    The workbook holds rates by line only; without the list nobody is eligible and no row is made.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    members = lists.filter(pc.equal(lists["list_name"], TOP_UP_LIST)).select(["service_line_code", "provider_code"])
    if not rates.num_rows or not members.num_rows:
        return top_ups
    made = rates.join(members, keys="service_line_code", join_type="inner")
    made = made.append_column("area", pa.array([""] * made.num_rows, pa.string())).select(top_ups.column_names)
    return pa.concat_tables([top_ups, made.cast(top_ups.schema)])

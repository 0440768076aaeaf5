"""The whole oracle: every compared column for every record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from oracle.assigning import Assigner, Options, answer_of
from oracle.identifying import identify_all
from oracle.pricing import counted, price, stand_ins
from oracle.reference import Reference, Row

COMPARED = (
    "service_line_derived",
    "rule_id",
    "service_line_final",
    "service_basis",
    "rule_tie",
    "candidates",
    "would_match",
    "spell_rule_record_id",
    "assignment_date",
    "commissioner_code",
    "assignment_box",
    "assignment_label",
    "box_path",
    "lookup_method",
    "commissioned_service_category",
    "payer_code",
    "payer_kind",
    "population_icb",
    "population_sub_icb",
    "delegation_status",
    "price_expected",
    "price_basis",
    "counted",
    "quantity",
)


def answers(records: list[Row], ref: Reference, options: Options | None = None) -> dict[str, dict[str, Any]]:
    """Compared columns by record_id, for accepted records."""
    assigner = Assigner(ref, options)
    identified = identify_all(records, ref)
    counts, standing = counted(records, ref), stand_ins(records)
    result = {}
    for record in records:
        if record["fate"] != "accepted":
            continue
        i = identified[record["record_id"]]
        a = assigner.assign(record, i.final)
        amount, basis = price(record, i.final, ref, i.derived, a.payer_code)
        quantity = Decimal(1) if record["record_id"] in standing else record["quantity"]
        result[record["record_id"]] = {
            "service_line_derived": i.derived,
            "rule_id": i.rule_id,
            "service_line_final": i.final,
            "service_basis": i.basis,
            "rule_tie": i.tie,
            "candidates": ",".join(i.matched),
            "would_match": ",".join(i.would),
            "spell_rule_record_id": i.spell_rule_record_id,
            "assignment_date": a.date,
            **answer_of(a),
            "commissioned_service_category": a.category,
            "price_expected": amount,
            "price_basis": basis,
            "counted": counts[record["record_id"]],
            "quantity": quantity,
        }
    return result

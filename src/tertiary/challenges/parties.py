"""Which organisation stands behind a code: the ICB of a sub-ICB, NHS England of its hubs, else the code's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tertiary.joins import Lookup, attach_all
from tertiary.register.responsibility import NHS_ENGLAND

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine


def with_board(engine: Engine, rows: ir.Table, register: Mapping[str, Any], column: str, name: str) -> ir.Table:
    """`rows` with the organisation behind the code in `column` on the activity date; blank when it is not known."""
    places = engine.load("challenge_places", _boards(register))
    found = attach_all(rows, [Lookup(places, {column: "code"}, day="activity_date")])
    return found.mutate(**{name: found.board.fill_null("")}).drop("board")


def _boards(register: Mapping[str, Any]) -> pa.Table:
    """Columns code, board, valid_from, valid_to; one row a code and day."""
    import pyarrow as pa

    made = [
        {"code": r["sub_icb_code"], "board": r["icb_code"], **{n: r[n] for n in ("valid_from", "valid_to")}}
        for r in register["sub_icbs"].to_pylist()
        if r["icb_code"]
    ]
    known = {r["code"] for r in made}
    for row in register["commissioner_codes"].to_pylist():
        if row["valid_as_commissioner"] == "Y" and row["code"] not in known:
            is_hub = row["code_class"].startswith("nhse_")
            made.append({"code": row["code"], "board": NHS_ENGLAND if is_hub else row["code"]})
    names = [("code", pa.string()), ("board", pa.string())]
    return pa.Table.from_pylist(
        made, schema=pa.schema([*names, ("valid_from", pa.date32()), ("valid_to", pa.date32())])
    )

"""A folder with every view of the watch on ring-fences, and notes on what the columns rest on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tertiary.allocate.watch import explanations, watch_limits
from tertiary.errors import PublishError

if TYPE_CHECKING:
    import pyarrow as pa


def write_watch(views: Mapping[str, pa.Table], told: str, changes: Mapping[str, float], out: Path) -> None:
    """Each view as a CSV file in the folder `out`, with notes.md.

    `told` is the run's label, `changes` are limits other than those of watch_limits.csv.

    PublishError when `out` cannot be a folder.
    """
    import pyarrow.csv as pc

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(f"{out} cannot be made a folder: {error.strerror}. Give another --out.") from error
    for name, rows in views.items():
        pc.write_csv(rows, out / f"{name}.csv")
    columns = ("explanation", "meaning", "how", "source", "confidence")
    kinds = ["| " + " | ".join(row[c] for c in columns) + " |" for row in explanations()]
    lines = [
        "# Watch on the ring-fence",
        "",
        told,
        "",
        "`gap` = `due` − `spend` = what falls to each explanation + `unexplained`, to the penny. An explanation never "
        "explains more than is left; one that hides a gap (a price that rose) is negative and adds to the rest.",
        "",
        "| explanation | what it is | how it is estimated | source | confidence |",
        "| --- | --- | --- | --- | --- |",
        *kinds,
        "",
        "Drift: the gap is wider than the tolerance, has stood for the last months in a row, and more than the limit "
        "is unexplained. It is a question for the ICB, not a finding against it.",
        "",
        "Contract values of a register of contracts: the part that the loaded plan has on delegated lines (derived).",
        "",
        "| limit | value |",
        "| --- | --- |",
        *(f"| {name} | {value:g} |" for name, value in (watch_limits() | dict(changes)).items()),
        "",
    ]
    (out / "notes.md").write_text("\n".join(lines), encoding="utf-8")

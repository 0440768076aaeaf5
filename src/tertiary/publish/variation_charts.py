"""What charts of variation are drawn from, and what is written around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tertiary.allocate import variation_tables as tables
from tertiary.allocate.rows import names
from tertiary.publish.variation_asked import Question, filters
from tertiary.show import label

if TYPE_CHECKING:
    from tertiary.allocate.variation import Varied
    from tertiary.register import Register
    from tertiary.runs import Run

MOST_BARS, MOST_POINTS = 15, 12
WORDS_FOR = {
    "service_line_final": "service", "pss_line": "manual line", "npoc_code": "programme of care",
    "point_of_delivery": "point of delivery",
}  # fmt: skip
SLOPES = "Along a slope spend per head is the same; shapes: spend. Ratios to the comparator, » beyond the scale"
_CHARTED = (
    "spend_per_head", "spend_per_patient", "patients_per_1000", "comparator_spend_per_head",
    "comparator_spend_per_patient", "comparator_patients_per_1000", "difference", "access_pounds", "intensity_pounds",
    "spend_ratio", "access_ratio", "access_low", "access_high", "intensity_ratio", "intensity_low", "intensity_high",
    "to_aggregate", "with_patient", "with_population",
)  # fmt: skip


def chart_rows(register: Register, by: Sequence[str], made: Sequence[Varied], icb: str) -> list[dict[str, Any]]:
    """Cells for charts: floats, the name, and whether it is the whole of `icb`, the one in question."""
    labels = names(register, "icb")
    found = []
    for cell, row in zip(made, tables.spend_rows(register, by, made).to_pylist(), strict=True):
        name = tables.named(register, by, cell) if by else labels.get(cell.icb, cell.icb)
        shown = {key: float(row[key]) if row[key] is not None else None for key in _CHARTED}
        flags = {f"{part}_flag": row[f"{part}_flag"] for part in ("spend", "access", "intensity")}
        found.append({"name": name, "own": not by and cell.icb == icb, **shown, **flags,
                      "access": shown["access_pounds"], "intensity": shown["intensity_pounds"]})  # fmt: skip
    return found


def points(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Points of the mountain out of rows for charts."""
    return [
        {"name": r["name"], "own": r["own"], "access": r["access_ratio"], "intensity": r["intensity_ratio"],
         "flag": r["spend_flag"]}
        for r in rows
    ]  # fmt: skip


def ratio_of(row: Mapping[str, Any], part: str) -> dict[str, Any]:
    """A ratio with its limits, for `charts.ratios`."""
    return {"name": row["name"], "ratio": row[f"{part}_ratio"], "low": row[f"{part}_low"], "high": row[f"{part}_high"],
            "flag": row[f"{part}_flag"]}  # fmt: skip


def what(by: Sequence[str]) -> str:
    """Dimensions in words."""
    return " and ".join(WORDS_FOR.get(d, d.replace("_", " ")) for d in by)


def lacking_of(rows: Sequence[Mapping[str, Any]], figure: str = "intensity_ratio") -> int:
    """How many rows have no such figure."""
    return sum(row[figure] is None for row in rows)


def coverage_words(rows: Sequence[Mapping[str, Any]], lacking: int) -> str:
    """How complete the patient level data behind a chart are, and how many have no figure."""
    shares = sorted(row["to_aggregate"] for row in rows if row["to_aggregate"] is not None)
    told = f"{shares[0]:.0%} to {shares[-1]:.0%}" if shares else "not known, the run holds no aggregate"
    why = f" {lacking} without a figure: the tables of coverage say why." if lacking else ""
    return f"Coverage of what is shown (patient level over aggregate): {told}.{why}"


def foot(run: Run, asked: Question, *more: str) -> tuple[str, ...]:
    """The lines of source and label under a chart."""
    scope = asked.scope
    year = f"{scope.financial_year[:4]}/{scope.financial_year[4:]}"
    return (
        f"Spend: this run, {year} months 1 to {scope.last_month}, {scope.measure}"
        f"{filters(scope)}. Comparator: {asked.beside.name}.",
        f"People: {asked.people_source}.",
        *more,
        *_lines(label(run)),
    )


def _lines(text: str) -> list[str]:
    """A label over two lines where it is long."""
    head, stop, rest = text.partition(". ")
    return [f"{head}.", rest] if stop else [text]

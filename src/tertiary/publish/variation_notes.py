"""What stands beside the figures of a comparison: what was compared, how, with which limits, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tertiary.allocate.variation import Varied
from tertiary.publish.variation_asked import Question, filters
from tertiary.show import label

if TYPE_CHECKING:
    from tertiary.runs import Run


def notes_of(run: Run, names: Mapping[str, str], asked: Question, own: Varied, charts_left_out: Sequence[str]) -> str:
    """The notes as Markdown; `names` are those of ICBs, `own` the ICB's cell of all services."""
    scope, name = asked.scope, names.get(asked.icb, asked.icb)
    left = [f"{code} ({names.get(code, '')})" for code in asked.beside.left_out]
    beside = [f"{code} ({names.get(code, '')})" for code in asked.beside.icbs]
    rate = asked.limits["false_discovery_rate"].value
    table = [[x.limit, f"{x.value:g}", x.stops or "-", x.source, x.confidence] for x in asked.limits.values()]
    lines = [
        f"# Why {name} spends what it does on specialised services",
        "",
        label(run),
        "",
        "## Summary",
        "",
        summary(own),
        "",
        "## What is compared",
        "",
        f"* Spend: {scope.measure} in pounds, financial year {scope.financial_year}, months 1 to {scope.last_month}, "
        f"every record that counts and has a service line{filters(scope)}. Figures are for these months, not a year.",
        f"* People: {asked.people_source}.",
        f"* Comparator: {asked.beside.name}: {', '.join(beside)}. The run is all there is: this is not England unless "
        "the run is.",
        f"* Left out, because the run holds only a part of their spend: {', '.join(left) or 'none'}.",
        "* Patients are counted distinct over activity, drugs and devices at each grain; rows do not add up.",
        f"* Need: {asked.need_source or 'not given (--need FILE)'}.",
        "",
        "## Method",
        "",
        "Spend per head = patients per head × spend per patient. `ln` columns add up exactly; `access_pounds` and "
        "`intensity_pounds` add up to `difference` (logarithmic mean, Ang 2005). Spend without a patient stays in "
        "spend per patient, so that the identity holds; its share stands beside every figure.",
        "Limits: access exact given all patients (Clopper and Pearson); intensity and spend log-normal from the sum of "
        "squares over patients, by Student's distribution (Welch 1947). A flag is a difference that stands when the "
        f"false discovery rate of the table is held at {rate:.0%} (Benjamini and Hochberg 1995).",
        "Need: distance = spend per head / (need per head beside the comparator × the comparator's spend per head) "
        "− 1, the formula of the variations tool.",
        "",
        "## Limits, beyond which figures are withheld",
        "",
        "| limit | value | withholds | source | confidence |",
        "| --- | --- | --- | --- | --- |",
        *("| " + " | ".join(row) + " |" for row in table),
        "",
        "Withheld cells may still be worked out from totals of other tables: check before anything is published.",
        "",
        "## Charts left out",
        "",
        *([f"* {text}" for text in charts_left_out] or ["None."]),
        "",
    ]
    return "\n".join(lines)


def summary(own: Varied) -> str:
    """One sentence on the whole of an ICB's spend, or why there is none."""
    head, other = own.own.spend_per_head, own.other.spend_per_head
    if own.blocked == "patients" and head is not None and other is not None:
        return (
            f"£{head:,.2f} per head, £{abs(head - other):,.2f} {'more' if head > other else 'less'} than the "
            f"comparator. Whether that is access, intensity or chance is not shown: {own.blocked_because}."
        )
    if own.split is None:
        return f"Not shown: {own.blocked_because}."
    split, people = own.split, own.own.population or 0
    more = "more" if split.spend.pounds > 0 else "less"
    sure = {"higher": "beyond chance", "lower": "beyond chance", "like": "within chance"}
    parts = (("access", "patients per head", split.access), ("intensity", "spend per patient", split.intensity))
    told = [
        f"{name} {part.ratio - 1:+.1%} (limits {part.low - 1:+.1%} to {part.high - 1:+.1%}, {sure[own.flags[key]]})"
        for key, name, part in parts
    ]
    return (
        f"£{own.own.spend_per_head:,.2f} per head, £{abs(split.spend.pounds):,.2f} {more} than the comparator "
        f"(£{abs(split.spend.pounds) * people:,.0f} over {people:,.0f} people; {sure[own.flags['spend']]}): {told[0]}, "
        f"{told[1]}."
    )

"""NHS England's own contract monitoring check (validation tool v5.3): its tests and its ladder of look-ups.

Source: technical guidance April 2025 and the published procedure (GitHub eamazon/highspring). It reads the submitted
line, the responsibility fields and the provider's host sub-ICB; it never sees postcode, charges or diagnoses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tertiary.assign.data import codes, rows
from tertiary.assign.dimensions import ARMED_FORCES, Dimensions, delegated_everywhere
from tertiary.assign.periods import Period
from tertiary.assign.predicates import Answer, Test
from tertiary.assign.settings import AssignSettings
from tertiary.joins import Lookup, attach_all

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from tertiary.engine import Engine
    from tertiary.register import Register

TOOL_RULESET = "tool_v5_3"
LINE = ("status", "listed", "flag", "mental", "dental", "public_health")
KEPT = (
    "tl_status", "sub_rung", "any_rung", "prison_hub", "gr_code", "rr_code",
    *[f"{p}_{c}" for p in ("tg", "tr", "th") for c in ("icb", "region", "hub")],
)  # fmt: skip
PLACE = ("icb", "region", "hub", "delegated")


def with_tool_facts(
    engine: Engine, rows_in: ir.Table, dims: Dimensions, register: Register, used: Sequence[Period]
) -> ir.Table:
    """Rows with the submitted line's facts (`tl_`), the places of the three rungs and the prison practice's hub."""
    import ibis

    line = dims.lines.select(
        "service_line_code", "period", *[dims.lines[f"ln_{n}"].name(f"tl_{n}") for n in LINE]
    )  # fmt: skip
    prisons = engine.load("assign_prison_practices", prison_practices(register))
    army = engine.load("assign_army_practices", army_practices(register))
    keys = {"tg": "gr_code", "tr": "rr_code", "th": "pv_sub_icb"}
    places = [
        Lookup(dims.places.rename({f"{p}_{c}": c for c in PLACE}), {column: "code", "period": "period"})
        for p, column in keys.items()
    ]
    found = attach_all(
        rows_in,
        [
            Lookup(line, {"service_line_submitted": "service_line_code", "period": "period"}),
            *places,
            Lookup(prisons, {"gp_practice_code": "prescribing_practice_code"}),
            Lookup(army, {"gp_practice_responsibility": "army_code"}),
        ],
    )
    blank = ["tl_status", "prison_hub", *[f"{p}_{c}" for p in keys for c in PLACE[:3]]]
    flags = [f"tl_{n}" for n in LINE[1:]] + [f"{p}_delegated" for p in keys] + ["army_responsibility"]
    found = found.mutate(**{n: found[n].fill_null("") for n in blank}, **{n: found[n].fill_null(False) for n in flags})
    whole = [p.number for p in used if delegated_everywhere(register, p)]
    return found.mutate(
        all_delegated=found.period.isin(whole) if whole else ibis.literal(False),
        sub_rung=ibis.cases(
            (found.gr_kind == "sub_icb", "practice_sub_icb"), (found.rr_kind == "sub_icb", "residence_sub_icb"),
            (found.pv_sub_icb != "", "host"), else_="none",
        ),
        any_rung=ibis.cases(
            (found.gr_kind == "sub_icb", "practice_sub_icb"), (found.gr_kind == "icb", "practice_icb"),
            (found.rr_kind == "sub_icb", "residence_sub_icb"), (found.rr_kind == "icb", "residence_icb"),
            (found.pv_sub_icb != "", "host"), else_="none",
        ),
    )  # fmt: skip


def prison_practices(register: Register) -> pa.Table:
    """Key prescribing_practice_code: the justice hub of the site it prescribes for."""
    import pyarrow as pa

    sites = sorted(register["health_justice_sites"].to_pylist(), key=lambda r: -int(r["row_id"]))
    found = {r["prescribing_practice_code"]: r["hub_code"] for r in sites if r["prescribing_practice_code"]}
    return pa.table(
        {"prescribing_practice_code": pa.array(list(found), pa.string()),
         "prison_hub": pa.array(list(found.values()), pa.string())}
    )  # fmt: skip


def army_practices(register: Register) -> pa.Table:
    """Key army_code: practices of the armed forces."""
    import pyarrow as pa

    found = register["armed_forces_practices"]["practice_code"].combine_chunks()
    return pa.table({"army_code": found, "army_responsibility": pa.array([True] * len(found), pa.bool_())})


def _unknown(t: ir.Table) -> ir.Value:
    return ~t.tl_listed


def _special(t: ir.Table) -> ir.Value:
    """A specialised line, or category 21 without a valid code."""
    return t.tl_flag | ((t.commissioned_service_category == "21") & (_unknown(t) | _not_a_line(t)))


def _not_a_line(t: ir.Table) -> ir.Value:
    return t.service_line_submitted.isin(codes("not_specialised_line"))


def _plain(yes: ir.Value) -> Answer:
    import ibis

    return Answer(yes, ibis.literal(False))


def _excluded(t: ir.Table, s: AssignSettings) -> Answer:
    item = t.point_of_delivery.isin(codes("tool_excluded_point_of_delivery"))
    return _plain(item | t.commissioned_service_category.isin(codes("tool_excluded_category")))


def _mental_health(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(t.tl_mental & ~t.service_line_submitted.isin(codes("tool_mental_health_excluded_line")))


def _amber(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(_special(t) & (t.tl_status == "amber"))


def _red_blue_or_unknown(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(_special(t) & (t.tl_status.isin(["red", "blue", "not_applicable"]) | _unknown(t)))


def _secondary_dental(t: ir.Table, s: AssignSettings) -> Answer:
    ordinary = ~t.tl_flag | _not_a_line(t) | _unknown(t)
    function = t.treatment_function_code.isin(codes("dental_treatment_function")) & ordinary
    return _plain(function | t.commissioned_service_category.isin(codes("tool_dental_category")) | t.tl_dental)


def _health_justice(t: ir.Table, s: AssignSettings) -> Answer:
    named = (t.prison_hub != "") | t.commissioned_service_category.isin(codes("tool_justice_category"))
    return _plain(named & ~t.point_of_delivery.isin(codes("tool_emergency_point_of_delivery")))


def _public_health(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(t.tl_public_health | t.commissioned_service_category.isin(codes("tool_public_health_category")))


def _armed_forces(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(t.army_responsibility | t.commissioned_service_category.isin(codes("tool_armed_forces_category")))


def _is_green(t: ir.Table) -> ir.Value:
    return _special(t) & (t.tl_status == "green")


def _green_from_2025(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(_is_green(t) & t.all_delegated)


def _first_known_delegated(t: ir.Table) -> ir.Value:
    return t.sub_rung.cases(
        ("practice_sub_icb", t.tg_delegated), ("residence_sub_icb", t.tr_delegated), ("host", t.th_delegated),
        else_=False,
    )  # fmt: skip


def _green_delegated(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(_is_green(t) & ~t.all_delegated & _first_known_delegated(t))


def _green_not_delegated(t: ir.Table, s: AssignSettings) -> Answer:
    return _plain(_is_green(t) & ~t.all_delegated & ~_first_known_delegated(t))


TOOL: dict[str, Test] = {
    "tool_excluded": _excluded,
    "tool_mental_health": _mental_health,
    "tool_amber": _amber,
    "tool_red_blue_or_unknown": _red_blue_or_unknown,
    "tool_secondary_dental": _secondary_dental,
    "tool_health_justice": _health_justice,
    "tool_public_health": _public_health,
    "tool_armed_forces": _armed_forces,
    "tool_green_from_2025": _green_from_2025,
    "tool_green_delegated": _green_delegated,
    "tool_green_not_delegated": _green_not_delegated,
}


def with_tool_outcome(engine: Engine, decided: ir.Table) -> ir.Table:
    """Commissioner, look-up, reassignment code and payer's ICB for the rows that the tool walked."""
    import ibis

    reasons = engine.load("assign_tool_reasons", _reasons())
    t = decided.mutate(rung=_rung(decided))
    t = attach_all(t, [Lookup(reasons, {"assignment_box": "box", "rung": "rung_name"})])
    walked = t.method == TOOL_RULESET
    t = t.mutate(
        commissioner_code=walked.ifelse(_commissioner(t), t.commissioner_code),
        lookup_method=walked.ifelse(t.tool_method.fill_null(""), t.lookup_method),
        resp_icb=walked.ifelse(_icb(t), t.resp_icb),
    )
    reason = t.tool_reason.fill_null("")
    whole = ibis.ifelse(t.commissioner_code == "", reason, t.commissioner_code + "_" + reason)
    unassigned = walked & (t.assignment_label == "assigned") & (t.commissioner_code == "")
    return t.mutate(
        reassignment_code=walked.ifelse(whole, ""),
        assignment_label=unassigned.ifelse("not_assigned", t.assignment_label),
    )


def _rung(t: ir.Table) -> ir.Value:
    """Which rung of the ladder answered, for the outcome of the walk; blank for the chart."""
    import ibis

    met_icb_first = t.any_rung.isin(["practice_icb", "residence_icb"])
    dental = (t.assignment_box == "D") & met_icb_first
    return t.outcome.cases(
        ("OUT:mental_health_category", (t.tl_status == "green").ifelse("green", "not_green")),
        ("OUT:hub_ladder", t.any_rung),
        ("OUT:region_ladder", t.any_rung),
        ("OUT:hub_of_host", (t.pv_sub_icb != "").ifelse("host", "none")),
        ("OUT:sub_icb_ladder", dental.ifelse("none", t.sub_rung)),
        ("OUT:justice_practice_hub", (t.prison_hub != "").ifelse("prison_practice", "none")),
        ("OUT:armed_forces_hub", (t.method == TOOL_RULESET).ifelse("national_code", "")),
        else_=ibis.literal(""),
    )


def _commissioner(t: ir.Table) -> ir.Value:
    """Commissioner of a tool outcome; blank where the ladder ends without one."""

    def by_rung(short: str) -> ir.Value:
        return t.rung.cases(
            ("practice_sub_icb", t[f"tg_{short}"]), ("practice_icb", t[f"tg_{short}"]),
            ("residence_sub_icb", t[f"tr_{short}"]), ("residence_icb", t[f"tr_{short}"]),
            ("host", t[f"th_{short}"]), else_="",
        )  # fmt: skip

    sub_icb = t.rung.cases(
        ("practice_sub_icb", t.gr_code), ("residence_sub_icb", t.rr_code), ("host", t.pv_sub_icb), else_=""
    )
    return t.outcome.cases(
        ("OUT:hub_ladder", by_rung("hub")),
        ("OUT:hub_of_host", by_rung("hub")),
        ("OUT:region_ladder", by_rung("region")),
        ("OUT:sub_icb_ladder", sub_icb),
        ("OUT:justice_practice_hub", t.prison_hub),
        ("OUT:armed_forces_hub", ARMED_FORCES),
        else_="",
    )


def _icb(t: ir.Table) -> ir.Value:
    """ICB of the commissioner, for the payer."""
    return t.rung.cases(("practice_sub_icb", t.tg_icb), ("residence_sub_icb", t.tr_icb), ("host", t.pv_icb), else_="")


def _reasons() -> pa.Table:
    """Key (box, rung): reason code and look-up of the tool."""
    import pyarrow as pa

    found = rows("tool_reasons")
    names = ("box", "rung", "reason_code", "lookup_method")
    return pa.table({n: pa.array([r[n] for r in found], pa.string()) for n in names}).rename_columns(
        ["box", "rung_name", "tool_reason", "tool_method"]
    )

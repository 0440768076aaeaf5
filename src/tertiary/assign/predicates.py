"""The tests of the boxes, each a Yes/No expression and whether the flow carried what it asks for.

A test that needs a stated value answers No for any other, blank included (guidance p9); `unknown` marks those rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tertiary.assign.data import codes
from tertiary.assign.dimensions import ENGLAND
from tertiary.assign.settings import AssignSettings

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Answer:
    """`yes`: the test holds. `unknown`: the flow lacks the item and the answer could have differed."""

    yes: ir.Value
    unknown: ir.Value


Test = Callable[["ir.Table", AssignSettings], Answer]


def _never() -> ir.Value:
    import ibis

    return ibis.literal(False)


def _known(yes: ir.Value) -> Answer:
    return Answer(yes, _never())


def _nowhere(t: ir.Table) -> ir.Value:
    """The flow says nothing of where the patient lives; the method then assumes the provider's address."""
    return t.residence.isin(["missing", "no_directory"])


def _cds_type_011(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.cds_type == "011")


def _residence_england(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.res_country == ENGLAND, _nowhere(t))


def _private_or_charged(t: ir.Table, s: AssignSettings) -> Answer:
    charged = t.overseas_visitor_charging_category.isin(codes("charged"))
    private = t.administrative_category.isin(codes("private_administrative_category"))
    blank = (t.overseas_visitor_charging_category == "") & (t.administrative_category == "")
    return Answer(charged | private, blank)


def _ordinarily_resident(t: ir.Table, s: AssignSettings) -> Answer:
    category = t.overseas_visitor_charging_category
    resident = category.isin(codes("ordinarily_resident"))
    if s.missing_charging_category == "assume_a":
        resident = resident | (category == "")
    abroad = t.pr_abroad & t.practice_open
    here = t.res_country.isin(codes("united_kingdom"))
    return Answer(resident & ~abroad & here, (category == "") | _nowhere(t))


def _highly_specialised(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.ln_highly)


def _eea_access(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.sp_use == "eea_access", t.postcode == "")


def _english_practice(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.english_gp, _no_practice_said(t))


def _border(t: ir.Table) -> ir.Value:
    """Residence in one of the border areas of box WB-1."""
    return t.border


def _welsh_practice_and_border(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.welsh_gp & _border(t), _undecided(t, t.welsh_gp))


def _welsh_practice_and_english_border(t: ir.Table, s: AssignSettings) -> Answer:
    """WB-10 under the setting `english_residents_only`."""
    found = _welsh_practice_and_border(t, s)
    return Answer(found.yes & (t.res_country == ENGLAND), found.unknown)


def _english_practice_and_border(t: ir.Table, s: AssignSettings) -> Answer:
    english = t.english_gp & ~(t.practice_open & t.pr_abroad)
    return Answer(english & _border(t), _undecided(t, english))


def _no_practice_said(t: ir.Table) -> ir.Value:
    """No practice code, and nothing that stands for one."""
    return (t.gp_practice_code == "") & ~t.english_gp & ~t.welsh_gp


def _undecided(t: ir.Table, practice: ir.Value) -> ir.Value:
    """Practice and border both matter: unknown unless the known half already says No."""
    placeless = _nowhere(t)
    return (_no_practice_said(t) & (placeless | _border(t))) | (placeless & practice)


def _specialised(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.ln_specialised)


def _appendix_c(t: ir.Table, s: AssignSettings) -> Answer:
    return _local(t, "appendix_c_service")


def _referred_via_ras(t: ir.Table, s: AssignSettings) -> Answer:
    return _local(t, "referred_via_ras")


def _international_agreement(t: ir.Table, s: AssignSettings) -> Answer:
    return _local(t, "osv_international_agreement")


def _armed_forces_fertility(t: ir.Table, s: AssignSettings) -> Answer:
    return _local(t, "armed_forces_fertility_approved")


def _other_public_health(t: ir.Table, s: AssignSettings) -> Answer:
    return _local(t, "other_public_health")


def _section_7a(t: ir.Table, s: AssignSettings) -> Answer:
    local = _local(t, "section_7a_service")
    return Answer(local.yes | t.ln_public_health, local.unknown & ~t.ln_public_health)


def _local(t: ir.Table, column: str) -> Answer:
    """Local knowledge that a flow may carry as Y or N."""
    return Answer(t[column] == "Y", t[column] == "")


def _red_or_blue(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.ln_status.isin(codes("red_or_blue")))


def _green(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.ln_specialised & (t.ln_status == "green"))


def _green_or_amber(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.ln_specialised & t.ln_status.isin(["green", "amber"]))


def _contracted_provider(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.pv_hub != "")


def _secondary_dental(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.treatment_function_code.isin(codes("dental_treatment_function")), t.treatment_function_code == "")


def _health_justice(t: ir.Table, s: AssignSettings) -> Answer:
    admitted = t.scope == "admitted"
    detained = t.source_of_admission == s.penal_source_of_admission
    possible = ~admitted | detained | (t.source_of_admission == "")
    return Answer((t.sp_hub != "") & (~admitted | detained), (t.postcode == "") & possible)


def _infertility(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.infertility, t.monitoring)


def _armed_forces_practice(t: ir.Table, s: AssignSettings) -> Answer:
    return Answer(t.pr_army & t.practice_open, t.gp_practice_code == "")


def _delegated(t: ir.Table, s: AssignSettings) -> Answer:
    return _known(t.rp_delegated)


def _category_twin(t: ir.Table, s: AssignSettings) -> Answer:
    """Mental health lines take the mental health twin of a category (not a box); in the tool, green ones do."""
    if s.contract_monitoring_ruleset == "tool":
        return _known(t.monitoring.ifelse(t.tl_status == "green", t.ln_mental))
    return _known(t.ln_mental)


CHART: dict[str, Test] = {
    "cds_type_011": _cds_type_011,
    "residence_england": _residence_england,
    "private_or_charged": _private_or_charged,
    "ordinarily_resident": _ordinarily_resident,
    "highly_specialised": _highly_specialised,
    "eea_access": _eea_access,
    "international_agreement": _international_agreement,
    "english_practice": _english_practice,
    "welsh_practice_and_border": _welsh_practice_and_border,
    "welsh_practice_and_english_border": _welsh_practice_and_english_border,
    "english_practice_and_border": _english_practice_and_border,
    "specialised": _specialised,
    "appendix_c": _appendix_c,
    "referred_via_ras": _referred_via_ras,
    "red_or_blue": _red_or_blue,
    "green_or_amber": _green_or_amber,
    "contracted_provider": _contracted_provider,
    "secondary_dental": _secondary_dental,
    "health_justice": _health_justice,
    "section_7a": _section_7a,
    "other_public_health": _other_public_health,
    "infertility": _infertility,
    "armed_forces_fertility": _armed_forces_fertility,
    "armed_forces_practice": _armed_forces_practice,
    "green": _green,
    "delegated": _delegated,
    "category_twin": _category_twin,
}


def bits(conditions: dict[int, ir.Value]) -> ir.Value:
    """Conditions as one 64-bit word: condition n is bit n. At most 63."""
    import ibis

    word: Any = ibis.literal(0, "int64")
    for place, condition in conditions.items():
        word = word + condition.ifelse(ibis.literal(1 << place, "int64"), ibis.literal(0, "int64"))
    return word

"""Choices where the official documents are silent or disagree; each has the default that the reference page gives."""

from __future__ import annotations

from dataclasses import dataclass

from tertiary.errors import TertiaryError

CHOICES = {
    "missing_charging_category": ("assume_a", "literal"),
    "wb10_welsh_resident": ("chart", "english_residents_only"),
    "contract_monitoring_ruleset": ("chart", "tool"),
}


@dataclass(frozen=True)
class AssignSettings:
    """Settings of the assignment method (docs/reference/assignment.md). Recorded in the manifest of every run.

    TertiaryError when a value is not one of the choices.
    """

    penal_source_of_admission: str = "39"
    """Source of admission that box E reads (rule says 39, the guidance's text 40)."""
    missing_charging_category: str = "assume_a"
    """Blank overseas visitor charging category at box B: `assume_a`, or `literal` (any other value answers No)."""
    wb10_welsh_resident: str = "chart"
    """Box WB-10: `chart` (as WB-1), or `english_residents_only` as the guidance's text speaks of England."""
    residence_from_lsoa: bool = True
    """Where a flow carries no postcode, let the LSOA of residence answer the country and sub-ICB questions."""
    contract_monitoring_ruleset: str = "chart"
    """Contract monitoring flows: `chart` (official method), or `tool` (NHS England's check, v5.3)."""

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise TertiaryError(
                    f"Setting {name} is {getattr(self, name)!r}; expected one of {', '.join(allowed)}. Correct it."
                )

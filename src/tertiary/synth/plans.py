"""Every kind of care as a plan: yearly volume in England, who, where and with which codes.

Plans come from `care.csv` (specialised care and near misses) and from tables of ordinary care, whose mix of currencies
is the cost collection's own once every currency a rule names is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tertiary.synth.data import parameters, rows
from tertiary.synth.prices import ADMITTED, DEPARTMENTS, PriceBook

if TYPE_CHECKING:
    from tertiary.register import Register

TAIL = 0.0004  # currencies rarer than this share of their chapter are left out, to keep tables small


@dataclass(frozen=True)
class Plan:
    """One kind of care. Volume is a year of England at full scale; text fields are choices or settings."""

    name: str
    setting: str
    line: str
    cohort: str
    volume: float
    list: str
    avoid: str
    age_min: int
    age_max: int
    sex: str
    treatment_function: str
    specialty: str
    diagnosis: str
    secondary: str
    procedure: str
    hrg: tuple[str, ...]
    unbundled: str
    mix: str
    stay: float
    critical: str
    ordinary: bool = False


def plans(register: Register, book: PriceBook) -> tuple[Plan, ...]:
    """All plans, specialised first."""
    found = [_care(row, book) for row in rows("care")]
    avoid = _rule_lists(register)
    found += _ordinary_admitted(register, book)
    found += [_ordinary_outpatient(row, book) for row in rows("ordinary_op")]
    found.append(_emergency(book))
    return tuple(_avoiding(p, avoid) for p in found)


def _care(row: dict[str, str], book: PriceBook) -> Plan:
    hrg = tuple(book.matching(row["hrg"])) if row["setting"] == "apc" else tuple(row["hrg"].split())
    volume = row["volume"]
    if volume.startswith("ncc"):
        codes = book.matching(volume.partition(":")[2].partition("*")[0] or row["hrg"])
        number = book.volume(codes)
    else:
        number = 0.0 if volume in ("sessions", "monthly") else float(volume)
    return Plan(
        name=row["care"], setting=row["setting"], line=row["line"], cohort=row["cohort"], volume=number,
        list=row["list"], avoid=row["avoid"], age_min=int(row["age_min"] or 0), age_max=int(row["age_max"] or 120),
        sex=row["sex"], treatment_function=row["treatment_function"], specialty="", diagnosis=row["diagnosis"],
        secondary=row["secondary"], procedure=row["procedure"], hrg=hrg, unbundled=row["unbundled"], mix=row["mix"],
        stay=float(row["stay"] or 0), critical=row["critical"],
    )  # fmt: skip


def _ordinary_admitted(register: Register, book: PriceBook) -> list[Plan]:
    named = _named_currencies(register)
    found = []
    for row in rows("chapters"):
        codes = [c for c in book.codes if c.startswith(row["chapter"]) and not c.startswith(named)]
        total = book.volume(codes)
        codes = [c for c in codes if book.volume([c]) > TAIL * total]
        if not codes:
            continue
        shares = [sum(book.activity.get(d, {}).get(c, 0) for d in DEPARTMENTS[g] for c in codes) for g in DEPARTMENTS]
        mix = "/".join(f"{100 * s / max(sum(shares), 1):.3f}" for s in shares)
        found.append(
            Plan(
                name=f"ordinary_{row['chapter']}", setting="apc", line="", cohort="general",
                volume=book.volume(codes) * parameters()["share_apc"], list="", avoid="",
                age_min=int(row["age_min"] or 0), age_max=int(row["age_max"] or 120), sex="2" if row["chapter"] in
                ("MA", "MB", "MC", "NZ", "JA") else "", treatment_function=row["treatment_function"],
                specialty=row["main_specialty"], diagnosis=row["diagnosis"], secondary="", procedure=row["procedure"],
                hrg=tuple(codes), unbundled="", mix=mix, stay=6.0, critical="", ordinary=True,
            )
        )  # fmt: skip
    return found


def _ordinary_outpatient(row: dict[str, str], book: PriceBook) -> Plan:
    tfc = row["treatment_function"]
    suffix = "_procedure" if row["hrg"] else ""
    done = book.activity["Outpatient Procedures"]
    codes = tuple(c for prefix in row["hrg"].split() for c in sorted(done) if c.startswith(prefix))
    return Plan(
        name=f"ordinary_op_{tfc}{suffix}", setting="op", line="", cohort="general",
        volume=float(row["volume"]) * parameters()["share_op"], list="", avoid="", age_min=int(row["age_min"] or 0),
        age_max=int(row["age_max"] or 120), sex=row["sex"], treatment_function=tfc, specialty=row["main_specialty"],
        diagnosis="", secondary="", procedure="", hrg=codes, unbundled="", mix=row["first_share"],
        stay=0, critical="", ordinary=True,
    )  # fmt: skip


def _emergency(book: PriceBook) -> Plan:
    codes = sorted(book.activity["Emergency Care"])
    volume = sum(book.activity["Emergency Care"].values()) * parameters()["share_ec"]
    return Plan(
        name="emergency_care", setting="ec", line="", cohort="general", volume=volume, list="", avoid="", age_min=0,
        age_max=120, sex="", treatment_function="180", specialty="180", diagnosis="", secondary="", procedure="",
        hrg=tuple(codes), unbundled="", mix="", stay=0, critical="", ordinary=True,
    )  # fmt: skip


def _named_currencies(register: Register) -> tuple[str, ...]:
    """HRG prefixes some rule names: ordinary care leaves them alone."""
    found = {
        r["pattern"].rstrip("*")
        for r in register["rule_criteria"].to_pylist()
        if r["dimension"] in ("hrg", "spell_hrg", "unbundled_hrg")
    }
    return tuple(sorted(found | {"SB", "SC", "UZ", "VA", "EC"}))


def _rule_lists(register: Register) -> dict[tuple[str, str], set[str]]:
    """(setting, treatment function) to provider lists at which a rule fires on the treatment function alone."""
    clauses: dict[tuple[str, int], dict[str, list[str]]] = {}
    for r in register["rule_criteria"].to_pylist():
        if r["negated"] != "Y":
            clauses.setdefault((r["rule_id"], r["clause"]), {}).setdefault(r["dimension"], []).append(r["pattern"])
    settings = {r["rule_id"]: r["setting"].lower() for r in register["identification_rules"].to_pylist()}
    found: dict[tuple[str, str], set[str]] = {}
    for (rule, _), criteria in clauses.items():
        alone = set(criteria) <= {"treatment_function_code", "age_min", "age_max", "sex", "provider_list"}
        adult = "age_max" not in criteria
        if alone and adult and "treatment_function_code" in criteria and "provider_list" in criteria:
            for tfc in criteria["treatment_function_code"]:
                found.setdefault((settings[rule], tfc), set()).update(criteria["provider_list"])
    return found


def _avoiding(plan: Plan, avoid: dict[tuple[str, str], set[str]]) -> Plan:
    """Ordinary care under a treatment function that some rule reads stays away from that rule's providers."""
    if not plan.ordinary:
        return plan
    codes = [p.partition("*")[0] for p in plan.treatment_function.split()]
    names = sorted(set().union(*(avoid.get((plan.setting, c), set()) for c in codes)))
    return replace(plan, avoid=" ".join(names)) if names else plan


__all__ = ["ADMITTED", "Plan", "plans"]

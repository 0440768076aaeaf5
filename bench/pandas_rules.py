"""Identification in pandas: each rule a mask, then spells, links and the order of bases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fnmatch import translate
from typing import Any

import numpy as np
import pandas as pd

LISTS = {"diagnosis_any": "diagnosis_all", "procedure_any": "procedure_all", "unbundled_hrg": "unbundled_hrg_all"}
TOLD = ("apc_episode", "apc_spell", "op")
CARE = ("cc_adult", "cc_paediatric", "cc_neonatal")
NONE = -1


def identify(records: pd.DataFrame, register: Any) -> pd.DataFrame:
    """Add rule_id, rule_status, service_line_derived, service_line_final and service_basis."""
    from tertiary.identify.pack import packs, rules

    known = rules(register)
    alone = (records["spell_id"] == "") & records["flow"].isin(["apc_episode", "apc_spell"])
    records["own_spell"] = records["spell_id"].where(~alone, records["record_id"])
    mental = records["mental_health_category"]
    records["submitted_code"] = mental.where(mental != "", records["service_line_submitted"])
    with_episodes = records.loc[records["flow"] == "apc_episode", "own_spell"].unique()
    tested = {}
    for pack in packs(register):
        rows = records["flow"].isin(pack.flows)
        if pack.rolls_up:
            rows &= (records["flow"] == "apc_episode") | ~records["own_spell"].isin(with_episodes)
        part = records[rows]
        tested[pack.name] = (pack, part.index, Tests(part, register).held(pack))
    spells = _spells(tested, records)
    own = _own(tested, records, spells)
    return _lines(records, register, known, _numbers(records, tested, spells, own, known, with_episodes))


class Tests:
    """The records of one pack, their code lists exploded once, and the mask of each clause over them."""

    def __init__(self, part: pd.DataFrame, register: Any) -> None:
        self.part = part.reset_index(drop=True)
        self.lists = {}
        for dimension, column in LISTS.items():
            filled = self.part.loc[self.part[column] != "", column]
            self.lists[dimension] = filled.str.split(",").explode()
        filled = self.part["diagnosis_all"]
        self.primary = filled.str.split(",", n=1).str[0]
        self.members = register["provider_lists"].to_pandas()
        services = register["service_lines"].to_pandas().query("code_kind == 'service'")["service_line_code"]
        listing = register["service_line_status"].to_pandas()
        listing = listing[listing["service_line_code"].isin(services)]
        self.listing = listing[listing["delegation_status"] != "not_listed"]

    def held(self, pack: Any) -> list[np.ndarray]:
        """For each clause of the pack the mask of the records on which it holds."""
        return [self._clause(pack, clause) for clause in pack.clauses]

    def _clause(self, pack: Any, clause: Any) -> np.ndarray:
        mask = self._in_force(pack, clause.rule)
        groups: dict[tuple[str, bool], list[Any]] = defaultdict(list)
        for criterion in clause.criteria:
            groups[criterion.dimension, criterion.negated].append(criterion)
        for (dimension, negated), criteria in groups.items():
            met = self._met(dimension, criteria, clause.rule.service_line_code)
            mask &= ~met if negated else met
        return mask

    def _in_force(self, pack: Any, rule: Any) -> np.ndarray:
        mask = np.zeros(len(self.part), bool)
        for setting, flow, begun, ended in pack.periods:
            if setting == rule.setting:
                mask |= (self.part["flow"] == flow).to_numpy() & self._between(begun, ended)
        return mask & self._between(rule.valid_from, rule.valid_to)

    def _between(self, begun: Any, ended: Any) -> np.ndarray:
        day = self.part["activity_date"]
        mask = np.ones(len(self.part), bool)
        if pd.notna(begun):
            mask &= (day >= pd.Timestamp(begun)).to_numpy()
        if pd.notna(ended):
            mask &= (day < pd.Timestamp(ended)).to_numpy()
        return mask

    def _met(self, dimension: str, criteria: Sequence[Any], line: str) -> np.ndarray:
        if dimension in ("age_min", "age_max"):
            age, limit = self.part["age"].to_numpy(), int(criteria[0].pattern)
            return (age != 999) & ((age >= limit) if dimension == "age_min" else (age <= limit))
        if dimension == "provider_list":
            return self._on_list([c.pattern for c in criteria], line)
        if any(c.kind == "listed" for c in criteria):
            return self._listed(tuple(c.pattern for c in criteria))
        if dimension in LISTS:
            codes = self.lists[dimension]
            mask = np.zeros(len(self.part), bool)
            mask[codes.index[_matches(codes, criteria)].unique()] = True
            return mask
        return _matches(self.primary if dimension == "diagnosis_primary" else self.part[dimension], criteria)

    def _on_list(self, names: Sequence[str], line: str) -> np.ndarray:
        chosen = self.members[self.members["list_name"].isin(names)]
        chosen = chosen[chosen["service_line_code"].isin(["", line])]
        mask = np.zeros(len(self.part), bool)
        for (begun, ended, site), some in chosen.groupby(["valid_from", "valid_to", "site_code"], dropna=False):
            at = self.part["provider_code"].isin(some["provider_code"]).to_numpy() & self._between(begun, ended)
            mask |= at & (self.part["site_code"] == site).to_numpy() if isinstance(site, str) and site else at
        return mask

    def _listed(self, starts: tuple[str, ...]) -> np.ndarray:
        chosen = self.listing[self.listing["service_line_code"].str.startswith(starts)]
        mask = np.zeros(len(self.part), bool)
        for (begun, ended), some in chosen.groupby(["valid_from", "valid_to"], dropna=False):
            at = self.part["service_line_submitted"].isin(some["service_line_code"]).to_numpy()
            mask |= at & self._between(begun, ended)
        return mask


def _matches(values: pd.Series, criteria: Sequence[Any]) -> np.ndarray:
    """Whether a value starts with a prefix, is one of the exact codes or fits a pattern; blank matches nothing."""
    mask = np.zeros(len(values), bool)
    prefixes = tuple(c.pattern for c in criteria if c.kind == "prefix")
    exact = [c.pattern for c in criteria if c.kind not in ("prefix", "glob")]
    if prefixes:
        mask |= values.str.startswith(prefixes).to_numpy(bool)
    if exact:
        mask |= values.isin(exact).to_numpy()
    for criterion in criteria:
        if criterion.kind == "glob":
            mask |= values.str.fullmatch(translate(criterion.pattern)).to_numpy(bool) & (values != "").to_numpy(bool)
    return mask


def _first(clauses: Sequence[Any], masks: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """Number of the first rule that holds; clauses stand in the order in which rules win."""
    if not clauses:
        return np.full(rows, NONE)
    return np.select(masks, [c.rule.number for c in clauses], NONE)


def _spells(tested: dict[str, Any], records: pd.DataFrame) -> pd.Series:
    """Rule number of each spell that a rule decides as a whole."""
    from tertiary.identify.pack import SPELL_PROPAGATION

    pack, index, masks = next(t for t in tested.values() if t[0].rolls_up)
    asked = {c.rule.number for c in pack.clauses if c.spell_specialised is not None}
    pairs = [
        (c, m)
        for c, m in zip(pack.clauses, masks, strict=True)
        if c.rule.propagation in SPELL_PROPAGATION and c.rule.number not in asked and not c.rule.silent
    ]
    number = pd.Series(_first([c for c, _ in pairs], [m for _, m in pairs], len(index)), index=index)
    number = number[number != NONE]
    return number.groupby(records.loc[number.index, "own_spell"]).min()


def _own(tested: dict[str, Any], records: pd.DataFrame, spells: pd.Series) -> pd.Series:
    """Rule number of each tested record by itself."""
    from tertiary.identify.pack import SPELL_PROPAGATION

    excluding = {c.rule.number for pack, _, _ in tested.values() for c in pack.clauses
                 if c.rule.propagation == "not_specialised"}  # fmt: skip
    special = spells[~spells.isin(excluding)].index
    own = pd.Series(NONE, index=records.index)
    for pack, index, masks in tested.values():
        in_special = records.loc[index, "own_spell"].isin(special).to_numpy()
        pairs = []
        for clause, mask in zip(pack.clauses, masks, strict=True):
            if clause.rule.silent or (pack.rolls_up and clause.rule.propagation in SPELL_PROPAGATION):
                continue
            if clause.spell_specialised is not None:
                mask = mask & (in_special if clause.spell_specialised else ~in_special)
            pairs.append((clause, mask))
        own.loc[index] = _first([c for c, _ in pairs], [m for _, m in pairs], len(index))
    return own


def _numbers(
    records: pd.DataFrame, tested: dict[str, Any], spells: pd.Series, own: pd.Series, known: Sequence[Any],
    with_episodes: Any,
) -> pd.DataFrame:  # fmt: skip
    """Rule number of each record: of its spell, else its own; for contract monitoring of the record it names."""
    repeats = [r.number for r in known if r.service_line_code == "*"]
    admitted = records["flow"].isin(["apc_episode", "apc_spell"])
    of_spell = records["own_spell"].map(spells).fillna(NONE).astype(int)
    told = pd.Series(np.where(admitted & (of_spell != NONE), of_spell, own), index=records.index)
    unseen = (records["flow"] == "apc_spell") & records["own_spell"].isin(with_episodes)
    told = told.where(~unseen | (of_spell != NONE), NONE)
    tells = (told != NONE) & ~told.isin(repeats)
    number = np.select([admitted & (of_spell != NONE), records["flow"] == "apc_spell"], [of_spell, NONE], own)
    linked = np.full(len(records), NONE)
    rows = records["flow"] == "plcm"
    part = records[rows]
    hospital = tells & records["flow"].isin(TOLD)
    cds = _least(records[hospital & (records["cds_unique_id"] != "")], told, ["provider_code", "cds_unique_id"], part)
    visits = tells & (records["flow"] == "op") & (records["attendance_id"] != "")
    visit = _least(records[visits], told, ["attendance_id"], part)
    care_flow = _care_flow(part)
    periods = records[tells & records["flow"].isin(CARE) & (records["own_spell"] != "")]
    care = _least(periods.assign(care_flow=periods["flow"]), told, ["own_spell", "care_flow"],
                  part.assign(care_flow=care_flow))  # fmt: skip
    whole = of_spell[rows].to_numpy()
    whole = np.where(np.isin(whole, repeats), NONE, whole)
    named = np.select([cds != NONE, whole != NONE], [cds, whole], visit)
    linked[rows.to_numpy()] = np.where(care_flow != "", care, named)
    return pd.DataFrame({"number": np.where(linked != NONE, linked, number), "is_linked": linked != NONE})


def _least(tellers: pd.DataFrame, told: pd.Series, keys: list[str], part: pd.DataFrame) -> np.ndarray:
    """The lowest rule number that tellers have for the keys of each row of `part`."""
    lowest = told.loc[tellers.index].groupby([tellers[k] for k in keys]).min().rename("least").reset_index()
    return part[keys].merge(lowest, on=keys, how="left")["least"].fillna(NONE).astype(int).to_numpy()


def _care_flow(part: pd.DataFrame) -> np.ndarray:
    from tertiary.identify.final import critical_care_rows

    rows = critical_care_rows()
    tests = [
        ((part["point_of_delivery"] == r["point_of_delivery"]) | part["hrg"].str.startswith(r["hrg_prefix"])).to_numpy()
        for r in rows
    ]
    return np.select(tests, [r["flow"] for r in rows], "")


def _lines(records: pd.DataFrame, register: Any, known: Sequence[Any], found: pd.DataFrame) -> pd.DataFrame:
    """The line that is used: of the bases of the flow the first that gives one."""
    from bench.pandas_way import on_day
    from tertiary.identify.final import basis_order

    table = pd.DataFrame(
        [(r.rule_id, r.service_line_code, r.status, r.propagation) for r in known] + [("", "", "", "")],
        columns=["rule_id", "line", "status", "propagation"],
    )
    rule = table.iloc[found["number"].to_numpy()].reset_index(drop=True)
    has_rule = (found["number"] != NONE).to_numpy()
    excluded = (rule["propagation"] == "not_specialised").to_numpy()
    repeats = (rule["line"] == "*").to_numpy()
    submitted, sus = records["service_line_submitted"], records["service_line_sus"]
    derived = np.select([excluded, repeats], ["", submitted.to_numpy(object)], rule["line"].to_numpy(object))
    kinds = register["service_lines"].to_pandas().set_index("service_line_code")["code_kind"]
    kind = submitted.map(kinds)
    listing = register["service_line_status"].to_pandas()
    listing = listing[listing["delegation_status"] != "not_listed"]
    listing = listing[["service_line_code", "delegation_status", "valid_from", "valid_to"]]
    is_listed = on_day(records, listing, {"service_line_submitted": "service_line_code"})["delegation_status"].notna()
    from_rule = has_rule & ~repeats & ~excluded
    linked = found["is_linked"].to_numpy()
    gives = {
        "derived": from_rule & ~linked,
        "linked": from_rule & linked,
        "sus": (sus.map(kinds) == "service").to_numpy(),
        "submitted": (kind == "service").to_numpy() & is_listed.to_numpy(),
        "submitted_any": kind.notna().to_numpy() & (submitted != "99999999").to_numpy(),
    }
    tests, names = [excluded], ["excluded"]
    for flow, order in basis_order().items():
        at = (records["flow"] == flow).to_numpy()
        tests += [at & gives[basis] for basis in order]
        names += [basis.removesuffix("_any") for basis in order]
    basis = np.select(tests, names, "none")
    records["rule_id"], records["rule_status"] = rule["rule_id"], rule["status"]
    records["service_line_derived"], records["service_basis"] = derived, basis
    records["service_line_final"] = np.select(
        [np.isin(basis, ["derived", "linked"]), basis == "sus", basis == "submitted"],
        [derived, sus.to_numpy(object), submitted.to_numpy(object)],
        "",
    )
    records["service_line_final"] = records["service_line_final"].astype("str")
    return records

"""The way of one big CASE: every rule written out over raw columns, first rule that holds wins.

Identification of each record by itself: spells, links between flows and the order of bases cannot be said in a CASE,
so it is held against the rules alone. Lists of codes are searched with one pattern a clause, which is kinder than a
LIKE for each code.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

LISTS = {"diagnosis_any": "diagnosis_all", "procedure_any": "procedure_all", "unbundled_hrg": "unbundled_hrg_all"}
EXPRESSIONS = {
    "diagnosis_primary": "split_part(diagnosis_all, ',', 1)",
    "submitted_code": "CASE WHEN mental_health_category <> '' THEN mental_health_category"
    " ELSE service_line_submitted END",
}


def run(files: Sequence[Path], overlays: Sequence[Path], out: Path) -> dict[str, int]:
    """Write the first rule that holds for each record."""
    import duckdb

    from tertiary.register import Register

    out.mkdir(parents=True, exist_ok=True)
    names = [str(p) for p in files]
    query = f"SELECT record_id, flow, {statement(Register.load(overlays=list(overlays)))} AS first_rule"
    with duckdb.connect() as db:
        db.execute("SET threads = 2")
        db.execute("SET memory_limit = '4GB'")
        target = out / "records.parquet"
        source = f"read_parquet({names}) WHERE fate = 'accepted'"
        done = db.execute(f"COPY ({query} FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        return {"records": done.fetchall()[0][0]}


def statement(register: Any) -> str:
    """The CASE: a WHEN for each clause, in the order in which rules win. Clauses that ask about the spell stay out."""
    from tertiary.identify.pack import packs

    facts = _Facts(register)
    whens, seen = [], set()
    for pack in packs(register):
        for clause in pack.clauses:
            if clause.spell_specialised is None and not clause.rule.silent and clause not in seen:
                seen.add(clause)
                flows = sorted({f for s, f, _, _ in pack.periods if s == clause.rule.setting})
                tests = [f"flow IN ({_listed(flows)})", *facts.dates(clause.rule), *facts.tests(clause)]
                whens.append((clause.rule.number, f"WHEN {' AND '.join(tests)} THEN '{clause.rule.rule_id}'"))
    return "CASE\n" + "\n".join(text for _, text in sorted(whens)) + "\nELSE '' END"


class _Facts:
    """What rules refer to outside the record: provider lists and listed codes, with their dates."""

    def __init__(self, register: Any) -> None:
        self.members = register["provider_lists"].to_pylist()
        services = {
            r["service_line_code"] for r in register["service_lines"].to_pylist() if r["code_kind"] == "service"
        }
        self.listing = [
            r
            for r in register["service_line_status"].to_pylist()
            if r["service_line_code"] in services and r["delegation_status"] != "not_listed"
        ]

    def dates(self, held: Any) -> list[str]:
        """Tests of the activity date against an interval; an unknown date counts as the first day."""
        first, end = (held.valid_from, held.valid_to) if not isinstance(held, tuple) else held
        tests = [f"activity_date >= DATE '{first}'"] if first and first > date(1900, 1, 1) else []
        return tests + ([f"activity_date < DATE '{end}'"] if end else [])

    def tests(self, clause: Any) -> list[str]:
        """One test for each dimension of a clause; patterns of a dimension are alternatives."""
        groups: dict[tuple[str, bool], list[Any]] = defaultdict(list)
        for criterion in clause.criteria:
            groups[criterion.dimension, criterion.negated].append(criterion)
        made = []
        for (dimension, negated), criteria in groups.items():
            test = self._test(dimension, criteria, clause.rule.service_line_code)
            made.append(f"NOT coalesce({test}, false)" if negated else test)
        return made

    def _test(self, dimension: str, criteria: list[Any], line: str) -> str:
        if dimension in ("age_min", "age_max"):
            sign = ">=" if dimension == "age_min" else "<="
            return f"(age <> 999 AND age {sign} {int(criteria[0].pattern)})"
        if dimension == "provider_list":
            return self._any(
                (
                    r,
                    f"provider_code = '{r['provider_code']}'"
                    + (f" AND site_code = '{r['site_code']}'" if r["site_code"] else ""),
                )
                for r in self.members
                if r["list_name"] in {c.pattern for c in criteria} and r["service_line_code"] in ("", None, line)
            )
        if any(c.kind == "listed" for c in criteria):
            starts = tuple(c.pattern for c in criteria)
            return self._any(
                (r, f"service_line_submitted = '{r['service_line_code']}'")
                for r in self.listing
                if r["service_line_code"].startswith(starts)
            )
        column = LISTS.get(dimension) or EXPRESSIONS.get(dimension, dimension)
        pattern = "|".join(_pattern(c) for c in criteria)
        if dimension in LISTS:
            return f"regexp_matches({column}, '(^|,)({pattern})')"
        if all(c.kind == "exact" for c in criteria):
            return f"{column} IN ({_listed(c.pattern for c in criteria)})"
        return f"regexp_matches({column}, '^({pattern})')"

    def _any(self, alternatives: Any) -> str:
        """Alternatives with the dates between which they hold, those of equal dates and form together."""
        groups: dict[tuple[Any, Any], list[str]] = defaultdict(list)
        for row, test in alternatives:
            groups[row["valid_from"], row["valid_to"]].append(test)
        parts = []
        for span, tests in sorted(groups.items(), key=str):
            simple = [re.fullmatch(r"(\w+) = '([^']*)'", t) for t in sorted(set(tests))]
            if all(simple):
                test = f"{simple[0][1]} IN ({_listed(m[2] for m in simple)})"
            else:
                test = "(" + " OR ".join(f"({t})" for t in sorted(set(tests))) + ")"
            parts.append("(" + " AND ".join([test, *self.dates(span)]) + ")")
        return "(" + (" OR ".join(parts) or "false") + ")"


def _pattern(criterion: Any) -> str:
    """A criterion as a regular expression from the start of a code."""
    if criterion.kind == "glob":
        return re.escape(criterion.pattern).replace(r"\*", "[^,]*").replace(r"\?", "[^,]") + "(,|$)"
    return re.escape(criterion.pattern) + ("(,|$)" if criterion.kind == "exact" else "")


def _listed(values: Any) -> str:
    return ", ".join(f"'{v}'" for v in values)

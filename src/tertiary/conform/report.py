"""What a run of test vectors found: counts by suite, and every value that disagrees."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

AGREED, DISAGREED, NOT_RUN = 0, 1, 2
RELATIVE, ABSOLUTE = 1e-6, 1e-9


@dataclass(frozen=True)
class Disagreement:
    """One value: which case, which field, what the vector expects and what the product gave."""

    case: str
    field: str
    expected: str
    found: str


@dataclass
class Suite:
    """One suite. `worst` is the greatest relative difference of numbers; labels either agree or do not."""

    name: str
    what: str
    files: list[str]
    was_run: bool = False
    compared: int = 0
    agreed: int = 0
    worst: float = 0.0
    disagreements: list[Disagreement] = field(default_factory=list)

    def compare(self, case: str, name: str, expected: str, found: str) -> None:
        """Compare one label exactly."""
        self.compared += 1
        if expected == found:
            self.agreed += 1
        else:
            self.disagreements.append(Disagreement(case, name, expected, found))

    def compare_number(self, case: str, name: str, expected: float | None, found: float | None) -> None:
        """Compare one number within RELATIVE, near nought within ABSOLUTE; None is no value."""
        self.compared += 1
        if expected is None or found is None:
            agrees = expected is found
        else:
            gap = abs(expected - found)
            self.worst = max(self.worst, gap / max(abs(expected), ABSOLUTE / RELATIVE))
            agrees = gap <= max(RELATIVE * abs(expected), ABSOLUTE)
        if agrees:
            self.agreed += 1
        else:
            told = ["no value" if v is None else f"{v:g}" for v in (expected, found)]
            self.disagreements.append(Disagreement(case, name, *told))


@dataclass(frozen=True)
class ConformReport:
    """All suites found under a folder, in order of name."""

    directory: str
    suites: tuple[Suite, ...]

    @property
    def exit_code(self) -> int:
        """1 when any value disagrees, else 2 when a suite was not run, else 0."""
        if any(s.disagreements for s in self.suites):
            return DISAGREED
        return AGREED if all(s.was_run for s in self.suites) else NOT_RUN

    def to_text(self, show: int = 20) -> str:
        """One line a suite, then the first `show` disagreements."""
        lines = [f"Test vectors in {self.directory}"]
        for s in self.suites:
            if s.was_run:
                said = f"{s.compared:,} values compared, {s.agreed:,} agreed, worst difference {s.worst:.3g}"
            else:
                said = "not run"
            lines.append(f"  {s.name:<18} {said}")
        found = [(s.name, d) for s in self.suites for d in s.disagreements]
        for name, d in found[:show]:
            lines.append(f"  {name} {d.case} {d.field}: expected {d.expected!r}, found {d.found!r}")
        if len(found) > show:
            lines.append(f"  … and {len(found) - show:,} more (--show N lists more)")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Everything, as JSON."""
        whole = {
            "directory": self.directory,
            "exit_code": self.exit_code,
            "suites": [{**asdict(s), "status": "run" if s.was_run else "not run"} for s in self.suites],
        }
        return json.dumps(whole, indent=1, ensure_ascii=False)

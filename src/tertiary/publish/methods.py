"""How each published figure is worked out, where the rule is from and how sure it is, as data (methods.csv)."""

from __future__ import annotations

from tertiary.errors import PublishError
from tertiary.month_end.contracts import kinds
from tertiary.sheets import shipped

FIELDS = ("figure", "rule", "source", "confidence")


def methods() -> list[dict[str, str]]:
    """Rows of figure, rule, source and confidence: of all figures, then of each kind of element."""
    rows = [
        {name: line.text(name) for name in FIELDS} for line in shipped("tertiary.publish", "methods.csv", PublishError)
    ]
    return rows + [
        {"figure": f"Element: {k.kind}", "rule": k.meaning, "source": k.source, "confidence": k.confidence}
        for k in kinds().values()
    ]

"""docs/explanation/accessibility.md, from the words of the page /accessibility."""

from __future__ import annotations


def page() -> str:
    """The accessibility statement in Markdown."""
    from tertiary.web.pages.accessibility import ABOUT, HEADING, sections

    parts = [
        f"# {HEADING}",
        "<!-- Written by `make docs` from src/tertiary/web/accessibility.csv; do not edit by hand. -->",
        f"{ABOUT} The same stands on the page `/accessibility` of `tertiary serve`, with the contact that `--contact` "
        "names.",
    ]
    for heading, found in sections().items():
        items = "\n".join(f"* {text}" for form, text in found if form == "item")
        parts += [f"## {heading}", *(text for form, text in found if form != "item"), *([items] if items else [])]
    return "\n\n".join(parts) + "\n"

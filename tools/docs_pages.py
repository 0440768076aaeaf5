"""Run the marked code blocks of a page and put their real output back into it.

A fenced block is run when its info string says so: ```console run (lines that begin with `$ ` are commands),
```python run (its printed output stands in the ```text output block that follows). Options after `run`:
`head=N` keeps the first N lines of the output and marks the rest with a line `…`; `exit=N` expects that exit code of
the last command; `free` runs without comparing (for output with times in it). Blocks run in page order in one working
folder; the Python blocks of a page share their names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\w+) (run|output)\b ?(.*)$")
MORE = "…"
# one process serves the Python blocks of a page: a block a line on its standard input, a mark after each one's output
SERVER = """
import sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(eval(line), names)
        print("\\x1e0", flush=True)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        print("\\x1e1", flush=True)
"""


@dataclass
class Block:
    """One fenced block: `start` and `end` are the line numbers of its fences."""

    language: str
    kind: str
    options: dict[str, str]
    start: int
    end: int
    lines: list[str]


@dataclass
class Page:
    """A page and its blocks, with what running them printed."""

    path: Path
    lines: list[str]
    blocks: list[Block]
    failures: list[str] = field(default_factory=list)


def read(path: Path) -> Page:
    """The page with its marked blocks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    blocks: list[Block] = []
    number = 0
    while number < len(lines):
        found = FENCE.match(lines[number])
        if found:
            end = next(i for i in range(number + 1, len(lines)) if lines[i] == "```")
            options = {name: value for name, _, value in (word.partition("=") for word in found[3].split())}
            blocks.append(Block(found[1], found[2], options, number, end, lines[number + 1 : end]))
            number = end
        number += 1
    return Page(path, lines, blocks)


def has_runs(path: Path) -> bool:
    """Whether the page has a block to run."""
    return any(b.kind == "run" for b in read(path).blocks)


def renewed(path: Path, folder: Path) -> tuple[str, list[str]]:
    """The text of the page with fresh output, and what went wrong (a wrong exit code or an exception)."""
    page = read(path)
    fresh: dict[int, list[str]] = {}
    with _Python(folder) as python:
        for place, block in enumerate(page.blocks):
            if block.kind == "run" and block.language == "console":
                fresh[block.start] = _run_console(block, folder, page)
            elif block.kind == "run":
                printed = python.run(block, page)
                after = page.blocks[place + 1] if place + 1 < len(page.blocks) else None
                if after and after.kind == "output":
                    fresh[after.start] = _shown(printed, after.options)
    return _rewritten(page, fresh), page.failures


def _rewritten(page: Page, fresh: dict[int, list[str]]) -> str:
    out: list[str] = []
    skip_to = -1
    by_start = {b.start: b for b in page.blocks}
    for number, line in enumerate(page.lines):
        if number < skip_to:
            continue
        out.append(line)
        if number in fresh and "free" not in by_start[number].options:
            out += fresh[number]
            skip_to = by_start[number].end
    return "\n".join(out) + "\n"


def _run_console(block: Block, folder: Path, page: Page) -> list[str]:
    shown: list[str] = []
    commands = [line[2:] for line in block.lines if line.startswith("$ ")]
    for place, command in enumerate(commands, start=1):
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=_environment(), text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        wanted = int(block.options.get("exit", "0")) if place == len(commands) else 0
        if done.returncode != wanted:
            page.failures.append(
                f"{page.path.name}, line {block.start + 1}: `{command}` ended with {done.returncode}, not {wanted}.\n"
                f"{done.stdout[-2000:]}"
            )
        shown += [f"$ {command}", *_shown(done.stdout, block.options)]
    return shown


class _Python:
    """The Python process of a page, started with its first block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Python:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.communicate()

    def run(self, block: Block, page: Page) -> str:
        """What the block printed; an exception is a failure of the page."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SERVER], cwd=self._folder, env=_environment(),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(repr("\n".join(block.lines)) + "\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith("\x1e"):
                if line[1] == "1":
                    page.failures.append(f"{page.path.name}, line {block.start + 1}:\n{''.join(lines[-6:])}")
                break
            lines.append(line)
        return "".join(lines)


def _shown(text: str, options: dict[str, str]) -> list[str]:
    lines = [line.rstrip() for line in text.rstrip("\n").splitlines()]
    keep = int(options.get("head", "0"))
    return [*lines[:keep], MORE] if keep and len(lines) > keep else lines


def _environment() -> dict[str, str]:
    """The reader's environment: the installed command first on the path, a wide plain terminal."""
    kept = {k: v for k, v in os.environ.items() if k not in ("TERTIARY_PSEUDONYM_KEY", "FORCE_COLOR")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}

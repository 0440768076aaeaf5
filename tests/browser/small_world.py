"""A small but whole London: two months run, contracts drafted, a month closed, what is questioned of charges logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# who raises challenges, so that somebody of the demonstration finds their own in the log
HOST = "icb:QMJ"


@dataclass(frozen=True)
class World:
    """Where the parts of a run that is served are. `store` is blank where there is none."""

    run: Path
    register: Path
    contracts: Path
    closes: Path
    store: str = ""

    def options(self) -> list[str]:
        """What `tertiary serve` is told."""
        told = [str(self.run), "--register", str(self.register), "--contracts", str(self.contracts)]
        told += ["--closes", str(self.closes)]
        return [*told, "--store", self.store] if self.store else told


def made(folder: Path) -> World:
    """The world of a folder that holds one: run, inputs/register, contracts.csv, closes, decisions.sqlite."""
    store = folder / "decisions.sqlite"
    return World(
        folder / "run", folder / "inputs" / "register", folder / "contracts.csv", folder / "closes",
        f"sqlite:///{store}" if store.exists() else "",
    )  # fmt: skip


def make(folder: Path) -> World:
    """Make it anew, by the commands that a user gives."""
    import tertiary
    from tertiary.synth import write

    inputs, store = folder / "inputs", f"sqlite:///{folder / 'decisions.sqlite'}"
    write(inputs, area="QMJ", months="2025-04..2025-05", scale=0.005, seed=7, defects=0.02)
    tertiary.run(inputs, out=folder / "run", register=[inputs / "register"], threads=2)
    run, contracts = str(folder / "run"), str(folder / "contracts.csv")
    overlay = ["--register", str(inputs / "register")]
    _command("contracts", "draft", run, "--out", contracts)
    _command("month", "close", run, "--contracts", contracts, "--closes", str(folder / "closes"))
    raised = ["challenges", "raise", run, "--by", HOST, "--why", "Query list of May", "--contracts", contracts]
    _command(*raised, *overlay, "--store", store)
    return made(folder)


def _command(*words: str) -> None:
    from typer.testing import CliRunner

    from tertiary.cli import app

    done = CliRunner().invoke(app, list(words))
    if done.exit_code:
        raise RuntimeError(f"tertiary {' '.join(words)}: {done.output} {done.exception!r}")

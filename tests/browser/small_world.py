"""A small but whole London: months run and closed, charges questioned, a budget shared, totals released, a service's
specification proposed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

# who raises challenges, so that somebody of the demonstration finds their own in the log
HOST = "icb:QMJ"
# by these rules only, so that there is something left to raise
RAISED = ("CH05", "CH06")
# the first of three boards that share a budget holds their contracts
PARTNERS = ("QMJ", "QMF", "QRV")
POOLED = "partner,contribution,need\nQMJ,9000000,60\nQMF,400000,52\nQRV,400000,58\n"
PAID = "payer,month,paid\nQMF,1,1500\nQRV,1,20\n"
TABLES = ("population_icb,financial_month", "provider_code")


@dataclass(frozen=True)
class World:
    """Where everything is, in one folder: run, inputs/register, contracts.csv, closes, decisions.sqlite and so on."""

    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder / 'decisions.sqlite'}"

    def challenge(self, provider: str = "RRV") -> str:
        """The code of a challenge of a provider that is logged and open."""
        from tertiary.challenges import Log
        from tertiary.decisions import Store

        with Store.open(self.store) as store:
            found = [one for one in Log(store).challenges(provider) if one.balance.open]
        return found[0].challenge_id

    def options(self) -> list[str]:
        """What `tertiary serve` is told."""
        papers = {
            "register": "inputs/register", "contracts": "contracts.csv", "closes": "closes", "pools": "pools",
            "released": "releases", "inbox": "inbox",
        }  # fmt: skip
        there = {name: self.folder / path for name, path in papers.items() if (self.folder / path).exists()}
        told = [str(self.run), *(word for name, path in there.items() for word in (f"--{name}", str(path)))]
        return [*told, "--store", self.store] if (self.folder / "decisions.sqlite").exists() else told


def make(folder: Path) -> World:
    """Make it anew, by the commands that a user gives."""
    import tertiary
    from tertiary.synth import write

    made, inputs = World(folder), folder / "inputs"
    write(inputs, area="london", months="2025-04..2025-05", scale=0.001, seed=7, defects=0.02)
    tertiary.run(inputs, out=made.run, register=[inputs / "register"], threads=2)
    (folder / "inbox").mkdir()
    run, contracts = str(made.run), str(folder / "contracts.csv")
    overlay = ["--register", str(inputs / "register")]
    _command("contracts", "draft", run, "--out", contracts)
    for month in ("1", "2"):
        closes = ["--closes", str(folder / "closes")]
        _command("month", "close", run, "--month", month, "--contracts", contracts, *closes)
    _share_a_budget(made)
    _propose(made)
    raised = ["challenges", "raise", run, "--by", HOST, "--why", "Query list of May", "--contracts", contracts]
    _command(*raised, *(word for rule in RAISED for word in ("--rule", rule)), *overlay, "--store", made.store)
    (folder / "releases").mkdir()
    tables = [word for table in TABLES for word in ("--table", table)]
    out = ["--out", str(folder / "releases" / "2025-05")]
    _command("release", run, *tables, *out, "--by", HOST, "--why", "Board paper 7")
    return made


def _share_a_budget(made: World) -> None:
    """An agreement in force, with what its partners put in and what was paid."""
    pools = made.folder / "pools"
    pools.mkdir()
    terms = {
        "name": "London specialised pool", "host": PARTNERS[0], "partners": sorted(PARTNERS),
        "valid_from": "2025-04-01", "contribution": "C1", "risk": "R4", "risk_parameters": {"corridor": "0.02"},
        "contingency": "0.005",
    }  # fmt: skip
    parties = [(PARTNERS[0], "host"), *((code, "partner") for code in PARTNERS)]
    paper = {"kind": "agreement", "subject": terms["name"], "parties": parties, "valid_from": "2025-04-01"}
    (pools / "agreement.json").write_text(json.dumps({**paper, "terms": terms}))
    (pools / f"paid-{PARTNERS[0]}.csv").write_text(PAID)
    (pools / "partners-1.csv").write_text(POOLED)
    told = ("--why", "board meeting", "--store", made.store)
    _command("decisions", "draft", str(pools / "agreement.json"), "--by", HOST, *told)
    agreed = [("agreed", f"icb:{code}") for code in PARTNERS]
    for step, by in (("proposed", HOST), ("sense_checked", "region:Y56"), *agreed, ("in_force", HOST)):
        _command("decisions", "step", "1", step, "--by", by, *told)


def _propose(made: World) -> None:
    """A specification that was approved, and one that waits."""
    from tertiary.decisions import Actor, Store
    from tertiary.web.proposing import Draft, decide, propose

    group = Actor("crg", "A06", "renal")
    with Store.open(made.store) as store:
        for title in ("Dialysis at home", "Transplant clinics"):
            draft = Draft("specification_version", title, "15", "At home first.\nThen in a clinic.",
                          "https://example.org/specification.pdf", date(2026, 4, 1))  # fmt: skip
            number = propose(store, draft, by=group, why="meeting 3")
            if title == "Dialysis at home":
                by = Actor("national", "X24", "national")
                decide(store, number, 1, "approve", by=by, why="programme board, item 4")


def _command(*words: str) -> None:
    from typer.testing import CliRunner

    from tertiary.cli import app

    done = CliRunner().invoke(app, list(words))
    if done.exit_code:
        raise RuntimeError(f"tertiary {' '.join(words)}: {done.output} {done.exception!r}")

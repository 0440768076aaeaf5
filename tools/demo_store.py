"""What people agree, question and publish of the demo, by the commands that they would give; all of it is made up.

python tools/demo_store.py demo     a folder with run, inputs/register and contracts.csv

Makes decisions.sqlite, pools, released and inbox in it anew.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tertiary.cli import app

# decision 1
POOL = {
    "kind": "agreement", "subject": "London specialised pool", "valid_from": "2025-04-01",
    "parties": [["QMJ", "host"], ["QMJ", "partner"], ["QMF", "partner"], ["QRV", "partner"]],
    "terms": {
        "name": "London specialised pool", "host": "QMJ", "partners": ["QMF", "QMJ", "QRV"], "valid_from": "2025-04-01",
        "contribution": "C1", "risk": "R4", "risk_parameters": {"corridor": "0.02"}, "contingency": "0.005",
    },
}  # fmt: skip
CONTRIBUTED = "partner,contribution,need\nQMF,80000000,52\nQMJ,92000000,60\nQRV,94000000,58\n"
PAID = "payer,month,paid\nQMF,2,350000\nQMF,3,350000\nQRV,2,120000\nQRV,3,150000\n"
# decisions 2, which is approved, and 3, which waits for the national team
PROPOSED = [
    ("specification_version", "Home dialysis first",
     "Dialysis at home is offered to everybody who can have it, with training within four weeks."),
    ("pathway_version", "From clinic to transplant list",
     "Who may have a transplant is referred before dialysis starts, and assessed within 18 weeks."),
]  # fmt: skip
GROUP, HOST = "crg:A06:renal", "icb:QMJ"
RELEASED = ("population_icb", "financial_month,npoc_code")


class Demo:
    """The folder of the demo, and its store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = f"sqlite:///{folder / 'decisions.sqlite'}"
        (folder / "decisions.sqlite").unlink(missing_ok=True)
        for name in ("pools", "released", "inbox"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()

    def command(self, *words: str, by: str = "", why: str = "", stored: bool = True) -> str:
        """What `tertiary WORDS` prints. Ends here, with what it says, when it fails."""
        told = [*words, *(["--by", by, "--why", why] if by else []), *(["--store", self.store] if stored else [])]
        done = CliRunner().invoke(app, told)
        if done.exit_code:
            sys.exit(f"tertiary {' '.join(told)}: {done.output}")
        return done.stdout

    def draft(self, given: dict[str, Any], by: str, why: str) -> None:
        """Write a decision down."""
        file = self.folder / "draft.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        self.command("decisions", "draft", str(file), by=by, why=why)
        file.unlink()

    def step(self, number: int, state: str, by: str, why: str) -> None:
        """Take a decision further."""
        self.command("decisions", "step", str(number), state, by=by, why=why)

    def pool(self) -> None:
        """Three boards share a budget; what they put in, and what payers paid the host of their contracts."""
        self.draft(POOL, HOST, "joint committee")
        self.step(1, "proposed", HOST, "sent to partners")
        self.step(1, "sense_checked", "region:Y56", "no objection")
        for board in ("QMF", "QMJ", "QRV"):
            self.step(1, "agreed", f"icb:{board}", "board meeting")
        self.step(1, "in_force", HOST, "signed by all")
        (self.folder / "pools" / "partners-1.csv").write_text(CONTRIBUTED, encoding="utf-8")
        (self.folder / "pools" / "paid-QMJ.csv").write_text(PAID, encoding="utf-8")

    def proposals(self) -> None:
        """The clinical reference group for renal services proposes."""
        for number, (kind, title, summary) in enumerate(PROPOSED, 2):
            terms = {"service": "15", "title": title, "summary": summary, "document": ""}
            given = {"kind": kind, "subject": title, "terms": terms, "valid_from": "2026-04-01"}
            self.draft({**given, "parties": [["A06", "proposer"]]}, GROUP, f"meeting {number}")
            self.step(number, "proposed", GROUP, f"meeting {number}")
        self.step(2, "in_force", "national:england:national", "clinical panel 7")

    def challenges(self) -> None:
        """A host questions what its providers charged, and two of them answer."""
        papers = ["--contracts", str(self.folder / "contracts.csv"), "--register", str(self.folder / "inputs/register")]
        self.command("challenges", "raise", str(self.folder / "run"), *papers, by=HOST, why="query list of June")
        for provider, rule, *answer, why in (
            ("RRV", "CH01", "respond", "the practice was looked up: it is of the board that we charged"),
            ("RAL", "CH02", "accept", "--amount", "100", "part of it was coded wrongly"),
        ):
            log = self.command("challenges", "list", "--for", provider, "--format", "json")
            first = next(row["challenge"] for row in json.loads(log) if row["rule"] == rule)
            self.command("challenges", "step", first, *answer, by=f"provider:{provider}", why=why)

    def release(self) -> None:
        """Tables for everybody."""
        tables = [word for columns in RELEASED for word in ("--table", columns)]
        to = ["--out", str(self.folder / "released" / "2025-q1")]
        told = {"by": "national:england", "why": "board paper 12"}
        self.command("release", str(self.folder / "run"), *tables, *to, **told, stored=False)  # type: ignore[arg-type]


if __name__ == "__main__":
    demo = Demo(Path(sys.argv[1]))
    demo.pool()
    demo.proposals()
    demo.challenges()
    demo.release()

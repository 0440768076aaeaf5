"""People who read the ledger, for Locust: each is somebody of the demonstration and asks for slices of their own.

Run by bench.web; the choices are in the file that BENCH_CHOICES names. What a page asks for varies with every request,
so that nothing but the totals made beforehand is met again.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant, task

CHOICES: dict[str, Any] = json.loads(Path(os.environ["BENCH_CHOICES"]).read_text())
PAUSE = float(os.environ.get("BENCH_PAUSE", "0"))
ACCOUNTS = ("national", "london", "ncl", "office", "uclh")
FREE = ("service_line_final", "provider_code", "population_icb", "npoc_code", "point_of_delivery", "financial_month")


class Visitor(FastHttpUser):
    """Signs on as one of ACCOUNTS, then reads pages one after the other, PAUSE seconds between them."""

    wait_time = constant(PAUSE)

    def on_start(self) -> None:
        account = random.choice(ACCOUNTS)
        page = self.client.get("/sign-in", name="sign on").text or ""
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        form = {"account": account, "form_token": token[1] if token else ""}
        self.client.post("/sign-in", data=form, name="sign on")

    @task(6)
    def slice_of_the_ledger(self) -> None:
        self._read("/ledger", "ledger page")

    @task(2)
    def slice_for_a_program(self) -> None:
        by, only = _slice()
        asked = [("by", name) for name in by] + [("only", f"{name}:{value}") for name, value in only.items()]
        self.client.get(f"/api/v1/ledger?{_text(asked)}", name="ledger as JSON")

    @task(1)
    def overview(self) -> None:
        self.client.get("/", name="overview")

    def _read(self, page: str, name: str) -> None:
        by, only = _slice()
        self.client.get(f"{page}?{_text([*(('by', n) for n in by), *only.items()])}", name=name)


def _slice() -> tuple[list[str], dict[str, str]]:
    """One to three columns to total by, and up to two others to keep to, with a value of the run."""
    names = random.sample(FREE, random.choice((1, 1, 2, 2, 3)) + random.choice((0, 1, 2)))
    fixed = random.choice((0, 1, 1, 2))
    only = {name: random.choice(CHOICES[name]) for name in names[1:][:fixed]}
    return [name for name in names if name not in only][:3], only


def _text(asked: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    return urlencode(asked)

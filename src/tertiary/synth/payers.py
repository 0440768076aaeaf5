"""Who truly pays, by the plain cases of the assignment method: the truth the records are written from.

Only cases without doubt are decided: a private or charged patient, a retained or a delegated line, secondary dental
care, an armed forces practice, an ordinary patient. The engine's own walk of the method is never called here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tertiary.synth.arrow import Words
from tertiary.synth.people import NOBODY, People
from tertiary.synth.scope import Month
from tertiary.synth.world import World

if TYPE_CHECKING:
    from tertiary.register import Register

DENTAL = ("140", "141", "142", "143", "144", "145", "217", "450", "451")
FORCES, PRIVATE = "13Q", "VPP00"


@dataclass(frozen=True)
class Payer:
    """Answer arrays: positions in the words for commissioner and category, with the plain reason."""

    commissioner: np.ndarray
    category: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class Payers:
    """Delegation of one month: lines by status, sub-ICBs by delegation, hubs."""

    world: World
    people: People
    words: Words
    status: dict[str, str]
    mental: frozenset[str]
    delegated: frozenset[str]

    def decide(
        self, person: np.ndarray, provider: np.ndarray, line: np.ndarray, tfc: np.ndarray, charged: np.ndarray,
        emergency: bool = False,
    ) -> Payer:  # fmt: skip
        """The true commissioner and category of each record."""
        words, p = self.words, self.people
        practice = p.practice[person]
        forces = (practice != NOBODY) & self.world.practices.forces[practice]
        area = p.rows[p.local[person]]
        home = self._codes(self.world.areas.sub_icb)[area]
        registered = self._codes(self.world.practices.sub_icb)[practice]
        local = np.where((practice == NOBODY) | forces, home, registered)
        hub = self._codes(self.world.providers.hub)[provider]
        kind, mental = self._line_kind(line)
        green, red = kind == 1, kind == 2
        handed = np.isin(local, words.codes(sorted(self.delegated)))
        dental = np.isin(tfc, words.codes(DENTAL)) & (kind == 0)
        cases: list[tuple[str, np.ndarray, np.ndarray | int, np.ndarray | int]] = [
            ("charged", charged, words.code(PRIVATE), words.code("98")),
            ("retained", red, hub, np.where(mental, words.code("22"), words.code("21"))),
            ("dental", dental, local, words.code("55")),
            ("armed_forces", forces, words.code(FORCES), words.code("61")),
            ("delegated", green & handed, local, np.where(mental, words.code("26"), words.code("25"))),
            ("not_yet_delegated", green, self._regional(hub, area), words.code("21")),
        ]
        if emergency:  # its own short branch: defence practice or not
            cases = cases[3:4]
        to, category = local.astype(np.int32), np.full(len(person), words.code("12"), np.int32)
        reason = np.full(len(person), words.code("ordinary"), np.int32)
        for name, holds, commissioner, code in reversed(cases):
            to = np.where(holds, commissioner, to).astype(np.int32)
            category = np.where(holds, code, category).astype(np.int32)
            reason = np.where(holds, words.code(name), reason).astype(np.int32)
        return Payer(to, category, reason)

    def _line_kind(self, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """0 not specialised, 1 delegable (green), 2 retained; and whether it is a mental health line."""
        table = np.zeros(len(self.words.list) + 1, np.int8)
        mental = np.zeros(len(self.words.list) + 1, bool)
        for i, word in enumerate(self.words.list):
            status = self.status.get(word, "")
            table[i] = 1 if status == "green" else 2 if status in ("red", "amber", "blue") else 0
            mental[i] = word in self.mental
        return table[line], mental[line]

    def _codes(self, values: np.ndarray) -> np.ndarray:
        names, back = np.unique(values.astype(str), return_inverse=True)
        return self.words.codes(list(names))[back]

    def _regional(self, hub: np.ndarray, area: np.ndarray) -> np.ndarray:
        by_region = dict(zip(self.world.providers.region, self.world.providers.hub, strict=True))
        table = np.array([by_region.get(r, "") for r in self.world.areas.region], object)
        return self._codes(table)[area]


def payers(register: Register, world: World, people: People, words: Words, month: Month) -> Payers:
    """Read delegation as it stands in a month."""
    day = month.mid()
    status, mental = {}, set()
    for row in register["service_line_status"].to_pylist():
        if row["financial_year"] == month.financial_year:
            status[row["service_line_code"]] = row["delegation_status"]
            if row["specialised_mental_health_flag"] == 1:
                mental.add(row["service_line_code"])
    delegated = {
        r["sub_icb_code"] for r in register["direct_commissioners"].to_pylist()
        if r["delegated_from"] and r["delegated_from"] <= day
    }  # fmt: skip
    return Payers(world, people, words, status, frozenset(mental), frozenset(delegated))

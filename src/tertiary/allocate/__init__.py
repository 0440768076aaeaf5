"""What should have been spent: need shares, targets, distance, convergence, variation, ring-fences."""

from __future__ import annotations

from tertiary.allocate.decompose import Split, Tally, decompose
from tertiary.allocate.dependence import Dependence, dependence
from tertiary.allocate.fit import NeedModel, fit, fit_each, need_index, supplied
from tertiary.allocate.variation import Comparator, Varied, comparator, vary
from tertiary.allocate.watch import Watched, watch

__all__ = [
    "Comparator",
    "Dependence",
    "NeedModel",
    "Split",
    "Tally",
    "Varied",
    "Watched",
    "comparator",
    "decompose",
    "dependence",
    "fit",
    "fit_each",
    "need_index",
    "supplied",
    "vary",
    "watch",
]

"""What should have been spent: need shares, targets, distance, convergence, variation, ring-fences."""

from __future__ import annotations

from tertiary.allocate.basis import Basis, Pot, Stream, check, streams
from tertiary.allocate.converge import Step, converge, grown, years_to_target
from tertiary.allocate.decompose import Split, Tally, decompose
from tertiary.allocate.dependence import Dependence, dependence
from tertiary.allocate.distances import Distance, Range, distance, distance_range
from tertiary.allocate.fit import NeedModel, fit, fit_each, need_index, supplied
from tertiary.allocate.footprints import Part, Position, merge, split, succeed
from tertiary.allocate.need import Need, Place
from tertiary.allocate.policies import Policy, policies
from tertiary.allocate.shares import Share, Shares, need_share
from tertiary.allocate.targets import Target, Targets, targets, targets_by_pot, total_targets
from tertiary.allocate.variation import Comparator, Varied, comparator, vary
from tertiary.allocate.watch import Watched, watch

__all__ = [
    "Basis",
    "Comparator",
    "Dependence",
    "Distance",
    "Need",
    "NeedModel",
    "Part",
    "Place",
    "Policy",
    "Position",
    "Pot",
    "Range",
    "Share",
    "Shares",
    "Split",
    "Step",
    "Stream",
    "Tally",
    "Target",
    "Targets",
    "Varied",
    "Watched",
    "check",
    "comparator",
    "converge",
    "decompose",
    "dependence",
    "distance",
    "distance_range",
    "fit",
    "fit_each",
    "grown",
    "merge",
    "need_index",
    "need_share",
    "policies",
    "split",
    "streams",
    "succeed",
    "supplied",
    "targets",
    "targets_by_pot",
    "total_targets",
    "vary",
    "watch",
    "years_to_target",
]

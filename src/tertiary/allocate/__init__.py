"""What should have been spent: need shares, targets, distance, convergence, variation, ring-fences."""

from __future__ import annotations

from tertiary.allocate.basis import Basis, Pot, Stream, check, streams
from tertiary.allocate.converge import Step, converge, grown, years_to_target
from tertiary.allocate.distances import Distance, Range, distance, distance_range
from tertiary.allocate.footprints import Part, Position, merge, split, succeed
from tertiary.allocate.need import Need, Place
from tertiary.allocate.policies import Policy, policies
from tertiary.allocate.shares import Share, Shares, need_share
from tertiary.allocate.targets import Target, Targets, targets, targets_by_pot, total_targets

__all__ = [
    "Basis",
    "Distance",
    "Need",
    "Part",
    "Place",
    "Policy",
    "Position",
    "Pot",
    "Range",
    "Share",
    "Shares",
    "Step",
    "Stream",
    "Target",
    "Targets",
    "check",
    "converge",
    "distance",
    "distance_range",
    "grown",
    "merge",
    "need_share",
    "policies",
    "split",
    "streams",
    "succeed",
    "targets",
    "targets_by_pot",
    "total_targets",
    "years_to_target",
]

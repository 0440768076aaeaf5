"""What should have been spent: need shares, targets, distance, convergence, variation, ring-fences."""

from tertiary.allocate.fit import NeedModel, fit, fit_each, need_index, supplied

__all__ = ["NeedModel", "fit", "fit_each", "need_index", "supplied"]

"""What should have been spent: need shares, targets, distance, convergence, variation, ring-fences."""

"""Exact arithmetic on odd fractions has no deadline."""

from hypothesis import settings

settings.register_profile("pool", deadline=None)
settings.load_profile("pool")

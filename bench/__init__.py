"""How fast, and against what: see docs/explanation/performance.md. Run it with `make bench`."""

"""Measurements, each a ratio to what was measured in the same run: `python -m tests.benchmarks`."""

"""Measurements, run by hand: `python -m tests.benchmarks.end_to_end --orders 100000`. They are shown, never asserted."""

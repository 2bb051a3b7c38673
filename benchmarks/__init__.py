"""Benchmarks: each times two things side by side and writes their ratio (docs/benchmarks.md)."""

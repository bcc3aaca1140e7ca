"""Benchmarks: scripts that print Markdown tables. None is a test."""

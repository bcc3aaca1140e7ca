"""Lint: what is suspicious about correct rules, each alone and all together."""

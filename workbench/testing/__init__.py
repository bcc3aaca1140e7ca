"""Tests of rules: text beside the rules, run on a virtual clock (docs/testing.md)."""

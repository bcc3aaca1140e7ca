"""Declarations of triggers, actions and functions."""

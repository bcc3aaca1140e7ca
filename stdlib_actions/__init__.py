"""The standard actions that rules can call."""

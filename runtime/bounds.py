"""Bounds of every run; reaching one is a documented state with a sentence, never an endless loop."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.model import Millis

MAX_PATH = 32
"""Rules of a cause chain that are kept for messages."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`depth`: rules that may set each other off in a chain. `runs_per_event`: runs one input may start.

    `runs_per_minute`: runs started for one subject in a minute. `steps`: steps one run may make in all.
    """

    depth: int = 16
    runs_per_event: int = 1000
    runs_per_minute: int = 100
    steps: int = 1000
    minute: Millis = 60_000

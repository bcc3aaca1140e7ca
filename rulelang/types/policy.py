"""The workspace's sending policy: when messages to contacts may go out, and how many."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = ("email", "sms", "call")
"""The ways to reach a contact that a policy may speak of."""

HOLD, DROP = "hold", "drop"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in the recipient's zone in which nothing goes out, from `start` up to `end` (`HH:MM`, over midnight when
    `end` is earlier). `mode` is `hold` (it waits for the end) or `drop`.
    """

    start: str
    end: str
    channels: tuple[str, ...] = CHANNELS
    mode: str = HOLD


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` messages on a channel to one contact within any `span` (a duration such as `7d`)."""

    channel: str
    count: int
    span: str
    mode: str = DROP


@dataclass(frozen=True, slots=True)
class Hours:
    """Messages go out only while a calendar, named, is open. `mode` is `hold` (they wait until it opens) or `drop`."""

    calendar: str
    channels: tuple[str, ...] = CHANNELS
    mode: str = HOLD


@dataclass(frozen=True, slots=True)
class Policy:
    """All that is declared; transactional messages are exempt from it."""

    quiet: tuple[Quiet, ...] = ()
    caps: tuple[Cap, ...] = ()
    hours: tuple[Hours, ...] = ()

"""The workspace's sending policy: when messages to contacts may go out, and how many."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = ("email", "sms", "call")
"""The ways to reach a contact that a policy may speak of."""

HOLD, DROP = "hold", "drop"

ACTIVE, COUNT, RESTART = "count only while active", "count regardless", "restart"
PAUSE_MODES = (ACTIVE, COUNT, RESTART)
"""What becomes of waits when their rule is paused; the first unless a policy says otherwise.

`ACTIVE`: the clock stands still for them. `COUNT`: it goes on, and what came due meanwhile goes on with the end of the
pause. `RESTART`: they begin anew then. Kept by their place here.
"""


@dataclass(frozen=True, slots=True)
class PausePolicy:
    """What becomes of the waits of a rule, or with "" of all rules that have no line of their own."""

    rule: str
    mode: str


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
    pauses: tuple[PausePolicy, ...] = ()


def pause_mode(policy: Policy, rule: str) -> str:
    """What becomes of a rule's waits when it is paused."""
    modes = {line.rule: line.mode for line in policy.pauses}
    return modes.get(rule) or modes.get("") or ACTIVE

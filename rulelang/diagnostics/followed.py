"""What is said about segments, statuses and health that are computed, and about counts of events."""

from __future__ import annotations

from collections.abc import Sequence

from rulelang.diagnostics.messages import guess, listed, replace
from rulelang.diagnostics.model import Diagnostic, Label
from rulelang.source import Source, Span


def unknown_segment(
    source: Source, span: Span, name: str, kind: str, options: Sequence[str], elsewhere: str
) -> Diagnostic:
    """`in segment` of a segment that no declaration knows; `elsewhere` is another kind that has it."""
    if elsewhere:
        help_ = f'the segment `{name}` is one of {elsewhere}s: write `{elsewhere} in segment "{name}"`'
    else:
        known = f"; the segments are {listed(options)}" if options else ""
        help_ = guess(name, options) or f'declare it: `segment "{name}" for {kind}`{known}'
    fixes = replace(name, options, span, quoted=True) if not elsewhere else ()
    message = f"no segment of {'an' if kind == 'account' else 'a'} {kind} is called `{name}`"
    return Diagnostic("E0150", message, source, span, help=help_, fixes=fixes)


def cycle(source: Source, span: Span, path: Sequence[str], places: Sequence[Label]) -> Diagnostic:
    """Computed things that depend on each other in a ring."""
    round_ = " → ".join((*path, path[0]))
    message = f"{path[0]} depends on itself: {round_}" if len(path) > 1 else f"{path[0]} depends on itself"
    help_ = "take one of them out of the condition of the other"
    return Diagnostic("E0151", message, source, span, help=help_, labels=tuple(places))


def unsteady(source: Source, span: Span, text: str) -> Diagnostic:
    """A part of a condition that time moves to and fro."""
    message = f"`{text}` comes and goes with the clock, and cannot be followed"
    help_ = "compare a date or a count with a bound, such as `renewal_date <= today + 30d`; use a trigger for the rest"
    return Diagnostic("E0152", message, source, span, help=help_)


def no_event(source: Source, span: Span, text: str) -> Diagnostic:
    """`event` in a condition that no event brings about."""
    message = f"`{text}` is no part of a condition that holds for a while"
    help_ = "it sees the record and those related to it; count events with `count(order placed in 30d)`"
    return Diagnostic("E0153", message, source, span, help=help_)


def bad_count(source: Source, span: Span, text: str, why: str, help_: str) -> Diagnostic:
    """A count of events, or a last event, that cannot be."""
    return Diagnostic("E0154", f"`{text}` {why}", source, span, help=help_)


def bad_segment(source: Source, span: Span, why: str) -> Diagnostic:
    """A segment for a kind of record that has none."""
    help_ = "segments, statuses and health are for `contact` and `account`"
    return Diagnostic("E0155", why, source, span, help=help_)


def bad_level(source: Source, span: Span, text: str, why: str) -> Diagnostic:
    """A level of health that cannot be."""
    help_ = "write `health for account: good from 70, average from 40, bad`"
    return Diagnostic("E0156", f"`{text}` {why}", source, span, help=help_)


def useless_held(source: Source, span: Span) -> Diagnostic:
    """`for` behind the condition of a rule that has triggers."""
    message = "a condition is held for a while only where it begins the rule"
    help_ = "leave out the `on` lines, or test for how long in a segment of its own"
    return Diagnostic("E0157", message, source, span, help=help_)


def bad_absence(source: Source, span: Span, text: str) -> Diagnostic:
    """`absence of …` that is not built so."""
    help_ = "write `on absence of payment received for 7d after invoice sent`"
    return Diagnostic("E0158", f"`{text}` is no absence of an event", source, span, help=help_)

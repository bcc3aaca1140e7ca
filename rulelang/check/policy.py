"""Reads a `policy` block: quiet hours, business hours and caps on messages to contacts."""

from __future__ import annotations

from collections.abc import Sequence

from rulelang.check.schema_parts import Parts, Reader
from rulelang.diagnostics import schema as messages
from rulelang.diagnostics.messages import unknown_calendar
from rulelang.syntax import nodes as ast
from rulelang.types.policy import CHANNELS, DROP, HOLD, PAUSE_MODES, Cap, Hours, PausePolicy, Policy, Quiet

QUIET = "quiet hours: 21:00 to 8:00, hold"
PAUSE = "pause: count only while active"
CAP = "at most: 3 email per 7d, drop"
HOURS = 'business hours: "Office", hold'


def read_policy(reader: Reader, declaration: ast.Declaration, calendars: Sequence[str]) -> Policy:
    """The policy that a block declares; lines that cannot be read are reported and left out.

    `calendars` are the names of those that there are.
    """
    if not declaration.entries:
        wanted = f"a block: `policy`, lines such as `{QUIET}` or `{CAP}`, `end`"
        reader.report(messages.wrong_form(reader.source, declaration.keyword.span, "policy", wanted))
    quiet: list[Quiet] = []
    caps: list[Cap] = []
    hours: list[Hours] = []
    pauses: list[PausePolicy] = []
    for entry in declaration.entries:
        found = _line(reader, entry, calendars)
        if isinstance(found, Quiet):
            quiet.append(found)
        elif isinstance(found, Cap):
            caps.append(found)
        elif isinstance(found, Hours):
            hours.append(found)
        elif isinstance(found, PausePolicy):
            pauses.append(found)
    return Policy(tuple(quiet), tuple(caps), tuple(hours), tuple(pauses))


def _line(
    reader: Reader, entry: ast.Phrase, calendars: Sequence[str]
) -> Quiet | Cap | Hours | PausePolicy | None:
    head, values = _split(entry.parts)
    words = _words(head)
    found: Quiet | Cap | Hours | PausePolicy | None = None
    if words[:2] == ["quiet", "hours"]:
        found = _quiet(words[2:], values)
    elif words == ["at", "most"]:
        found = _cap(values)
    elif words[:2] == ["business", "hours"]:
        found = _hours(words[2:], values)
    elif words[:1] == ["pause"]:
        found = _pause(head[1:], values)
    if found is None:
        text = reader.source.slice(entry.span)
        reader.report(messages.bad_policy(reader.source, entry.span, text, QUIET, CAP, HOURS, PAUSE))
    if isinstance(found, Hours) and found.calendar not in calendars:
        span = values[0].span
        reader.report(unknown_calendar(reader.source, span, found.calendar, calendars))
        return None
    return found


def _pause(head: Parts, values: Parts) -> PausePolicy | None:
    """`pause: restart`, or for one rule `pause "Confirm the meeting": restart`."""
    mode = " ".join(_words(values))
    if mode not in PAUSE_MODES:
        return None
    match head:
        case ():
            return PausePolicy("", mode)
        case (ast.Operand(_, ast.TextLit() as rule),):
            return PausePolicy(rule.value, mode)
    return None


def _split(parts: Parts) -> tuple[Parts, Parts]:
    for n, part in enumerate(parts):
        if isinstance(part, ast.Word) and part.text == ":":
            return parts[:n], parts[n + 1 :]
    return parts, ()


def _words(parts: Parts) -> list[str]:
    return [part.text if isinstance(part, ast.Word) else "" for part in parts]


def _quiet(words: Sequence[str], values: Parts) -> Quiet | None:
    channels = _channels(words)
    times, mode = _mode(values, HOLD)
    if channels is None or mode is None or len(times) != 3:
        return None
    match times:
        case [
            ast.Operand(_, ast.TimeLit() as start),
            ast.Word(_, "to"),
            ast.Operand(_, ast.TimeLit() as end),
        ]:
            low, high = (f"{t.hour:02}:{t.minute:02}" for t in (start, end))
            return None if low == high else Quiet(low, high, channels, mode)
    return None


def _hours(words: Sequence[str], values: Parts) -> Hours | None:
    channels = _channels(words)
    parts, mode = _mode(values, HOLD)
    match parts:
        case [ast.Operand(_, ast.TextLit(_, name))] if channels is not None and mode is not None:
            return Hours(name, channels, mode)
    return None


def _channels(words: Sequence[str]) -> tuple[str, ...] | None:
    """`for sms, email` behind `quiet hours`; all without it."""
    if not words:
        return CHANNELS
    named = [word for word in words[1:] if word not in (",", "and")]
    if words[0] != "for" or not named or any(name not in CHANNELS for name in named):
        return None
    return tuple(dict.fromkeys(named))


def _cap(values: Parts) -> Cap | None:
    parts, mode = _mode(values, DROP)
    match parts:
        case [
            ast.Operand(_, ast.NumberLit(_, count)),
            ast.Word(_, channel),
            ast.Word(_, "per"),
            ast.Operand(_, ast.DurationLit() as span),
        ] if mode is not None and channel in CHANNELS and count == int(count) and 0 < count <= 10_000:
            return Cap(channel, int(count), "".join(f"{n}{unit}" for n, unit in span.parts), mode)
    return None


def _mode(parts: Parts, default: str) -> tuple[list[ast.PhrasePart], str | None]:
    """What stands before `, hold` or `, drop`, and which of both; the default without it."""
    for n, part in enumerate(parts):
        if isinstance(part, ast.Word) and part.text == ",":
            words = _words(parts[n + 1 :])
            return list(parts[:n]), words[0] if words in ([HOLD], [DROP]) else None
    return list(parts), default

"""Whether a message to a contact may go out now: quiet hours, business hours and caps of the policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from rulelang.business import next_open
from rulelang.calendar import CalendarError, Duration, local, next_time, parse_duration, parse_time, shift
from rulelang.types.calendars import BusinessCalendar
from rulelang.types.policy import DROP, Cap, Hours, Policy, Quiet
from rulelang.types.schema import Schema
from runtime.model import JSON, Millis


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message must not go out now; it may from `until` on, or (None) not at all."""

    reason: str
    until: Millis | None


def stopped(
    schema: Schema, channel: str, now: Millis, zone: ZoneInfo, sent: Mapping[str, Sequence[Millis]]
) -> Verdict | None:
    """What the workspace's policy has against a message on `channel` now; `sent` are the times of earlier ones by
    channel.
    """
    policy = schema.policy
    for quiet in policy.quiet:
        if channel in quiet.channels and _is_quiet(quiet, local(now, zone)):
            until = None if quiet.mode == DROP else next_time(now, parse_time(quiet.end), zone)
            return Verdict(f"quiet hours from {quiet.start} to {quiet.end}", until)
    for hours in policy.hours:
        if channel in hours.channels and (calendar := schema.calendars.get(hours.calendar)) is not None:
            closed = _closed(hours, calendar, now, zone)
            if closed is not None:
                return closed
    for cap in policy.caps:
        verdict = _over(cap, now, zone, sent.get(channel, ())) if cap.channel == channel else None
        if verdict is not None:
            return verdict
    return None


def _is_quiet(quiet: Quiet, wall: datetime) -> bool:
    start, end, at = parse_time(quiet.start), parse_time(quiet.end), time(wall.hour, wall.minute)
    return start <= at < end if start < end else at >= start or at < end


def _closed(hours: Hours, calendar: BusinessCalendar, now: Millis, zone: ZoneInfo) -> Verdict | None:
    reason = f"outside of the business hours of `{hours.calendar}`"
    try:
        opens = next_open(calendar, now, zone)
    except CalendarError:
        return Verdict(f"{reason}, which do not come again", None)
    if opens == now:
        return None
    return Verdict(reason, None if hours.mode == DROP else opens)


def _over(cap: Cap, now: Millis, zone: ZoneInfo, sent: Sequence[Millis]) -> Verdict | None:
    recent = [moment for moment in sent if moment > _before(now, cap, zone)]
    if len(recent) < cap.count:
        return None
    reason = f"at most {cap.count} {cap.channel} per {cap.span}, and as many went out"
    oldest = sorted(recent)[len(recent) - cap.count]
    return Verdict(reason, None if cap.mode == DROP else shift(oldest, parse_duration(cap.span), zone) + 1)


def _before(now: Millis, cap: Cap, zone: ZoneInfo) -> Millis:
    span = parse_duration(cap.span)
    return shift(now, Duration(-span.months, -span.days, -span.seconds), zone)


def remember(policy: Policy, channel: str, now: Millis, zone: ZoneInfo, sent: JSON) -> JSON:
    """`sent` with one message more; times that no cap looks at any more are dropped."""
    caps = [cap for cap in policy.caps if cap.channel == channel]
    if not caps:
        return sent
    oldest = min(_before(now, cap, zone) for cap in caps)
    times = [moment for moment in (sent or {}).get(channel, ()) if moment > oldest]
    return {**(sent or {}), channel: [*times, now]}

"""When a schedule fires next, for the hover of editors."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rulelang.calendar import CalendarError, Millis, local, zone
from rulelang.check.typed import CheckedMoment
from rulelang.schedule import preview
from rulelang.syntax import nodes
from rulelang.workspace import CheckedWorkspace

COUNT = 5


def next_times(workspace: CheckedWorkspace, path: str, phrase: nodes.Phrase, now: Millis) -> str:
    """The next five times of the schedule that a phrase means, in the workspace's zone; "" when it is no schedule."""
    moment = _moment(workspace, path, phrase)
    if moment is None or moment.source != "schedule":
        return ""
    name = workspace.schema.time_zone
    tz = zone(name) or ZoneInfo("UTC")
    try:
        found = [local(due, tz) for due in preview(moment.params, tz, now, COUNT)]
    except CalendarError:
        found = []
    if not found:
        return "It never fires again."
    lines = "\n".join(f"- {wall:%a %Y-%m-%d %H:%M}" for wall in found)
    return f"Next, for records without a zone of their own ({name}):\n\n{lines}"


def _moment(workspace: CheckedWorkspace, path: str, phrase: nodes.Phrase) -> CheckedMoment | None:
    file = workspace.files.get(path)
    for rule in file.rules if file is not None else ():
        for trigger in rule.checked.triggers:
            if trigger.span.start + rule.offset <= phrase.span.start < trigger.span.end + rule.offset:
                return trigger.moment
    return None

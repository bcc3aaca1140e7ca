"""What goes to the desks of the staff, kept here: `create task`, `add note` and `notify in app`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulelang.catalog.model import Action, Param, Performs
from rulelang.types.model import ANY, DURATION, PERSON, TEXT, Kind
from runtime.actions import ActionError, LocalAction, LocalContext
from runtime.model import JSON, Millis

PRIORITIES = ("low", "normal", "high")
DECLARATIONS = (
    Action(
        name="create_task",
        phrase="create task {title} [for {assignee}] [due {due}]",
        performs=Performs.LOCAL,
        summary="give somebody a task about the subject",
        doc=(
            "The task is for a person, for everybody in a team, or without `for` for the subject's owner. It is "
            "due after a duration, on a date (at 17:00 in the subject's zone) or at an instant. It is on the page "
            "`/tasks` and under `/v1/tasks` until somebody completes it, and appears in the inbox of its person or "
            "team `remind` before it is due (without `due`: that long from now). Rules see it as `task added`, "
            "`task due` and `task completed`. `for` a person whom nobody is (`for owner` of a record without an "
            "owner) fails the step: write one step `when owner is set` and one for a team `when owner is not set`, or "
            "add `on error continue`."
        ),
        example=(
            'on stage enter "SQL"\n'
            "do\n"
            '  create task "Call {{ contact.first_name }}" for owner due 2d with priority = high, remind = 1h '
            "when owner is set\n"
            '  create task "Call {{ contact.first_name }}" for "Sales" due 2d when owner is not set\n'
            "end\n"
        ),
        params=(
            Param("title", TEXT, "what is to be done; may hold `{{ fields }}`", role="liquid"),
            Param(
                "assignee",
                PERSON,
                "a person's e-mail address, a team's name or a field",
                required=False,
                role="person_or_team",
            ),
            Param(
                "due",
                ANY,
                "a duration such as `2d`, a date or an instant",
                required=False,
                kinds=(Kind.DURATION, Kind.DATE, Kind.DATETIME),
            ),
        ),
        named=(
            Param("priority", TEXT, "`low`, `normal` or `high`", choices=PRIORITIES),
            Param("description", TEXT, "more about it; may hold `{{ fields }}`", role="liquid"),
            Param("remind", DURATION, "how long before it is due its person is reminded"),
        ),
        uses_event=True,
        idempotent=True,
    ),
    Action(
        name="add_note",
        phrase="add note {text}",
        performs=Performs.LOCAL,
        summary="write a note on the subject",
        doc="The note is listed under `/v1/notes` and in the journal. Rules see it as `note added`.",
        example='on stage enter "Won" do add note "Signed after {{ event.previous_stage }}."\n',
        params=(Param("text", TEXT, "the note; may hold `{{ fields }}`", role="liquid"),),
        uses_event=True,
        idempotent=True,
    ),
    Action(
        name="notify_in_app",
        phrase="notify in app {who} {message}",
        performs=Performs.LOCAL,
        summary="put a notice into the inbox of a person or a team",
        doc=(
            "The notice is on the page `/inbox` and under `/v1/inbox` of the person, or of everybody in the team, "
            "until it is marked as read. Nothing is sent."
        ),
        example='on stage enter "At Risk" do notify in app "Sales" "{{ contact.name }} is at risk"\n',
        rows=("A19", "A26"),
        params=(
            Param(
                "who", PERSON, "a person's e-mail address, a team's name or a field", role="person_or_team"
            ),
            Param("message", TEXT, "what to tell; may hold `{{ fields }}`", role="liquid"),
        ),
        uses_event=True,
        idempotent=True,
    ),
)


def create_task(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Let `task.created` happen; the desk and the rules take it from there."""
    from rulelang.calendar import instant_text

    title = _rendered(context, args.get("title"))
    if not title:
        raise ActionError("the task has no title")
    due = _due(context, args.get("due"))
    remind = _reminder(context, due, args.get("remind"))
    data: dict[str, JSON] = {"task_id": _made_id("t", context.key), "title": title}
    data |= _who(context, args)
    data |= {
        "due_at": None if due is None else instant_text(due),
        "remind_at": None if remind is None else instant_text(remind),
        "priority": args.get("priority"),
        "description": _rendered(context, args.get("description")) or None,
    }
    context.raise_event("task.created", {name: value for name, value in data.items() if value is not None})


def add_note(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Let `note.added` happen."""
    text = _rendered(context, args.get("text"))
    if not text:
        raise ActionError("the note is empty")
    context.raise_event("note.added", {"note_id": _made_id("n", context.key), "body": text})


def notify_in_app(context: LocalContext, args: Mapping[str, JSON]) -> None:
    """Let `notice.added` happen."""
    text = _rendered(context, args.get("message"))
    if not text:
        raise ActionError("there is nothing to tell: the message is empty")
    kind, _, name = str(args.get("who") or "").partition(":")
    if not name:
        raise ActionError("there is nobody to notify: the value is missing")
    to = {"team": name} if kind == "team" else {"person": name.lower()}
    context.raise_event("notice.added", {"notice_id": _made_id("m", context.key), "text": text, **to})


def _made_id(letter: str, key: str) -> str:
    from hashlib import blake2b

    return f"{letter}_{blake2b(key.encode(), digest_size=10).hexdigest()}"


def _rendered(context: LocalContext, text: Any) -> str:
    from rulelang.template.model import Sink
    from stdlib_actions.rendering import Renderer

    return Renderer(context.schema, context.facts).inline(str(text), Sink.TEXT).strip() if text else ""


def _who(context: LocalContext, args: Mapping[str, JSON]) -> dict[str, JSON]:
    if "assignee" not in args:
        return {"assignee": context.get("owner")}
    kind, _, name = str(args["assignee"] or "").partition(":")
    if not name:
        raise ActionError("there is nobody to give the task to: the value is missing")
    return {"team": name} if kind == "team" else {"assignee": name.lower()}


def _due(context: LocalContext, value: JSON) -> Millis | None:
    from runtime.moments import moment_of

    if value is None:
        return None
    found = moment_of(str(value), context.now, context.zone)
    if found is None:
        raise ActionError(f"the task cannot be due at `{value}`")
    return found


def _reminder(context: LocalContext, due: Millis | None, before: JSON) -> Millis | None:
    from rulelang.calendar import CalendarError, Duration, parse_duration, shift

    if before is None:
        return None
    try:
        length = parse_duration(str(before))
        if due is None:
            return shift(context.now, length, context.zone)
        back = Duration(-length.months, -length.days, -length.seconds)
        return shift(due, back, context.zone)
    except CalendarError:
        raise ActionError(f"nobody can be reminded `{before}` before") from None


LOCAL: Mapping[str, LocalAction] = {
    "create_task": create_task,
    "add_note": add_note,
    "notify_in_app": notify_in_app,
}

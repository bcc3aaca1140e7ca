"""Triggers of notes and tasks."""

from __future__ import annotations

from rulelang.catalog.triggers.parts import EVERYONE, slot, trigger
from rulelang.types.model import DATETIME, PERSON, RECORD, TEAM, TEXT

TRIGGERS = (
    trigger(
        "note.added",
        "note added",
        "a note is added to a record",
        doc="Fires for each new note. Test the tags of the record with `tags contains …`.",
        example='on note added when event.body contains "refund" and tags contains "vip" do add tag "refund"',
        subjects=EVERYONE,
        payload={"note_id": TEXT, "body": TEXT, "author": PERSON},
        sample={"note_id": "n_1", "body": "asks for a refund", "author": "ana@acme.test"},
        rows=(10,),
    ),
    trigger(
        "note.updated",
        "note changed",
        "a note of a record is edited",
        doc="Fires for each edit of a note; `event.changes.body.after` is the new text.",
        example='on note changed when tags not contains "archived" do add tag "note edited"',
        subjects=EVERYONE,
        payload={"note_id": TEXT, "changes": RECORD, "author": PERSON},
        sample={"note_id": "n_1", "changes": {"body": {"before": "call", "after": "called"}}},
        rows=(11,),
    ),
    trigger(
        "task.created",
        "task added [for {assignee}]",
        "a task is given to somebody",
        doc="Fires for each new task about the record; `for` narrows it to one assignee.",
        example='on task added for "ana@acme.test" when event.title contains "call" do add tag "to call"',
        subjects=EVERYONE,
        slots=(slot("assignee", "who is to do it", PERSON),),
        payload={
            "task_id": TEXT,
            "title": TEXT,
            "due_at": DATETIME,
            "assignee": PERSON,
            "team": TEAM,
            "priority": TEXT,
            "description": TEXT,
            "remind_at": DATETIME,
        },
        sample={
            "task_id": "t_1",
            "title": "call back",
            "due_at": "2026-03-05T16:00:00.000Z",
            "assignee": "ana@acme.test",
        },
        rows=(12,),
    ),
    trigger(
        "task.completed",
        "task completed [by {user}]",
        "a task is done",
        doc="Fires when a task about the record is completed; `by` narrows it to one person. `event.outcome`, "
        "`event.title` and `event.type` say more when the sender gives them.",
        example='on task completed by "ana@acme.test" when event.outcome = "reached" do add tag "reached"',
        subjects=EVERYONE,
        slots=(slot("user", "who completed it", PERSON, path="completed_by"),),
        payload={"task_id": TEXT, "completed_by": PERSON, "outcome": TEXT, "title": TEXT, "type": TEXT},
        sample={"task_id": "t_1", "completed_by": "ana@acme.test", "outcome": "reached", "type": "call"},
        rows=(13,),
    ),
)

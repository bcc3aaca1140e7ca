"""What the `body` columns hold: JSON with short names, without what stands in a column, a neighbour or a default.

The names are a storage format: a field may be added with a default, none may be renamed.
"""

from __future__ import annotations

import msgspec

from runtime.model import JSON, Cause, Millis


class SubjectBody(
    msgspec.Struct, frozen=True, omit_defaults=True, gc=False, rename={"fields": "f", "memory": "m"}
):
    fields: dict[str, JSON]
    memory: dict[str, JSON] = {}


class EventBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "type": "t",
        "occurred_at": "o",
        "data": "d",
        "changes": "c",
        "actor": "a",
        "source": "s",
        "account_id": "ai",
        "contact_id": "ci",
        "cause": "x",
        "identity": "n",
    },
):
    type: str
    occurred_at: Millis
    data: dict[str, JSON] = {}
    changes: dict[str, dict[str, JSON]] = {}
    actor: dict[str, str] = {}
    source: str = ""
    account_id: str = ""
    contact_id: str = ""
    cause: Cause | None = None
    identity: tuple[str, str] | None = None


class RunBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "position": "p",
        "started_at": "t",
        "event": "e",
        "due": "u",
        "effect": "k",
        "reason": "w",
        "data": "d",
        "locals": "l",
        "steps": "n",
        "depth": "h",
        "root": "r",
        "path": "a",
    },
):
    position: str
    started_at: Millis
    event: str
    due: Millis | None = None
    effect: str = ""
    reason: str = ""
    data: dict[str, JSON] = {}
    locals: dict[str, JSON] = {}
    steps: int = 0
    depth: int = 0
    root: str | None = None
    path: tuple[str, ...] = ()


class EffectBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "step": "s",
        "action": "a",
        "destination": "q",
        "args": "i",
        "created_at": "t",
        "event": "e",
        "tries": "m",
        "attempts": "n",
        "next_at": "u",
        "prepared": "p",
        "result": "r",
        "error": "w",
        "finished_at": "f",
        "names": "v",
    },
):
    step: str
    action: str
    destination: str
    args: dict[str, JSON]
    created_at: Millis
    event: dict[str, JSON] = {}
    tries: int | None = None
    attempts: int = 0
    next_at: Millis = 0
    prepared: JSON = None
    result: dict[str, JSON] = {}
    error: str = ""
    finished_at: Millis | None = None
    names: dict[str, JSON] = {}


class VersionBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={"by": "b", "how": "h", "text": "t", "file": "f", "plan": "p", "state": "s"},
):
    by: str
    how: str
    text: str | None = None
    file: str = ""
    plan: str = ""
    state: str = ""


class EntryBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={
        "after": "t",
        "kind": "k",
        "rule": "r",
        "run": "u",
        "step": "s",
        "action": "a",
        "input": "i",
        "reason": "w",
        "changes": "c",
        "event": "e",
        "due": "d",
    },
):
    """An entry relative to the one before: `after` is the time between them; None means "the same"."""

    after: Millis = 0
    kind: str = ""
    rule: str | None = None
    run: str | None = None
    step: str = ""
    action: str = ""
    input: dict[str, JSON] = {}
    reason: str = ""
    changes: dict[str, list[JSON]] = {}
    event: str | None = None
    due: Millis | None = None


class ItemBody(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    rename={"at": "a", "person": "p", "team": "t", "due": "d", "data": "x"},
):
    """An item without what stands in columns of its own."""

    at: Millis = 0
    person: str = ""
    team: str = ""
    due: Millis | None = None
    data: dict[str, JSON] = {}


class SegmentBody(
    msgspec.Struct, frozen=True, omit_defaults=True, gc=False, rename={"event": "e", "entries": "x"}
):
    event: str = ""
    entries: list[EntryBody] = []

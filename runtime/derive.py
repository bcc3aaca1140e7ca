"""What an event does to its subject, and the events that changes of a subject bring about.

Both directions read the trigger declarations, so that a new trigger needs no code here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rulelang.calendar import instant_text, parse_instant
from rulelang.catalog.model import Catalogue, Derivation, Effect, Trigger
from rulelang.types.schema import Schema
from runtime.events import RECORD_UPDATED
from runtime.model import JSON, Event
from runtime.working import SEGMENTS, STAGES, TAGS, Change, Working

Data: TypeAlias = dict[str, JSON]

BOOKKEEPING = frozenset({"id", "created_at", "updated_at", "stage_entered_at", "pipeline", SEGMENTS})
"""Fields whose change is no news by itself."""


_NOTHING: Mapping[str, JSON] = {}
_LEAVING = frozenset({Derivation.STAGE_EXITED, Derivation.SEGMENT_LEFT})
_OF_SEGMENTS = frozenset({Derivation.SEGMENT_ENTERED, Derivation.SEGMENT_LEFT})

OPT_OUTS: Mapping[str, str] = {"email": "email_opt_out", "sms": "sms_opt_out", "call": "call_opt_out"}
"""The field that says so when a contact does not want a channel."""


class Derivations:
    """The declarations that matter here, by event type and by kind of change. Built once for a catalogue.

    `updates` are the event types whose payload lists what changed.
    """

    def __init__(self, catalogue: Catalogue, schema: Schema, heard: Callable[[str, str], bool]) -> None:
        """`heard(event type, kind)` says whether anything listens to such events."""
        self.schema = schema
        self.updates: set[str] = set()
        self._effects: dict[str, Trigger] = {}
        # A stage or segment is left before the next one is entered.
        ordered = sorted(catalogue.triggers.values(), key=lambda t: t.derivation not in _LEAVING)
        self._derived: dict[str, list[Trigger]] = {}
        seen: set[tuple[str, str]] = set()
        for trigger in ordered:
            if trigger.effect is not Effect.NONE:
                self._effects.setdefault(trigger.event, trigger)
            if trigger.derivation is Derivation.UPDATED:
                self.updates.add(trigger.event)
            for kind in trigger.subjects:
                if trigger.derivation is Derivation.NONE or not heard(trigger.event, kind):
                    continue
                if (kind, trigger.event) not in seen:
                    seen.add((kind, trigger.event))
                    self._derived.setdefault(kind, []).append(trigger)

    def apply(self, event: Event, working: Working) -> Data:
        """Change the subject as the event says; the event's data, completed with what only we know."""
        data = dict(event.data)
        for name, change in event.changes.items():
            _set(working, name, change.get("after"))
        if event.account_id and working.key.kind != "account":
            working.set("account_id", event.account_id)
        if event.contact_id and working.key.kind == "opportunity":
            working.set("contact_id", event.contact_id)
        trigger = self._effects.get(event.type)
        if event.type == RECORD_UPDATED:
            _set_fields(data, working)
        elif trigger is not None:
            _APPLY[trigger.effect](self, trigger, data, working)
            _complete(trigger, data, working)
            if event.source and trigger.derivation is Derivation.CREATED:
                data.setdefault("source", event.source)
        return data

    def derive(
        self,
        changes: Sequence[Change],
        created: bool,
        working: Working,
        origin: str,
        said: Mapping[str, JSON] = _NOTHING,
        source: str = "",
    ) -> Iterator[tuple[str, Data, dict[str, dict[str, JSON]]]]:
        """(type, data, changes) of each derived event that something listens to.

        None is of type `origin`, which is here already, with the data `said`; but of several segments that event
        is about one. A record that is new came from `source`, unless it says another itself.
        """
        for trigger in self._derived.get(working.key.kind, ()):
            if trigger.event != origin or trigger.derivation in _OF_SEGMENTS:
                for type_, data, news in _DERIVE[trigger.derivation](
                    self, trigger, changes, created, working
                ):
                    if trigger.event == origin and data["segment"] == said.get("segment"):
                        continue
                    _complete(trigger, data, working)
                    if source and trigger.derivation is Derivation.CREATED:
                        data.setdefault("source", source)
                    yield type_, data, news

    def pipeline_key(self, kind: str, data: Mapping[str, JSON], stage: str) -> str | None:
        """The key of the pipeline an event means: named, else the first of the kind that has the stage."""
        pipelines = self.schema.pipelines_of(kind)
        named = data.get("pipeline")
        if named:
            return next((p.key for p in pipelines if named in (p.key, p.name)), None)
        return next((p.key for p in pipelines if stage in p.stages), None)


def _complete(trigger: Trigger, data: Data, working: Working) -> None:
    """Fill in parts of the payload that name a field of the subject, its id, or its stage in `pipeline`."""
    for name in trigger.payload:
        if name in data:
            continue
        value = working.key.id if name == f"{working.key.kind}_id" else working.get(name)
        if name == "stage":
            value = (working.get(STAGES) or {}).get(data.get("pipeline"))
        if value is not None:
            data[name] = value


def _set(working: Working, name: str, value: JSON) -> None:
    if name == STAGES and isinstance(value, dict):
        for pipeline, stage in value.items():
            working.move_stage(pipeline, stage)
    elif name == TAGS:
        working.set(TAGS, list(dict.fromkeys(value or ())) or None)
    else:
        working.set(name, value)


def _set_fields(data: Data, working: Working) -> None:
    for name, value in (data.get("fields") or {}).items():
        _set(working, name, value)


def _apply_fields(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    known = self.schema.fields[working.key.kind]
    for name in trigger.payload:
        if name in data and name in known and not known[name].read_only:
            _set(working, name, data[name])
    if "stage" in trigger.payload:
        _apply_stage(self, trigger, data, working)
    _set_fields(data, working)


def _apply_set(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    key = trigger.value_key or "after"
    if key in data:
        before = working.get(trigger.field)
        data.setdefault("before", before)
        if f"previous_{key}" in trigger.payload:
            data.setdefault(f"previous_{key}", before)
        working.set(trigger.field, data[key])


def _apply_flag(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    working.set(trigger.field, True)


def _apply_add_tag(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    if data.get("tag"):
        working.add_tag(str(data["tag"]))
        data["tags_after"] = list(working.get(TAGS) or ())


def _apply_remove_tag(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    if data.get("tag"):
        working.remove_tag(str(data["tag"]))
        data["tags_after"] = list(working.get(TAGS) or ())


def _apply_segment(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    """Who is in a segment with a condition is not for events to say."""
    name, kind = data.get("segment"), working.key.kind
    known = self.schema.segments.get(f"{kind}/{name}")
    if not isinstance(name, str) or (known is not None and known.computed) or kind == "opportunity":
        return
    others = [n for n in working.get(SEGMENTS) or () if n != name]
    entered = trigger.effect is Effect.ENTER_SEGMENT
    if entered != (name in (working.get(SEGMENTS) or ())):
        working.set(SEGMENTS, ([*others, name] if entered else others) or None)


def _apply_stage(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    key = trigger.value_key or "stage"
    stage = data.get(key)
    pipeline = self.pipeline_key(working.key.kind, data, stage) if isinstance(stage, str) else None
    if pipeline is None or not isinstance(stage, str):
        return
    before = (working.get(STAGES) or {}).get(pipeline)
    data["pipeline"] = pipeline
    data.setdefault("before" if key == "after" else "previous_stage", before)
    working.move_stage(pipeline, stage)
    data.setdefault("entered_at", instant_text(working.now))


def _apply_dnd(self: Derivations, trigger: Trigger, data: Data, working: Working) -> None:
    enabled = bool(data.get("enabled", True))
    if data.get("scope", "all") == "all":
        working.set("dnc", enabled)
        return
    channels = [channel for channel in data.get("channels") or () if channel in OPT_OUTS]
    if data.get("direction") == "inbound":
        ways = [f"{channel} inbound" for channel in channels]
        others = [entry for entry in working.get("dnd") or [] if entry not in ways]
        working.set("dnd", [*others, *(ways if enabled else [])] or None)
        return
    for channel in channels:
        working.set(OPT_OUTS[channel], enabled)


_Apply: TypeAlias = Callable[[Derivations, Trigger, Data, Working], None]
_APPLY: Mapping[Effect, _Apply] = {
    Effect.FIELDS: _apply_fields,
    Effect.SET: _apply_set,
    Effect.FLAG: _apply_flag,
    Effect.ADD_TAG: _apply_add_tag,
    Effect.REMOVE_TAG: _apply_remove_tag,
    Effect.MOVE_STAGE: _apply_stage,
    Effect.ENTER_SEGMENT: _apply_segment,
    Effect.LEAVE_SEGMENT: _apply_segment,
    Effect.DND: _apply_dnd,
}

Derived: TypeAlias = Iterator[tuple[str, Data, dict[str, dict[str, JSON]]]]


def _created(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    if created:
        tags = list(working.get(TAGS) or ())
        data = {"source": working.get("source"), "tags": tags, "fields": {c.name: c.after for c in changes}}
        yield trigger.event, {k: v for k, v in data.items() if v}, {}


def _updated(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    news = {c.name: {"before": c.before, "after": c.after} for c in changes if _is_news(c)}
    if news and not created:
        yield trigger.event, {"changes": news}, news


def _field(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    for change in changes:
        if change.name == trigger.field or (not trigger.field and _is_news(change)):
            data = {"before": change.before, "after": change.after}
            if "field" in trigger.payload:
                data["field"] = change.name
            if trigger.value_key:
                data[trigger.value_key] = change.after
            if f"previous_{trigger.value_key}" in trigger.payload:
                data[f"previous_{trigger.value_key}"] = change.before
            yield trigger.event, data, {change.name: {"before": change.before, "after": change.after}}


def _is_news(change: Change) -> bool:
    return change.name not in BOOKKEEPING and not change.name.startswith(f"{STAGES}.")


def _tags(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    for change in changes:
        if change.name != TAGS:
            continue
        before, after = change.before or [], change.after or []
        old, new = (before, after) if trigger.derivation is Derivation.TAG_ADDED else (after, before)
        for tag in new:
            if tag not in old:
                yield trigger.event, {"tag": tag, "tags_after": list(after)}, {}


def _segments(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    for change in changes:
        if change.name != SEGMENTS:
            continue
        before, after = change.before or [], change.after or []
        old, new = (before, after) if trigger.derivation is Derivation.SEGMENT_ENTERED else (after, before)
        for name in new:
            if name not in old:
                yield trigger.event, {"segment": name}, {}


def _stage_entered(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    for pipeline, change in _moves(changes):
        if change.after is not None:
            data = {
                "pipeline": pipeline,
                "stage": change.after,
                "previous_stage": change.before,
                "before": change.before,
                "after": change.after,
                "entered_at": instant_text(working.now),
            }
            yield trigger.event, {k: v for k, v in data.items() if k in trigger.payload}, {}


def _stage_exited(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    for pipeline, change in _moves(changes):
        if change.before is not None:
            yield trigger.event, _left(pipeline, change, working), {}


def _left(pipeline: str, change: Change, working: Working) -> Data:
    data: Data = {"pipeline": pipeline, "stage": change.before, "next_stage": change.after}
    data["exited_at"] = instant_text(working.now)
    entered = working.previously_entered.get(pipeline)
    since = parse_instant(entered) if entered else None
    if since is not None:
        data["entered_at"] = entered
        data["seconds_in_stage"] = (working.now - since) // 1000
    return data


def _dnd(
    self: Derivations, trigger: Trigger, changes: Sequence[Change], created: bool, working: Working
) -> Derived:
    after = {c.name: bool(c.after) for c in changes if c.name == "dnc" or c.name in OPT_OUTS.values()}
    if "dnc" in after:
        data: Data = {
            "enabled": after["dnc"],
            "scope": "all",
            "channels": list(OPT_OUTS),
            "direction": "outbound",
        }
        yield trigger.event, data, {}
    for enabled in (True, False):
        channels = [channel for channel, field in OPT_OUTS.items() if after.get(field) is enabled]
        if channels:
            data = {"enabled": enabled, "scope": "specific", "channels": channels, "direction": "outbound"}
            yield trigger.event, data, {}
    for change in changes:
        if change.name == "dnd":
            for closed in _closed(change):
                yield trigger.event, closed, {}


def _closed(change: Change) -> Iterator[Data]:
    """What closing and opening channels in one direction means: an event for each."""
    before, after = set(change.before or ()), set(change.after or ())
    for enabled, entries in ((True, after - before), (False, before - after)):
        for direction in ("outbound", "inbound"):
            channels = [channel for channel in OPT_OUTS if f"{channel} {direction}" in entries]
            if channels:
                yield {"enabled": enabled, "scope": "specific", "channels": channels, "direction": direction}


def _moves(changes: Sequence[Change]) -> Iterator[tuple[str, Change]]:
    for change in changes:
        if change.name.startswith(f"{STAGES}."):
            yield change.name.removeprefix(f"{STAGES}."), change


_Derive: TypeAlias = Callable[[Derivations, Trigger, Sequence[Change], bool, Working], Derived]
_DERIVE: Mapping[Derivation, _Derive] = {
    Derivation.CREATED: _created,
    Derivation.UPDATED: _updated,
    Derivation.FIELD: _field,
    Derivation.TAG_ADDED: _tags,
    Derivation.TAG_REMOVED: _tags,
    Derivation.SEGMENT_ENTERED: _segments,
    Derivation.SEGMENT_LEFT: _segments,
    Derivation.STAGE_ENTERED: _stage_entered,
    Derivation.STAGE_EXITED: _stage_exited,
    Derivation.DND: _dnd,
}

"""The event envelope: public JSON in, a validated `Event` out, and back. See docs/events.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from rulelang.calendar import CalendarError, instant_text, parse_instant
from rulelang.catalog.model import Catalogue, Effect
from rulelang.diagnostics.messages import article
from rulelang.diagnostics.suggest import did_you_mean
from rulelang.types.builtin import concrete
from rulelang.types.coerce import CoercionError, coerce
from rulelang.types.model import Type
from rulelang.types.schema import SUBJECT_KINDS, Schema
from runtime.model import JSON, Cause, Event, Millis, SubjectKey

TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
IDENTIFIER = re.compile(r"[^\x00-\x20\x7f]{1,200}\Z")
RECORD_UPDATED = "record.updated"
"""The event by which the API, imports and upserts set fields of any kind of subject (`data.fields`).

No rule listens to it: it derives `contact.created`, `contact.updated`, `stage.entered` … from what changed.
"""

QUIET = "quiet"
"""In the data of `record.updated`, true: set the fields without deriving any event, as a first import may want."""

IDENTITY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "contact": ("email", "external_id"),
    "account": ("external_id",),
    "opportunity": ("external_id",),
}
"""Fields that name a subject besides its id, by kind, in the order tried."""

MAX_AHEAD: Millis = 24 * 3600 * 1000
"""How far `occurred_at` may lie in the future before an event is refused as a clock error."""

MAX_TYPES = 10_000
"""Event types whose payload types are kept ready; names of events come from outside."""

ENVELOPE = frozenset(
    [
        "id",
        "type",
        "occurred_at",
        "received_at",
        "subject",
        "contact_id",
        "account_id",
        "opportunity_id",
        "actor",
        "source",
        "cause",
        "data",
        "changes",
    ]
)


class EventError(ValueError):
    """An event that cannot be accepted. `pointer` is a JSON pointer into it; the message is a sentence."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def derived_id(kind: str, field: str, value: str) -> str:
    """The id of a subject first seen under an identifying value: the same value gives the same id."""
    digest = blake2b(f"{kind}\0{field}\0{value}".encode(), digest_size=10).hexdigest()
    return f"{kind[0]}_{digest}"


def body_hash(raw: Mapping[str, JSON]) -> bytes:
    """What tells a repeated delivery from another event under the same id."""
    body = {k: v for k, v in raw.items() if k != "received_at"}
    return blake2b(msgspec.json.encode(body, order="deterministic"), digest_size=16).digest()


class EventCodec:
    """Reads events against a catalogue and a schema. Built once for each schema."""

    def __init__(self, catalogue: Catalogue, schema: Schema) -> None:
        self._schema = schema
        self._payload: dict[str, dict[str, Type]] = {}
        self._takes_fields: set[str] = {RECORD_UPDATED}
        self._subject: dict[str, str] = {}
        self._concrete: dict[tuple[str, str], dict[str, Type]] = {}
        self._doubts: dict[str, str] = {}
        for trigger in catalogue.triggers.values():
            self._payload.setdefault(trigger.event, {}).update(trigger.payload)
            if trigger.subjects:
                self._subject.setdefault(trigger.event, trigger.subjects[0])
            if trigger.effect is Effect.FIELDS:
                self._takes_fields.add(trigger.event)
        for event in schema.events.values():
            self._payload[event.name] = {name: f.type for name, f in event.payload.items()}
            self._subject[event.name] = event.subject

    def read(self, raw: JSON, now: Millis, ahead: Millis | None = MAX_AHEAD) -> Event:
        """An event from its public JSON. One that lies more than `ahead` in the future is refused; None takes any.

        Raises:
            EventError: with a pointer to what is wrong; nothing is accepted then.
        """
        if not isinstance(raw, dict):
            raise EventError("", f"an event is a JSON object, found {_name(raw)}")
        for key in raw:
            if key not in ENVELOPE:
                raise EventError(
                    f"/{key}",
                    _unknown(f"`{key}` is not part of an event", key, ENVELOPE, "put it into `data`"),
                )
        kind_of = _text(raw, "type")
        if not TYPE.match(kind_of) or len(kind_of) > 100:
            raise EventError(
                "/type",
                f"an event type is lower-case words joined by dots, such as `stage.entered`, found {kind_of!r}",
            )
        subject, identity = self._read_subject(raw, kind_of)
        return Event(
            id=_identifier(raw, "id"),
            type=kind_of,
            occurred_at=_occurred(raw, now, ahead),
            received_at=now,
            subject=subject,
            identity=identity,
            data=self._read_data(raw, kind_of, subject.kind),
            changes=self._read_changes(raw, subject.kind),
            actor=_strings(raw, "actor"),
            source=_text(raw, "source", ""),
            account_id=_identifier(raw, "account_id") if raw.get("account_id") else "",
            contact_id=_identifier(raw, "contact_id") if raw.get("contact_id") else "",
        )

    def doubt(self, type_: str) -> str:
        """A sentence about a type that nothing can listen to and that looks like a mistyped one; "" for all others."""
        if type_ in self._payload or type_ == RECORD_UPDATED:
            return ""
        found = self._doubts.get(type_)
        if found is None:
            near = _near_type(type_, self._payload)
            found = f"no trigger listens to `{type_}`; did you mean `{near}`?" if near else ""
            if len(self._doubts) < MAX_TYPES:
                self._doubts[type_] = found
        return found

    def _read_subject(self, raw: Mapping[str, JSON], type_: str) -> tuple[SubjectKey, tuple[str, str] | None]:
        given = raw.get("subject")
        if given is None:
            return self._implied_subject(raw, type_), None
        if not isinstance(given, dict):
            raise EventError(
                "/subject",
                f'`subject` is an object such as {{"kind": "contact", "id": "c_1"}}, found {_name(given)}',
            )
        kind = given.get("kind", self._subject.get(type_, "contact"))
        if kind not in SUBJECT_KINDS:
            if raw.get("contact_id"):
                return SubjectKey("contact", _identifier(raw, "contact_id")), None
            kinds = ", ".join(SUBJECT_KINDS)
            raise EventError(
                "/subject/kind",
                f"the subject is one of {kinds}, found {kind!r}; name the contact in `contact_id`",
            )
        if given.get("id"):
            return SubjectKey(kind, _identifier(given, "id", "/subject")), None
        for field in IDENTITY_FIELDS[kind]:
            if given.get(field):
                return SubjectKey(kind, ""), (field, self._identity(kind, field, given[field]))
        ways = " or ".join(f"`{f}`" for f in ("id", *IDENTITY_FIELDS[kind]))
        raise EventError("/subject", f"the subject must be named by {ways}")

    def _implied_subject(self, raw: Mapping[str, JSON], type_: str) -> SubjectKey:
        preferred = self._subject.get(type_, "contact")
        for kind in (preferred, *SUBJECT_KINDS):
            if raw.get(f"{kind}_id"):
                return SubjectKey(kind, _identifier(raw, f"{kind}_id"))
        raise EventError(
            "/subject",
            'an event needs a subject, such as {"kind": "contact", "id": "c_1"} '
            'or {"kind": "contact", "email": "a@b.test"}',
        )

    def _identity(self, kind: str, field: str, value: JSON) -> str:
        definition = self._schema.fields.get(kind, {}).get(field)
        if definition is None:
            return str(value)
        return str(_coerced(definition.type, value, f"/subject/{field}", field))

    def _read_data(self, raw: Mapping[str, JSON], type_: str, kind: str) -> dict[str, JSON]:
        data = raw.get("data")
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise EventError("/data", f"`data` is an object, found {_name(data)}")
        known = self._types(type_, kind)
        result = {k: _coerced(known[k], v, f"/data/{k}", k) if k in known else v for k, v in data.items()}
        if type_ in self._takes_fields and isinstance(data.get("fields"), dict):
            result["fields"] = self.fields(kind, data["fields"], "/data/fields")
        return result

    def _types(self, type_: str, kind: str) -> dict[str, Type]:
        """The types of an event's payload for one kind of subject, with its stages and statuses filled in."""
        found = self._concrete.get((type_, kind))
        if found is None:
            declared = self._payload.get(type_, {})
            found = {name: concrete(t, self._schema, kind) for name, t in declared.items()}
            if len(self._concrete) < MAX_TYPES:
                self._concrete[type_, kind] = found
        return found

    def _read_changes(self, raw: Mapping[str, JSON], kind: str) -> dict[str, dict[str, JSON]]:
        changes = raw.get("changes")
        if changes is None:
            return {}
        if not isinstance(changes, dict) or not all(
            isinstance(c, dict) and "after" in c for c in changes.values()
        ):
            raise EventError("/changes", '`changes` maps each field to {"before": …, "after": …}')
        after = self.fields(kind, {name: change["after"] for name, change in changes.items()}, "/changes")
        return {
            name: {"before": changes[name].get("before"), "after": value} for name, value in after.items()
        }

    def fields(self, kind: str, values: Mapping[str, JSON], pointer: str = "") -> dict[str, JSON]:
        """Field values of a subject, checked and normalised; null clears a field.

        Raises:
            EventError: an unknown or read-only field, or a value of the wrong type.
        """
        known = self._schema.fields[kind]
        result: dict[str, JSON] = {}
        for name, value in values.items():
            definition = known.get(name)
            if definition is None:
                message = _unknown(
                    f"{article(kind)} has no field `{name}`", name, known, "declare it in the schema"
                )
                raise EventError(f"{pointer}/{name}", message)
            if definition.read_only and name not in ("stages", "id"):
                raise EventError(f"{pointer}/{name}", f"`{name}` is kept by the system and cannot be set")
            if name == "stages":
                result[name] = self._stages(kind, value, f"{pointer}/stages")
            elif name != "id":
                result[name] = (
                    None if value is None else _coerced(definition.type, value, f"{pointer}/{name}", name)
                )
        return result

    def stage(self, kind: str, stage: str) -> dict[str, str]:
        """{pipeline key: stage} for a stage named alone: in the first pipeline of the kind that has it.

        Raises:
            EventError: no pipeline of the kind has this stage.
        """
        for pipeline in self._schema.pipelines_of(kind):
            if stage in pipeline.stages:
                return {pipeline.key: stage}
        known = [s for pipeline in self._schema.pipelines_of(kind) for s in pipeline.stages]
        raise EventError(
            "/stage",
            _unknown(
                f"no pipeline of {article(kind)} has the stage {stage!r}",
                stage,
                known,
                "declare it in the schema",
            ),
        )

    def _stages(self, kind: str, value: JSON, pointer: str) -> dict[str, str]:
        if not isinstance(value, dict):
            raise EventError(pointer, f"`stages` maps pipelines to stages, found {_name(value)}")
        result = {}
        for name, stage in value.items():
            pipeline = next((p for p in self._schema.pipelines_of(kind) if name in (p.key, p.name)), None)
            if pipeline is None:
                names = [p.name for p in self._schema.pipelines_of(kind)]
                raise EventError(
                    f"{pointer}/{name}",
                    _unknown(
                        f"{article(kind)} has no pipeline `{name}`", name, names, "declare it in the schema"
                    ),
                )
            if stage not in pipeline.stages:
                message = _unknown(
                    f"`{pipeline.name}` has no stage {stage!r}",
                    str(stage),
                    pipeline.stages,
                    f"its stages are {', '.join(pipeline.stages)}",
                )
                raise EventError(f"{pointer}/{name}", message)
            result[pipeline.key] = stage
        return result


def event_json(event: Event) -> dict[str, JSON]:
    """The public form of an event."""
    result: dict[str, JSON] = {
        "id": event.id,
        "type": event.type,
        "occurred_at": instant_text(event.occurred_at),
        "received_at": instant_text(event.received_at),
        "subject": {"kind": event.subject.kind, "id": event.subject.id},
    }
    for name in ("data", "changes", "actor", "source", "account_id", "contact_id"):
        value = getattr(event, name)
        if value:
            result[name] = value
    if event.cause is not None:
        result["cause"] = cause_json(event.cause)
    return result


def cause_json(cause: Cause) -> dict[str, JSON]:
    """The public form of a cause."""
    return {
        "rule": cause.rule,
        "run": cause.run,
        "depth": cause.depth,
        "root": cause.root,
        "path": list(cause.path),
    }


def _coerced(type_: Type, value: JSON, pointer: str, name: str) -> JSON:
    try:
        return coerce(type_, value)
    except CoercionError as error:
        raise EventError(pointer, f"`{name}`: {error}") from None


def _near_type(type_: str, known: Iterable[str]) -> str:
    """The known type that is meant: a slip or two away, or of the same noun with a verb that begins alike."""
    names = [name for name in known if name]
    noun, _, verb = type_.partition(".")
    alike = (name for name in names if len(verb) > 2 and name.startswith(f"{noun}.{verb[:3]}"))
    return did_you_mean(type_, names) or next(alike, "")


def _unknown(message: str, word: str, known: Iterable[str], otherwise: str) -> str:
    near = did_you_mean(word, known)
    return f"{message}; did you mean `{near}`?" if near else f"{message}; {otherwise}"


def _text(raw: Mapping[str, JSON], key: str, default: str | None = None) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str):
        raise EventError(
            f"/{key}", f"`{key}` is text, found {_name(value)}" if key in raw else f"`{key}` is missing"
        )
    return value


def _identifier(raw: Mapping[str, JSON], key: str, prefix: str = "") -> str:
    value = raw.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not IDENTIFIER.match(value):
        raise EventError(
            f"{prefix}/{key}", f"`{key}` is text of 1 to 200 characters without spaces, found {_name(value)}"
        )
    return value


def _occurred(raw: Mapping[str, JSON], now: Millis, ahead: Millis | None) -> Millis:
    value = raw.get("occurred_at")
    if value is None:
        return now
    moment = _instant(value)
    if moment is None:
        raise EventError(
            "/occurred_at",
            f"`occurred_at` is an instant with an offset, such as `2026-01-31T09:00:00Z`, found {value!r}",
        )
    if ahead is not None and moment > now + ahead:
        raise EventError(
            "/occurred_at", "`occurred_at` lies more than a day in the future; is the sender's clock right?"
        )
    return moment


def _instant(value: JSON) -> Millis | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except CalendarError:
        return None


def _strings(raw: Mapping[str, JSON], key: str) -> dict[str, str]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise EventError(f"/{key}", f"`{key}` is an object of texts")
    return value


def _name(value: JSON) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"

"""The writer's statements: built with SQLAlchemy Core, compiled to SQL once, run with plain tuples.

Parameters stand in the order in which the statement names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from sqlite3 import Connection
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql import ClauseElement

from runtime.store.identity import LINKS
from runtime.store.schema import (
    Trail,
    counters,
    effects,
    events,
    items,
    journal,
    marks,
    names,
    plans,
    runs,
    statistics,
    subjects,
    trail,
    versions,
)

_DIALECT = dialect(paramstyle="qmark")


def sql(statement: ClauseElement) -> str:
    """The SQL text of a statement, with a question mark for every parameter in order of appearance."""
    return str(statement.compile(dialect=_DIALECT))


def _limited(statement: Select[Any]) -> str:
    # Core would add an OFFSET with a parameter of its own.
    return f"{sql(statement)} LIMIT ?"


LIVE = trail.c.kind == literal_column(str(int(Trail.LIVE)))


class ByKeys:
    """A statement over a list of keys, compiled for a few list lengths; shorter lists repeat their last key.

    One parameter with json_each would be as fast, but SQLite before 3.45 cuts its texts at a NUL.
    """

    _SIZES = (1, 8, 40, 200, 400, 900)

    def __init__(
        self, column: ColumnElement[Any], build: Callable[[ColumnElement[bool]], ClauseElement]
    ) -> None:
        self._column = column
        self._build = build
        self._sql: dict[int, str] = {}

    def rows(self, connection: Connection, keys: Sequence[Any], *before: Any) -> Iterator[tuple[Any, ...]]:
        """The rows for all keys; `before` are parameters that stand in front of the keys."""
        for statement, chunk in self._chunks(keys):
            yield from connection.execute(statement, (*before, *chunk)).fetchall()

    def run(self, connection: Connection, keys: Sequence[Any]) -> int:
        """Run it for all keys; how many rows it touched."""
        return sum(connection.execute(statement, chunk).rowcount for statement, chunk in self._chunks(keys))

    def _chunks(self, keys: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
        most = self._SIZES[-1]
        for start in range(0, len(keys), most):
            chunk = list(keys[start : start + most])
            size = next(size for size in self._SIZES if size >= len(chunk))
            chunk.extend(chunk[-1:] * (size - len(chunk)))
            yield self._sql_for(size), chunk

    def _sql_for(self, size: int) -> str:
        if size not in self._sql:
            keys: list[BindParameter[Any]] = [bindparam(f"key_{n}") for n in range(size)]
            self._sql[size] = sql(self._build(self._column.in_(keys)))
        return self._sql[size]


# --- names ---------------------------------------------------------------------------------------------

NAME_ID = sql(select(names.c.id).where(names.c.text == bindparam("text")))
NAME_TEXT = sql(select(names.c.text).where(names.c.id == bindparam("id")))
ADD_NAME = sql(insert(names).values(text=bindparam("text")))

# --- subjects ------------------------------------------------------------------------------------------

SUBJECTS_BY_ID = ByKeys(
    subjects.c.id,
    lambda found: select(
        subjects.c.id,
        subjects.c.seq,
        subjects.c.email,
        subjects.c.external_id,
        subjects.c.account_id,
        subjects.c.contact_id,
        subjects.c.alarm,
        subjects.c.version,
        subjects.c.body,
    ).where(subjects.c.kind == bindparam("kind"), found),
)
IDENTITIES = {
    name: ByKeys(
        subjects.c[name],
        lambda found, column=subjects.c[name]: select(column, subjects.c.id).where(  # type: ignore[misc]
            subjects.c.kind == bindparam("kind"), found
        ),
    )
    for name in ("email", "external_id")
}
DEPENDENTS = {
    kind: _limited(
        select(names.c.text, subjects.c.id)
        .join_from(subjects, names, subjects.c.kind == names.c.id)
        .where(
            subjects.c[field] == bindparam("key"),
            subjects.c.id > bindparam("after"),
            select(text("1")).where(trail.c.subject == subjects.c.seq, LIVE).exists(),
        )
        .order_by(subjects.c.id, names.c.text)
    )
    for kind, field in LINKS.items()
}
_KEY = select(names.c.text, subjects.c.id).join_from(subjects, names, subjects.c.kind == names.c.id)
LINKED = {
    kind: _limited(
        _KEY.where(subjects.c[field] == bindparam("key"), subjects.c.id > bindparam("after")).order_by(
            subjects.c.id, names.c.text
        )
    )
    for kind, field in LINKS.items()
}
SUBJECTS_OF = _limited(
    select(subjects.c.id)
    .where(
        subjects.c.kind == bindparam("kind"), subjects.c.id > bindparam("after"), subjects.c.body.is_not(None)
    )
    .order_by(subjects.c.id)
)
DUE_ALARMS = _limited(
    select(subjects.c.alarm, names.c.text, subjects.c.id)
    .join_from(subjects, names, subjects.c.kind == names.c.id)
    .where(subjects.c.alarm <= bindparam("until"))
    .order_by(subjects.c.alarm, subjects.c.id)
)
NEXT_ALARM = sql(select(func.min(subjects.c.alarm)).where(subjects.c.alarm.is_not(None)))
ADD_SUBJECT = sql(insert(subjects))
KEEP_SEARCHED = sql(
    update(subjects)
    .values(version=bindparam("version"), body=bindparam("body"))
    .where(subjects.c.seq == bindparam("of"))
)
SET_ALARM = sql(update(subjects).values(alarm=bindparam("alarm")).where(subjects.c.seq == bindparam("of")))
RELEASE_IDENTITY = sql(
    update(subjects)
    .values(email=text("NULL"), external_id=text("NULL"))
    .where(subjects.c.seq == bindparam("of"))
)
CHANGE_SUBJECT = sql(
    update(subjects)
    .values(
        email=bindparam("email"),
        external_id=bindparam("external_id"),
        account_id=bindparam("account_id"),
        contact_id=bindparam("contact_id"),
        version=bindparam("version"),
        body=bindparam("body"),
    )
    .where(subjects.c.seq == bindparam("of"))
)

# --- events --------------------------------------------------------------------------------------------

KNOWN_EVENTS = ByKeys(
    events.c.id, lambda found: select(events.c.id, events.c.hash, events.c.runs).where(found)
)
STORED_EVENTS = ByKeys(events.c.seq, lambda found: select(events.c.seq).where(found))
ADD_EVENT = sql(upsert(events).on_conflict_do_nothing(index_elements=["id"]))
HANDLED = sql(
    update(events).values(pending=text("0"), runs=bindparam("runs")).where(events.c.id == bindparam("of"))
)
PENDING_EVENTS = _limited(
    select(events.c.seq, events.c.id, names.c.text, subjects.c.id, events.c.received_at, events.c.body)
    .join_from(events, subjects)
    .join(names)
    .where(text("events.pending = 1"))
    .order_by(events.c.seq)
)

EVENTS_OF = _limited(
    select(events.c.seq, events.c.id, names.c.text, subjects.c.id, events.c.received_at, events.c.body)
    .join_from(subjects, names)
    .join(trail, trail.c.subject == subjects.c.seq)
    .join(events, events.c.seq == trail.c.seq)
    .where(
        subjects.c.kind == bindparam("kind"),
        subjects.c.id == bindparam("id"),
        trail.c.kind == literal_column(str(int(Trail.EVENT))),
        text("events.pending = 0"),
    )
    .order_by(trail.c.seq.desc())
)

# --- runs ----------------------------------------------------------------------------------------------

_RUN = (runs.c.seq, runs.c.id, runs.c.rule, runs.c.plan, runs.c.subject)
_RUN_STATE = (runs.c.status, runs.c.due, runs.c.ended_at, runs.c.body)
LIVE_RUNS = ByKeys(
    trail.c.subject,
    lambda found: (
        select(*_RUN, *_RUN_STATE)
        .join_from(trail, runs, trail.c.seq == runs.c.seq)
        .where(found, LIVE)
        .order_by(trail.c.subject, trail.c.seq)
    ),
)
RUNS_BY_ID = ByKeys(
    runs.c.id,
    lambda found: (
        select(runs.c.seq, runs.c.id, runs.c.rule, runs.c.plan, subjects.c.kind, subjects.c.id, *_RUN_STATE)
        .join_from(runs, subjects)
        .where(found)
    ),
)
RUNS_OF = _limited(
    select(runs.c.seq, runs.c.id, runs.c.rule, runs.c.plan, subjects.c.kind, subjects.c.id, *_RUN_STATE)
    .join_from(runs, subjects)
    .where(
        runs.c.rule == bindparam("rule"),
        runs.c.status == bindparam("status"),
        runs.c.seq > bindparam("after"),
    )
    .order_by(runs.c.seq)
)
SEGMENTS_OF_RUNS = ByKeys(
    runs.c.id,
    lambda found: (
        select(runs.c.id, journal.c.body)
        .join_from(runs, journal, journal.c.run == runs.c.seq)
        .where(found, journal.c.run.is_not(None))
        .order_by(journal.c.seq)
    ),
)
RUN_SEQS = ByKeys(runs.c.id, lambda found: select(runs.c.id, runs.c.seq).where(found))
ADD_RUN = sql(upsert(runs).on_conflict_do_nothing(index_elements=["id"]))
CHANGE_RUN = sql(
    update(runs)
    .values(
        plan=bindparam("plan"),
        status=bindparam("status"),
        due=bindparam("due"),
        ended_at=bindparam("ended_at"),
        body=bindparam("body"),
    )
    .where(runs.c.seq == bindparam("of"))
)
DUE_RUNS = _limited(
    select(runs.c.due, runs.c.id, names.c.text, subjects.c.id)
    .join_from(runs, subjects)
    .join(names, names.c.id == subjects.c.kind)
    .where(runs.c.due <= bindparam("until"))
    .order_by(runs.c.due, runs.c.seq)
)
NEXT_DUE = sql(select(func.min(runs.c.due)).where(runs.c.due.is_not(None)))

# --- effects -------------------------------------------------------------------------------------------

_EFFECT = (
    select(
        effects.c.seq,
        effects.c.key,
        runs.c.id,
        effects.c.rule,
        subjects.c.kind,
        subjects.c.id,
        effects.c.status,
        effects.c.body,
    )
    .join_from(effects, runs, effects.c.run == runs.c.seq)
    .join(subjects, effects.c.subject == subjects.c.seq)
)
EFFECTS_BY_KEY = ByKeys(effects.c.key, _EFFECT.where)
PENDING_EFFECTS = _limited(
    _EFFECT.where(text("effects.status = 0"), effects.c.key > bindparam("after")).order_by(effects.c.key)
)
_effect = upsert(effects)
WRITE_EFFECT = sql(
    _effect.on_conflict_do_update(
        index_elements=["key"], set_={"status": _effect.excluded.status, "body": _effect.excluded.body}
    )
)

# --- journal, counters, plans --------------------------------------------------------------------------

ADD_SEGMENT = sql(insert(journal))
COUNTERS = sql(select(counters.c.name, counters.c.value))
_counter = upsert(counters)
WRITE_COUNTER = sql(
    _counter.on_conflict_do_update(index_elements=["name"], set_={"value": _counter.excluded.value})
)
ADD_VERSION = sql(upsert(versions).on_conflict_do_nothing(index_elements=["kind", "name", "number"]))
_newest = (
    select(versions.c.kind, versions.c.name, func.max(versions.c.number).label("number"))
    .group_by(versions.c.kind, versions.c.name)
    .subquery()
)
LATEST_VERSIONS = sql(
    select(versions.c.kind, names.c.text, versions.c.number, versions.c.at, versions.c.body)
    .join_from(
        versions,
        _newest,
        (versions.c.kind == _newest.c.kind)
        & (versions.c.name == _newest.c.name)
        & (versions.c.number == _newest.c.number),
    )
    .join(names, names.c.id == versions.c.name)
    .order_by(versions.c.kind, names.c.text)
)
_statistic = upsert(statistics)
ADD_STATISTIC = sql(
    _statistic.on_conflict_do_update(
        index_elements=["rule", "what", "day"],
        set_={"count": statistics.c.count + _statistic.excluded.count},
    )
)
PLAN = sql(select(plans.c.body).where(plans.c.hash == bindparam("hash")))
ADD_PLAN = sql(upsert(plans).on_conflict_do_nothing(index_elements=["hash"]))

# --- items of desks ------------------------------------------------------------------------------------

STORED_ITEMS = ByKeys(
    items.c.id,
    lambda found: (
        select(
            items.c.id,
            items.c.seq,
            names.c.text,
            subjects.c.id,
            items.c.kind,
            items.c.closed_at,
            items.c.body,
        )
        .join_from(items, subjects, items.c.subject == subjects.c.seq)
        .join(names, names.c.id == subjects.c.kind)
        .where(found)
    ),
)
_item = upsert(items)
WRITE_ITEM = sql(
    _item.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _item.excluded[name] for name in ("open", "person", "team", "closed_at", "body")},
    )
)
CLOSED_ITEMS = _limited(
    select(items.c.seq)
    .where(items.c.closed_at.is_not(None), items.c.closed_at < bindparam("before"))
    .order_by(items.c.closed_at)
)
DELETE_ITEMS = ByKeys(items.c.seq, lambda found: delete(items).where(found))
DELETE_ITEMS_OF = sql(delete(items).where(items.c.subject == bindparam("subject")))

# --- trail ---------------------------------------------------------------------------------------------

ADD_TRAIL = sql(upsert(trail).on_conflict_do_nothing())
DROP_TRAIL = sql(
    delete(trail).where(
        trail.c.subject == bindparam("subject"),
        trail.c.kind == bindparam("kind"),
        trail.c.seq == bindparam("seq"),
    )
)

# --- sequence numbers and clearing up ------------------------------------------------------------------

SEQUENCES = {
    table.name: sql(select(func.coalesce(func.max(table.c.seq), text("0"))))
    for table in (subjects, events, runs, effects, journal, items)
}
MARKS = sql(select(marks.c.name, marks.c.seq))
_mark = upsert(marks)
WRITE_MARK = sql(_mark.on_conflict_do_update(index_elements=["name"], set_={"seq": _mark.excluded.seq}))

ENDED_RUNS = _limited(
    select(runs.c.seq, runs.c.subject)
    .where(runs.c.ended_at.is_not(None), runs.c.ended_at < bindparam("before"), text("runs.status >= 3"))
    .order_by(runs.c.ended_at)
)
OLD_SEGMENTS = _limited(
    select(journal.c.seq, journal.c.subject)
    .where(text("journal.run IS NULL"), journal.c.at < bindparam("before"))
    .order_by(journal.c.at)
)
EVENTS_IN_ORDER = sql(
    select(events.c.seq, events.c.subject, events.c.received_at, events.c.pending).order_by(events.c.seq)
)
TRAIL_OF = sql(select(trail.c.kind, trail.c.seq).where(trail.c.subject == bindparam("subject")))
DELETE_TRAIL_OF = sql(delete(trail).where(trail.c.subject == bindparam("subject")))
DELETE_RUNS = ByKeys(runs.c.seq, lambda found: delete(runs).where(found))
DELETE_RUN_EFFECTS = ByKeys(effects.c.run, lambda found: delete(effects).where(found))
RUN_SEGMENTS = ByKeys(
    journal.c.run,
    lambda found: select(journal.c.seq, journal.c.subject).where(journal.c.run.is_not(None), found),
)
DELETE_SEGMENTS = ByKeys(journal.c.seq, lambda found: delete(journal).where(found))
DELETE_EVENTS = ByKeys(events.c.seq, lambda found: delete(events).where(found))
DELETE_SUBJECT = sql(delete(subjects).where(subjects.c.seq == bindparam("of")))

"""The reader's queries, in SQLAlchemy Core. Listings are cut by key (seq, id), never by offset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, literal_column, select, text

from runtime.model import SubjectKey
from runtime.store.schema import (
    EFFECT_STATUSES,
    Trail,
    api_keys,
    effects,
    events,
    journal,
    names,
    plans,
    runs,
    subjects,
    trail,
)

_kind = names.alias("kind")
_rule = names.alias("rule")
_plan = names.alias("plan")

RUNS: Select[Any] = (
    select(
        runs.c.seq,
        runs.c.id,
        _rule.c.text,
        _plan.c.text,
        _kind.c.text,
        subjects.c.id,
        runs.c.status,
        runs.c.due,
        runs.c.ended_at,
        runs.c.body,
    )
    .join_from(runs, subjects, runs.c.subject == subjects.c.seq)
    .join(_kind, _kind.c.id == subjects.c.kind)
    .join(_rule, _rule.c.id == runs.c.rule)
    .join(_plan, _plan.c.id == runs.c.plan)
)

EFFECTS: Select[Any] = (
    select(
        effects.c.seq,
        effects.c.key,
        runs.c.id,
        _rule.c.text,
        _kind.c.text,
        subjects.c.id,
        effects.c.status,
        effects.c.body,
    )
    .join_from(effects, runs, effects.c.run == runs.c.seq)
    .join(subjects, effects.c.subject == subjects.c.seq)
    .join(_kind, _kind.c.id == subjects.c.kind)
    .join(_rule, _rule.c.id == effects.c.rule)
)

EVENTS: Select[Any] = (
    select(events.c.seq, events.c.id, _kind.c.text, subjects.c.id, events.c.received_at, events.c.body)
    .join_from(events, subjects, events.c.subject == subjects.c.seq)
    .join(_kind, _kind.c.id == subjects.c.kind)
)

SEGMENTS: Select[Any] = (
    select(journal.c.seq, _kind.c.text, subjects.c.id, runs.c.id, journal.c.body)
    .join_from(journal, subjects, journal.c.subject == subjects.c.seq)
    .join(_kind, _kind.c.id == subjects.c.kind)
    .outerjoin(runs, journal.c.run == runs.c.seq)
)

_SUBJECTS = select(subjects.c.seq, subjects.c.kind, subjects.c.id, subjects.c.version, subjects.c.body).where(
    subjects.c.body.is_not(None)
)

RUN_COUNTS = (
    select(_rule.c.text, runs.c.status, func.count())
    .join_from(runs, _rule, _rule.c.id == runs.c.rule)
    .group_by(runs.c.rule, runs.c.status)
)
PENDING = select(func.count()).select_from(events).where(text("events.pending = 1"))
LIVE_COUNTS = select(runs.c.status, func.count()).where(runs.c.status < 3).group_by(runs.c.status)
EFFECT_COUNTS = (
    select(effects.c.status, func.count()).where(text("effects.status <> 1")).group_by(effects.c.status)
)
NEXT_DUE = select(func.min(runs.c.due)).where(runs.c.due.is_not(None))
API_KEYS = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)


def name_id(text: str) -> ColumnElement[int]:
    """The number of a name."""
    return select(names.c.id).where(names.c.text == text).scalar_subquery()


def subject_seq(key: SubjectKey) -> ColumnElement[int]:
    """The number of a subject."""
    return (
        select(subjects.c.seq)
        .where(subjects.c.kind == name_id(key.kind), subjects.c.id == key.id)
        .scalar_subquery()
    )


def run_seq(id: str) -> ColumnElement[int]:
    """The number of a run."""
    return select(runs.c.seq).where(runs.c.id == id).scalar_subquery()


def subject(key: SubjectKey) -> Select[Any]:
    """One subject."""
    return _SUBJECTS.where(subjects.c.kind == name_id(key.kind), subjects.c.id == key.id)


def subjects_of(kind: str, after: str) -> Select[Any]:
    """The subjects of a kind by id, from behind `after`."""
    found = _SUBJECTS.where(subjects.c.kind == name_id(kind), subjects.c.id > after)
    return found.order_by(subjects.c.id)


def live_runs(key: SubjectKey) -> Select[Any]:
    """A subject's live runs in the order of their start."""
    return on_trail(RUNS, key, Trail.LIVE, runs).order_by(runs.c.seq)


def on_trail(statement: Select[Any], key: SubjectKey, kind: Trail, table: Table) -> Select[Any]:
    """The statement, for the rows of one subject."""
    seqs = select(trail.c.seq).where(trail.c.subject == subject_seq(key), trail.c.kind == int(kind))
    return statement.where(table.c.seq.in_(seqs))


def holder(kind: str, field: str, value: str) -> Select[Any]:
    """The id of the subject that holds a value of an identifying field."""
    column = subjects.c[field]
    found = select(subjects.c.id).where(subjects.c.kind == name_id(kind), column == value)
    return found.where(column.is_not(None))


def effect_status(code: int) -> ColumnElement[bool]:
    """Effects of one status. The constants are written out so that the partial indexes apply."""
    if not 0 <= code < len(EFFECT_STATUSES):
        return literal_column("0 = 1")
    return literal_column(f"effects.status = {code}")


def plan(hash: str) -> Select[Any]:
    """An encoded plan."""
    return select(plans.c.body).where(plans.c.hash == hash)


def api_key(id: str) -> Select[Any]:
    """One API key."""
    return select(api_keys).where(api_keys.c.id == id)

"""The reader's queries, in SQLAlchemy Core. Listings are cut by key (seq, id), never by offset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal_column, select, text, union_all

from runtime.desk import KINDS
from runtime.model import EffectStatus, SubjectKey
from runtime.store.codec import EFFECT_CODE, RUN_CODE, VERSION_KINDS
from runtime.store.protocol import ItemFilter
from runtime.store.schema import (
    RUN_STATUSES,
    Trail,
    effects,
    events,
    items,
    journal,
    names,
    plans,
    runs,
    statistics,
    subjects,
    trail,
    versions,
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

ITEMS: Select[Any] = (
    select(
        items.c.id, items.c.seq, _kind.c.text, subjects.c.id, items.c.kind, items.c.closed_at, items.c.body
    )
    .join_from(items, subjects, items.c.subject == subjects.c.seq)
    .join(_kind, _kind.c.id == subjects.c.kind)
)

RUN_COUNTS = (
    select(_rule.c.text, runs.c.status, func.count())
    .join_from(runs, _rule, _rule.c.id == runs.c.rule)
    .group_by(runs.c.rule, runs.c.status)
)
_position = func.json_extract(cast(runs.c.body, Text), "$.p")
FLIGHTS = (
    select(
        _rule.c.text,
        _plan.c.text,
        _position,
        runs.c.status,
        func.count(),
        func.min(runs.c.due),
        func.max(runs.c.due),
    )
    .join_from(runs, _rule, _rule.c.id == runs.c.rule)
    .join(_plan, _plan.c.id == runs.c.plan)
    .where(runs.c.status < 3)
    .group_by(_rule.c.text, _plan.c.text, _position, runs.c.status)
    .order_by(_rule.c.text, _plan.c.text, _position, runs.c.status)
)
PENDING = select(func.count()).select_from(events).where(text("events.pending = 1"))
LIVE_COUNTS = select(runs.c.status, func.count()).where(runs.c.status < 3).group_by(runs.c.status)
EFFECT_COUNTS = (
    select(effects.c.status, func.count()).where(text("effects.status <> 1")).group_by(effects.c.status)
)
NEXT_DUE = select(func.min(runs.c.due)).where(runs.c.due.is_not(None))


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
    return RUNS.where(runs.c.seq.in_(_trail(key, Trail.LIVE))).order_by(runs.c.seq)


def runs_page(before: int, limit: int, rule: str, status: str, subject: SubjectKey | None) -> Select[Any]:
    """Up to `limit` runs below a number, newest first, that match all filters that are not empty."""
    page = RUNS.where(runs.c.seq < before).order_by(runs.c.seq.desc()).limit(limit)
    code = RUN_CODE.get(status, -1)
    if subject is not None:
        # The plus keeps the planner from the indexes of rule and status: a subject has few runs.
        seqs = _trail(subject, Trail.RUN).where(trail.c.seq < before)
        page = page.where(runs.c.seq.in_(seqs))
        page = page.where(literal_column("+runs.rule") == name_id(rule)) if rule else page
        return page.where(literal_column("+runs.status") == code) if status else page
    if rule and not status:
        return page.where(runs.c.seq.in_(_newest_of_rule(before, limit, rule)))
    page = page.where(runs.c.rule == name_id(rule)) if rule else page
    return page.where(runs.c.status == code) if status else page


def _newest_of_rule(before: int, limit: int, rule: str) -> Select[Any]:
    # The index is by rule, status and number: the newest of each status are enough to find the newest of all.
    number = name_id(rule)
    parts = [
        select(runs.c.seq)
        .where(runs.c.rule == number, runs.c.status == code, runs.c.seq < before)
        .order_by(runs.c.seq.desc())
        .limit(limit)
        .subquery()
        for code in range(len(RUN_STATUSES))
    ]
    newest = union_all(*(select(part.c.seq) for part in parts)).subquery()
    return select(newest.c.seq)


def events_page(before: int, limit: int, subject: SubjectKey | None) -> Select[Any]:
    """Up to `limit` events below a number, newest first."""
    page = EVENTS.where(events.c.seq < before).order_by(events.c.seq.desc()).limit(limit)
    if subject is None:
        return page
    seqs = _trail(subject, Trail.EVENT).where(trail.c.seq < before)
    return page.where(events.c.seq.in_(seqs.order_by(trail.c.seq.desc()).limit(limit)))


def segments_page(after: int, limit: int, run: str, subject: SubjectKey | None) -> Select[Any]:
    """Up to `limit` segments above a number, oldest first, that match all filters that are not empty."""
    page = SEGMENTS.where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
    if run:
        page = page.where(journal.c.run.is_not(None), journal.c.run == run_seq(run))
        return page if subject is None else page.where(journal.c.subject == subject_seq(subject))
    if subject is None:
        return page
    seqs = _trail(subject, Trail.SEGMENT).where(trail.c.seq > after)
    return page.where(journal.c.seq.in_(seqs.order_by(trail.c.seq).limit(limit)))


def effects_page(before: int, limit: int, run: str, status: str) -> Select[Any]:
    """Up to `limit` effects below a number, newest first, that match all filters that are not empty."""
    page = EFFECTS.where(effects.c.seq < before).order_by(effects.c.seq.desc()).limit(limit)
    if run:
        page = page.where(effects.c.run == run_seq(run))
    if not status:
        return page
    code = EFFECT_CODE.get(status, -1)
    if run or status == EffectStatus.DONE:
        return page.where(literal_column("+effects.status") == code)
    # Said twice, since the planner does not conclude the condition of the partial index.
    return page.where(effects.c.status == code, text("effects.status <> 1"))


def items_page(before: int, limit: int, wanted: ItemFilter) -> Select[Any]:
    """Up to `limit` items below a number, newest first, that match all filters that are not empty."""
    kind = KINDS.index(wanted.kind) if wanted.kind in KINDS else -1
    page = ITEMS.where(items.c.kind == kind, items.c.open == int(wanted.open), items.c.seq < before)
    page = page.order_by(items.c.seq.desc()).limit(limit)
    if wanted.subject is not None:
        page = page.where(items.c.subject == subject_seq(wanted.subject))
    if wanted.person:
        page = page.where(items.c.person.is_not(None), items.c.person == wanted.person)
    if wanted.team:
        page = page.where(items.c.team.is_not(None), items.c.team == wanted.team)
    return page


def versions_page(kind: str, name: str, before: int, limit: int) -> Select[Any]:
    """Up to `limit` versions below a number, newest first; of all names when `name` is ""."""
    page = (
        select(
            versions.c.seq,
            versions.c.kind,
            names.c.text,
            versions.c.number,
            versions.c.at,
            versions.c.body,
        )
        .join_from(versions, names, names.c.id == versions.c.name)
        .where(versions.c.kind == VERSION_KINDS.index(kind), versions.c.seq < before)
        .order_by(versions.c.seq.desc())
        .limit(limit)
    )
    return page.where(versions.c.name == name_id(name)) if name else page


def statistics_since(rule: str, day: int) -> Select[Any]:
    """The sums of what was counted since a day, by rule and what it is."""
    sums = (
        select(_rule.c.text, _plan.c.text, func.sum(statistics.c.count))
        .join_from(statistics, _rule, _rule.c.id == statistics.c.rule)
        .join(_plan, _plan.c.id == statistics.c.what)
        .where(statistics.c.day >= day)
        .group_by(statistics.c.rule, statistics.c.what)
    )
    return sums.where(statistics.c.rule == name_id(rule)) if rule else sums


def _trail(key: SubjectKey, kind: Trail) -> Select[Any]:
    return select(trail.c.seq).where(trail.c.subject == subject_seq(key), trail.c.kind == int(kind))


def holder(kind: str, field: str, value: str) -> Select[Any]:
    """The id of the subject that holds a value of an identifying field."""
    column = subjects.c[field]
    found = select(subjects.c.id).where(subjects.c.kind == name_id(kind), column == value)
    return found.where(column.is_not(None))


def plan(hash: str) -> Select[Any]:
    """An encoded plan."""
    return select(plans.c.body).where(plans.c.hash == hash)

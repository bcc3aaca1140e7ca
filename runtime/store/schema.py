"""The tables on disk. Rows refer to each other by small integers; repeated texts are kept once, in `names`.

What is never searched for lives in `body`, JSON as bodies.py describes it. A change here needs a migration.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, text

from runtime.model import EffectStatus, RunStatus

REVISION = "0005"
"""The migration that makes the tables of this module. Revisions are numbers: a newer one is known as such."""

APPLICATION_ID = 0x52554C45
"""The mark in the file's header (PRAGMA application_id): "RULE"."""

RUN_STATUSES = tuple(RunStatus)
"""A run's status is stored as its place here; the first three are live. Never reorder, only append."""

EFFECT_STATUSES = tuple(EffectStatus)
"""An effect's status is stored as its place here. Never reorder, only append."""


class Trail(IntEnum):
    """What a row of `trail` points to. A live run has two rows."""

    LIVE = 0
    RUN = 1
    EVENT = 2
    SEGMENT = 3


metadata = MetaData()


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    # The keys are declared for readers of the schema and for PRAGMA foreign_key_check in tests. They are not
    # enforced while writing: every reference is resolved just before, and a check would look it up again.
    return Column(name, Integer, ForeignKey(target), nullable=nullable)


names = Table(
    "names",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False, unique=True),
)

subjects = Table(
    "subjects",
    metadata,
    Column("seq", Integer, primary_key=True),
    _ref("kind", "names.id"),
    Column("id", Text, nullable=False),
    Column("email", Text),
    Column("external_id", Text),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("version", Integer, nullable=False),
    # NULL for a subject that is only referred to so far.
    Column("body", LargeBinary),
    # When the earliest of its alarms is due.
    Column("alarm", Integer),
)
Index("subjects_by_id", subjects.c.kind, subjects.c.id, unique=True)
Index(
    "subjects_by_email",
    subjects.c.kind,
    subjects.c.email,
    unique=True,
    sqlite_where=subjects.c.email.is_not(None),
)
Index(
    "subjects_by_external_id",
    subjects.c.kind,
    subjects.c.external_id,
    unique=True,
    sqlite_where=subjects.c.external_id.is_not(None),
)
Index("subjects_by_account", subjects.c.account_id, sqlite_where=subjects.c.account_id.is_not(None))
Index("subjects_by_contact", subjects.c.contact_id, sqlite_where=subjects.c.contact_id.is_not(None))
Index("subjects_alarm", subjects.c.alarm, subjects.c.id, sqlite_where=text("alarm IS NOT NULL"))

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _ref("subject", "subjects.seq"),
    Column("received_at", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # The ids of the runs that it started, a JSON list; NULL when there are none.
    Column("runs", LargeBinary),
    Column("body", LargeBinary, nullable=False),
)
Index("events_pending", events.c.pending, sqlite_where=text("pending = 1"))

runs = Table(
    "runs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _ref("rule", "names.id"),
    _ref("plan", "names.id"),
    _ref("subject", "subjects.seq"),
    Column("status", Integer, nullable=False),
    # Only while the run waits.
    Column("due", Integer),
    Column("ended_at", Integer),
    Column("body", LargeBinary, nullable=False),
)
Index("runs_due", runs.c.due, sqlite_where=text("due IS NOT NULL"))
Index("runs_by_rule", runs.c.rule, runs.c.status)
Index("runs_by_status", runs.c.status)
Index("runs_ended", runs.c.ended_at, sqlite_where=text("ended_at IS NOT NULL"))

effects = Table(
    "effects",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    _ref("run", "runs.seq"),
    _ref("rule", "names.id"),
    _ref("subject", "subjects.seq"),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("effects_by_run", effects.c.run)
Index("effects_pending", effects.c.key, sqlite_where=text("status = 0"))
Index("effects_by_status", effects.c.status, sqlite_where=text("status <> 1"))

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True),
    _ref("subject", "subjects.seq"),
    _ref("run", "runs.seq", nullable=True),
    # The time of the first entry, only where there is no run: by it old segments are found.
    Column("at", Integer),
    Column("body", LargeBinary, nullable=False),
)
Index("journal_by_run", journal.c.run, sqlite_where=text("run IS NOT NULL"))
Index("journal_loose", journal.c.at, sqlite_where=text("run IS NULL"))

# What there is of each subject, as one clustered index. An index on `subject` in every table would touch a random
# page for each of them, and at a million subjects pages are what a batch costs.
trail = Table(
    "trail",
    metadata,
    Column("subject", Integer, ForeignKey("subjects.seq"), primary_key=True),
    Column("kind", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

items = Table(
    "items",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    _ref("subject", "subjects.seq"),
    # The place in desk.KINDS, and whether it still has to be looked at.
    Column("kind", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    # NULL when it is nobody's or no team's.
    Column("person", Text),
    Column("team", Text),
    Column("closed_at", Integer),
    Column("body", LargeBinary, nullable=False),
)
Index("items_by_kind", items.c.kind, items.c.open)
Index("items_by_person", items.c.person, items.c.kind, items.c.open, sqlite_where=text("person IS NOT NULL"))
Index("items_by_team", items.c.team, items.c.kind, items.c.open, sqlite_where=text("team IS NOT NULL"))
Index("items_by_subject", items.c.subject, items.c.kind, items.c.open)
Index("items_closed", items.c.closed_at, sqlite_where=text("closed_at IS NOT NULL"))

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    sqlite_with_rowid=False,
)

plans = Table(
    "plans",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# Every accepted version of a rule (kind 0) or file (kind 1); `text` is NULL where it was removed.
versions = Table(
    "versions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", Integer, nullable=False),
    _ref("name", "names.id"),
    Column("number", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("versions_by_name", versions.c.kind, versions.c.name, versions.c.number, unique=True)

# What is counted of each rule, by day.
statistics = Table(
    "statistics",
    metadata,
    Column("rule", Integer, ForeignKey("names.id"), primary_key=True),
    Column("what", Integer, ForeignKey("names.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The highest sequence number given in a table, noted before rows are deleted: a number is never given twice.
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)

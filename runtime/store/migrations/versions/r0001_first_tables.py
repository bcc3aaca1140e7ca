"""The first tables."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE names (
        id INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (id),
        UNIQUE (text)
    )
    """,
    """
    CREATE TABLE subjects (
        seq INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        id TEXT NOT NULL,
        email TEXT,
        external_id TEXT,
        account_id TEXT,
        contact_id TEXT,
        version INTEGER NOT NULL,
        body BLOB,
        PRIMARY KEY (seq),
        FOREIGN KEY(kind) REFERENCES names (id)
    )
    """,
    """
    CREATE TABLE events (
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        subject INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        pending INTEGER NOT NULL,
        hash BLOB NOT NULL,
        runs BLOB,
        body BLOB NOT NULL,
        PRIMARY KEY (seq),
        UNIQUE (id),
        FOREIGN KEY(subject) REFERENCES subjects (seq)
    )
    """,
    """
    CREATE TABLE runs (
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        rule INTEGER NOT NULL,
        "plan" INTEGER NOT NULL,
        subject INTEGER NOT NULL,
        status INTEGER NOT NULL,
        due INTEGER,
        ended_at INTEGER,
        body BLOB NOT NULL,
        PRIMARY KEY (seq),
        UNIQUE (id),
        FOREIGN KEY(rule) REFERENCES names (id),
        FOREIGN KEY("plan") REFERENCES names (id),
        FOREIGN KEY(subject) REFERENCES subjects (seq)
    )
    """,
    """
    CREATE TABLE effects (
        seq INTEGER NOT NULL,
        "key" TEXT NOT NULL,
        run INTEGER NOT NULL,
        rule INTEGER NOT NULL,
        subject INTEGER NOT NULL,
        status INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (seq),
        UNIQUE ("key"),
        FOREIGN KEY(run) REFERENCES runs (seq),
        FOREIGN KEY(rule) REFERENCES names (id),
        FOREIGN KEY(subject) REFERENCES subjects (seq)
    )
    """,
    """
    CREATE TABLE journal (
        seq INTEGER NOT NULL,
        subject INTEGER NOT NULL,
        run INTEGER,
        at INTEGER,
        body BLOB NOT NULL,
        PRIMARY KEY (seq),
        FOREIGN KEY(subject) REFERENCES subjects (seq),
        FOREIGN KEY(run) REFERENCES runs (seq)
    )
    """,
    """
    CREATE TABLE trail (
        subject INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (subject, kind, seq),
        FOREIGN KEY(subject) REFERENCES subjects (seq)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE counters (
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (name)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE plans (
        hash TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (hash)
    )
    """,
    """
    CREATE TABLE marks (
        name TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (name)
    ) WITHOUT ROWID
    """,
)

INDEXES = (
    "CREATE INDEX subjects_by_account ON subjects (account_id) WHERE account_id IS NOT NULL",
    "CREATE INDEX subjects_by_contact ON subjects (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE UNIQUE INDEX subjects_by_email ON subjects (kind, email) WHERE email IS NOT NULL",
    "CREATE UNIQUE INDEX subjects_by_external_id ON subjects (kind, external_id) WHERE external_id IS NOT NULL",
    "CREATE UNIQUE INDEX subjects_by_id ON subjects (kind, id)",
    "CREATE INDEX events_pending ON events (pending) WHERE pending = 1",
    "CREATE INDEX runs_by_rule ON runs (rule, status)",
    "CREATE INDEX runs_by_status ON runs (status)",
    "CREATE INDEX runs_due ON runs (due) WHERE due IS NOT NULL",
    "CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX effects_by_run ON effects (run)",
    "CREATE INDEX effects_by_status ON effects (status) WHERE status <> 1",
    'CREATE INDEX effects_pending ON effects ("key") WHERE status = 0',
    "CREATE INDEX journal_by_run ON journal (run) WHERE run IS NOT NULL",
    "CREATE INDEX journal_loose ON journal (at) WHERE run IS NULL",
)


def upgrade() -> None:
    """Make all tables, and mark the file as ours."""
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    op.execute("PRAGMA application_id = 1381321797")

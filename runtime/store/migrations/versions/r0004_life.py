"""Versions of rules and files, and statistics of rules."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE versions (
        seq INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        name INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (seq),
        FOREIGN KEY(name) REFERENCES names (id)
    )
    """,
    "CREATE UNIQUE INDEX versions_by_name ON versions (kind, name, number)",
    """
    CREATE TABLE statistics (
        rule INTEGER NOT NULL,
        what INTEGER NOT NULL,
        day INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (rule, what, day),
        FOREIGN KEY(rule) REFERENCES names (id),
        FOREIGN KEY(what) REFERENCES names (id)
    ) WITHOUT ROWID
    """,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in STATEMENTS:
        op.execute(statement)

"""What lies on the desks of the staff: tasks, notes and notices."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and its indexes."""
    op.execute(
        "CREATE TABLE items (seq INTEGER NOT NULL, id TEXT NOT NULL, subject INTEGER NOT NULL, "
        "kind INTEGER NOT NULL, open INTEGER NOT NULL, person TEXT, team TEXT, closed_at INTEGER, "
        "body BLOB NOT NULL, PRIMARY KEY (seq), UNIQUE (id), FOREIGN KEY(subject) REFERENCES subjects (seq))"
    )
    op.execute("CREATE INDEX items_by_kind ON items (kind, open)")
    op.execute("CREATE INDEX items_by_person ON items (person, kind, open) WHERE person IS NOT NULL")
    op.execute("CREATE INDEX items_by_team ON items (team, kind, open) WHERE team IS NOT NULL")
    op.execute("CREATE INDEX items_by_subject ON items (subject, kind, open)")
    op.execute("CREATE INDEX items_closed ON items (closed_at) WHERE closed_at IS NOT NULL")

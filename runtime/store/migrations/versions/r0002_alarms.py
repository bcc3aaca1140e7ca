"""Alarms: when the next moment of a subject is due."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its index."""
    op.execute("ALTER TABLE subjects ADD COLUMN alarm INTEGER")
    op.execute("CREATE INDEX subjects_alarm ON subjects (alarm, id) WHERE alarm IS NOT NULL")

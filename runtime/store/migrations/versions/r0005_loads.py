"""How many records each person owns, by kind: counters, kept from now on at every change of an owner."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNT = (
    "INSERT INTO counters (name, value) "
    "SELECT 'load:' || names.text || ':' || json_extract(CAST(body AS TEXT), '$.f.owner'), count(*) "
    "FROM subjects JOIN names ON names.id = subjects.kind "
    "WHERE body IS NOT NULL AND json_extract(CAST(body AS TEXT), '$.f.owner') IS NOT NULL GROUP BY 1"
)


def upgrade() -> None:
    """Count once what there is."""
    op.execute(COUNT.replace(":", "\\:"))

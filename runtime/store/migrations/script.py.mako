"""${message}"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Going back is not supported: restore the backup that was made before."""
    ${upgrades if upgrades else "pass"}

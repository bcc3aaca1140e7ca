"""Alembic's entry: runs the migrations on the connection that `upgrade` passes in."""

from __future__ import annotations

from alembic import context

from runtime.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite's DDL is transactional; Alembic assumes the driver's old habit of committing before it.
    transactional_ddl=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()

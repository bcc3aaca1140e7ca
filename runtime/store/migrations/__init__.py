"""Brings a database file to the schema of this release, with Alembic, which is imported only when there is work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection

from runtime.store.schema import REVISION


class WrongDatabase(Exception):
    """The file cannot be our database: it belongs to a newer release, or to something else."""


def is_current(connection: Connection, path: Path) -> bool:
    """Whether the file has the schema of this release; False for an empty or older one.

    Raises:
        WrongDatabase: the file is newer than this release, or was made by another program.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in tables:
        if tables:
            raise WrongDatabase(f"{path} is a database of another program")
        return False
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is not None and not str(row[0]).isdigit():
        raise WrongDatabase(f"{path} is a database of another program")
    if row is not None and row[0] > REVISION:
        raise WrongDatabase(
            f"{path} was written by a newer release (schema {row[0]}, this one knows {REVISION}); "
            "use that release, or restore a backup from before the upgrade"
        )
    return row is not None and row[0] == REVISION


def upgrade(connect: Callable[[], Connection]) -> None:
    """Run the migrations that are missing, each in a transaction of its own: a killed one starts over."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import Connection as CoreConnection
    from sqlalchemy.pool import NullPool

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: CoreConnection) -> None:
        # The driver begins no transaction by itself here, and would not begin one for DDL anyway.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

"""Alembic, driven from Python: each service has its own database and its own version table."""

import re
from collections.abc import Callable
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Column, Connection, DateTime, Index, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.auth.revocations import token_revocation_table
from shared.db import sqlalchemy_url
from shared.inbox import dead_letter_table, inbox_table
from shared.outbox import (
    MAKE_OUTBOX_BATCHES,
    MOVE_OUTBOX_MARKS,
    PARTITION_ROWS,
    outbox_batch_table,
    outbox_table,
)
from shared.schedule import scheduled_action_table

_SERVICES = Path(__file__).parents[1] / "services"
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_PARTITION = re.compile(r"outbox_\d+|inbox_(\d{4}_\d\d|older)")


def _config(service: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SERVICES / service / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(service: str, database_url: str) -> None:
    """Bring the service's database to the newest version of its schema."""
    await _run(service, database_url, lambda config: command.upgrade(config, "head"))


async def check(service: str, database_url: str) -> None:
    """Raise when `tables.py` says something that the migrations do not build."""
    await _run(service, database_url, command.check)


async def _run(service: str, database_url: str, act: Callable[[Config], None]) -> None:
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda c: act(_config(service, c)))
    finally:
        await engine.dispose()


def run_in_alembic(metadata: MetaData) -> None:
    """The whole of a service's `migrations/env.py`."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_described,
        compare_server_default=False,
    )
    with context.begin_transaction():
        # Two processes that start together migrate one after the other.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7237)")
        context.run_migrations()


def _is_described(_: object, name: str | None, type_: str, *__: object) -> bool:
    """Partitions come and go by a job; they are not in `tables.py`."""
    return not (type_ == "table" and _PARTITION.fullmatch(name or ""))


def frame_tables(metadata: MetaData) -> None:
    """Describe the tables that every service has: outbox with its batches, inbox, dead letters,
    job runs, and the tokens that are refused."""
    outbox_table(metadata)
    _first_tables(metadata)
    outbox_batch_table(metadata)
    token_revocation_table(metadata)


def _first_tables(metadata: MetaData) -> None:
    inbox_table(metadata)
    dead_letter_table(metadata)
    scheduled_action_table(metadata)


def create_frame(connection: Connection) -> None:
    """The first lines of a service's first migration: its first tables and their first partitions.

    What the frame has had since then is a function of its own here, for a migration of its own.
    """
    metadata = MetaData(naming_convention=NAMING)
    _first_outbox(metadata)
    _first_tables(metadata)
    metadata.create_all(connection)
    # A new service may be told old news: what is older than the months made ahead goes here.
    connection.exec_driver_sql("CREATE TABLE inbox_older PARTITION OF inbox DEFAULT")
    for number in (0, 1):
        low, high = number * PARTITION_ROWS, (number + 1) * PARTITION_ROWS
        connection.exec_driver_sql(
            f"CREATE TABLE outbox_{number} PARTITION OF outbox FOR VALUES FROM ({low}) TO ({high})"
        )


def _first_outbox(metadata: MetaData) -> None:
    """The outbox as it was when each of its rows was marked by itself."""
    outbox = outbox_table(metadata)
    outbox.append_column(Column("published_at", DateTime(timezone=True)))
    Index("outbox_waiting", outbox.c.id, postgresql_where=text("published_at IS NULL"))


def create_outbox_batches(connection: Connection) -> None:
    """Marks on batches of outbox rows instead of on rows, for a migration of each service.

    Nobody writes meanwhile: a row that came between the copy and the trigger would not be told.
    """
    connection.exec_driver_sql("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
    outbox_batch_table(MetaData(naming_convention=NAMING)).create(connection)
    for statement in (MOVE_OUTBOX_MARKS, *MAKE_OUTBOX_BATCHES):
        connection.exec_driver_sql(statement)
    # Its index of rows that wait goes with the column.
    connection.exec_driver_sql("ALTER TABLE outbox DROP COLUMN published_at")


def create_token_revocations(connection: Connection) -> None:
    """The table of refused tokens, for the migration of a service that has the first tables."""
    token_revocation_table(MetaData(naming_convention=NAMING)).create(connection)


def install_functions(connection: Connection, service: str, *names: str) -> None:
    """Create the types and PL/pgSQL functions kept in `storage/<name>.sql` of the service.

    Each statement starts with CREATE at the beginning of a line: the driver takes one at a time.
    """
    for name in names:
        path = _SERVICES / service / "storage" / f"{name}.sql"
        for statement in re.split(r"^(?=CREATE )", path.read_text(), flags=re.MULTILINE)[1:]:
            connection.exec_driver_sql(statement)


def reinstall_functions(connection: Connection, service: str, *names: str) -> None:
    """Replace what those files made before by what they say now, the last file's first.

    Files of the service that are not named but were installed are replaced as well, after those
    that are: their functions may take the types of the others, which could not be dropped then.
    Processes of the version before cannot call a function whose arguments changed: stop them, or
    their callers get errors until they are replaced.
    """
    folder = _SERVICES / service / "storage"
    others = (path.stem for path in sorted(folder.glob("*.sql")) if path.stem not in names)
    every = [*names, *(name for name in others if _is_installed(connection, folder, name))]
    for name in reversed(every):
        for kind, its_name in reversed(_made_by(folder, name)):
            connection.exec_driver_sql(f"DROP {kind} IF EXISTS {its_name}")
    install_functions(connection, service, *every)


def _made_by(folder: Path, name: str) -> list[tuple[str, str]]:
    text = (folder / f"{name}.sql").read_text()
    return re.findall(r"^CREATE (FUNCTION|TYPE) (\w+)", text, flags=re.MULTILINE)


def _is_installed(connection: Connection, folder: Path, name: str) -> bool:
    functions = [made for kind, made in _made_by(folder, name) if kind == "FUNCTION"]
    query = text("SELECT count(*) FROM pg_proc WHERE proname = ANY (:names)")
    return bool(connection.execute(query, {"names": functions}).scalar())

"""The engines of one run, in a folder of their own: durable, with the local stack's settings."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.kafka import KafkaServer, start_kafka
from deploy.local.postgres import PostgresServer, start_postgres
from shared.migrate import upgrade

TOLD_SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "data_checksums",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "jit",
)


class Engines:
    """PostgreSQL, and Kafka when a figure needs it; both end with the run."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self.postgres: PostgresServer = start_postgres(folder / "postgres", say=say)
        self._kafka: KafkaServer | None = None

    @property
    def kafka(self) -> KafkaServer:
        """Started on first use."""
        if self._kafka is None:
            self._kafka = start_kafka(self._folder / "kafka", say=self._say)
        return self._kafka

    @property
    def folder(self) -> Path:
        """Where a figure may put its files."""
        return self._folder

    def create_database(self, name: str, template: str | None = None) -> str:
        """URL of a new database: empty, or a copy of `template`."""
        source = f'TEMPLATE "{template}"' if template else ""
        run_sql(self.postgres.url, f'CREATE DATABASE "{name}" {source}')
        return urlunsplit(urlsplit(self.postgres.url)._replace(path=f"/{name}"))

    def create_service_database(self, service: str, name: str) -> str:
        """URL of a new database with the service's schema."""
        url = self.create_database(name)
        asyncio.run(upgrade(service, url))
        return url

    def settle(self) -> None:
        """Write out what earlier work left in memory, so that no trial pays for another."""
        run_sql(self.postgres.url, "CHECKPOINT")

    def settings(self) -> dict[str, str]:
        """PostgreSQL's settings that decide about speed and durability."""

        async def read(connection: Any) -> dict[str, str]:
            return {
                name: str(await connection.fetchval("SELECT current_setting($1)", name))
                for name in TOLD_SETTINGS
            }

        found: dict[str, str] = with_connection(self.postgres.url, read)
        return found

    def stop(self) -> None:
        """End both."""
        if self._kafka is not None:
            self._kafka.stop()
        self.postgres.stop()


@contextmanager
def open_engines(say: Callable[[str], None]) -> Iterator[Engines]:
    """Engines on a new temporary folder, which is deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-bench-"))
    folder.chmod(0o711)  # PostgreSQL's account passes through.
    try:
        engines = Engines(folder, say)
        try:
            yield engines
        finally:
            engines.stop()
    finally:
        shutil.rmtree(folder)


def with_connection(url: str, work: Callable[[Any], Any]) -> Any:
    """Run an async function on a connection of its own and return what it returned."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def run_sql(url: str, *statements: str) -> None:
    """Run statements, each committed by itself."""

    async def execute(connection: Any) -> None:
        for statement in statements:
            await connection.execute(statement)

    with_connection(url, execute)

"""Fixtures for the two engines: real PostgreSQL and real Kafka, one of each per run, and private
ones for tests that kill them.

With GALLERIA_TEST_POSTGRES_URL or GALLERIA_TEST_KAFKA set, the shared fixtures use that server
instead of starting one (its role must be a superuser); databases are dropped at the end.
"""

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.local.kafka import KafkaServer, start_kafka
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.waiting import run_apart, wait_until
from tests.support.engine_host import SOCKET_NAME

ROOT = Path(__file__).parents[2]
RUN_VARIABLE = "GALLERIA_TEST_RUN"
FOLDER_VARIABLE = "GALLERIA_TEST_ENGINES"
POSTGRES_VARIABLE = "GALLERIA_TEST_POSTGRES_URL"
KAFKA_VARIABLE = "GALLERIA_TEST_KAFKA"
SOCKET_SECONDS_MAX = 30.0

MakeDatabase = Callable[[str], str]


def open_run() -> "subprocess.Popen[bytes]":
    """Start the process that owns the engines; called once per run, before workers exist."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-test-"))
    folder.chmod(0o711)  # PostgreSQL's account passes through.
    os.environ[FOLDER_VARIABLE] = str(folder)
    os.environ[RUN_VARIABLE] = secrets.token_hex(4)
    with (folder / "host.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.engine_host", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def close_run(host: "subprocess.Popen[bytes]") -> None:
    """End the engines and drop what the run left in a server that is not its own."""
    if POSTGRES_VARIABLE in os.environ:
        _drop_databases(os.environ[POSTGRES_VARIABLE], f"test_{os.environ[RUN_VARIABLE]}_")
    host.communicate(timeout=60)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """URL of the run's PostgreSQL: superuser, database `postgres`."""
    return os.environ.get(POSTGRES_VARIABLE) or _ask_host("postgres")


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    """`host:port` of the run's Kafka, started when the first test asks for it."""
    return os.environ.get(KAFKA_VARIABLE) or _ask_host("kafka")


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and groups that no other test has."""
    return f"t{secrets.token_hex(5)}."


@pytest.fixture
def make_database(postgres_url: str) -> Iterator[MakeDatabase]:
    """`make_database("points")`: the URL of a new, migrated database; dropped after the test."""
    yield from _database_maker(postgres_url)


@pytest.fixture(scope="session")
def worker_database(postgres_url: str) -> Iterator[MakeDatabase]:
    """`worker_database("points")`: one migrated database per worker, for tests that roll back."""
    made: dict[str, str] = {}
    for make in _database_maker(postgres_url):

        def once(service: str, make: MakeDatabase = make) -> str:
            if service not in made:
                made[service] = make(service)
            return made[service]

        yield once


class OwnPostgres:
    """A PostgreSQL of one test, durable as in production, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer = start_postgres(folder)
        self.url = self._server.url

    def make_database(self, service: str) -> str:
        """URL of a new, migrated database of this server."""
        url = _create_database(self.url, f"{service}_{secrets.token_hex(4)}", None)
        _upgrade(service, url)
        return url

    def kill(self) -> None:
        """kill -9."""
        self._server.kill()

    def stop(self) -> None:
        """End in good order."""
        self._server.stop()

    def start(self) -> None:
        """Again, on the same port and data."""
        self._server = start_postgres(self._folder, self._server.port)
        assert self._server.url == self.url, "another program took the port in between"


class OwnKafka:
    """A Kafka of one test, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: KafkaServer = start_kafka(folder)
        self.bootstrap = self._server.bootstrap_servers

    def kill(self) -> None:
        """kill -9."""
        self._server.kill()

    def stop(self) -> None:
        """End in good order."""
        self._server.stop()

    def start(self) -> None:
        """Again, on the same ports and data."""
        self._server = start_kafka(self._folder, self._server.port, self._server.controller_port)
        assert self._server.bootstrap_servers == self.bootstrap, "another program took the port"


@pytest.fixture
def engine_folder() -> Iterator[Path]:
    """A new folder that PostgreSQL's account can reach (pytest's own are closed to it)."""
    folder = Path(tempfile.mkdtemp(prefix="galleria-own-", dir=os.environ.get(FOLDER_VARIABLE)))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def own_postgres(engine_folder: Path) -> Iterator[OwnPostgres]:
    """A private PostgreSQL with `url`, `kill()`, `stop()`, `start()`, `make_database(service)`."""
    server = OwnPostgres(engine_folder / "postgres")
    yield server
    server.kill()


@pytest.fixture
def own_kafka(engine_folder: Path) -> Iterator[OwnKafka]:
    """A private Kafka with `bootstrap`, `kill()`, `stop()`, `start()`."""
    server = OwnKafka(engine_folder / "kafka")
    yield server
    server.kill()


def _ask_host(engine: str) -> str:
    path = Path(os.environ[FOLDER_VARIABLE]) / SOCKET_NAME
    assert wait_until(path.exists, SOCKET_SECONDS_MAX), _host_log(path.parent)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(engine.encode() + b"\n")
        with connection.makefile() as answers:
            line = answers.readline()
    assert line, _host_log(path.parent)
    answer = json.loads(line)
    assert "problem" not in answer, answer["problem"]
    return str(answer["address"])


def _host_log(folder: Path) -> str:
    return f"the engines' process failed:\n{(folder / 'host.log').read_text()[-3000:]}"


def _database_maker(admin_url: str) -> Iterator[MakeDatabase]:
    made: list[str] = []

    def make(service: str) -> str:
        template = _ensure_template(admin_url, service)
        name = f"test_{os.environ[RUN_VARIABLE]}_{service}_{secrets.token_hex(4)}"
        made.append(name)
        return _create_database(admin_url, name, template)

    yield make
    if made:
        _admin(admin_url, *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in made))


def _ensure_template(admin_url: str, service: str) -> str:
    """The run's migrated database of this service, made by the first worker that needs it."""
    template = f"test_{os.environ[RUN_VARIABLE]}_{service}_template"

    async def ensure() -> None:
        connection = await asyncpg.connect(admin_url)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _lock_number(template))
            found = "SELECT 1 FROM pg_database WHERE datname = $1"
            if await connection.fetchval(found, template) is None:
                unfinished = f"{template}_unfinished"
                await connection.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
                url = await asyncio.to_thread(_create_database, admin_url, unfinished, None)
                await asyncio.to_thread(_upgrade, service, url)
                await connection.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')
        finally:
            await connection.close()

    run_apart(ensure)
    return template


def _upgrade(service: str, url: str) -> None:
    from shared.migrate import upgrade

    run_apart(lambda: upgrade(service, url))


def _create_database(admin_url: str, name: str, template: str | None) -> str:
    source = f'TEMPLATE "{template}"' if template else ""
    _admin(admin_url, f'CREATE DATABASE "{name}" {source}')
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))


def _drop_databases(admin_url: str, prefix: str) -> None:
    async def drop() -> None:
        connection = await asyncpg.connect(admin_url)
        try:
            every = "SELECT datname FROM pg_database WHERE starts_with(datname, $1)"
            for row in await connection.fetch(every, prefix):
                await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
        finally:
            await connection.close()

    run_apart(drop)


def _admin(admin_url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    run_apart(execute)


def _lock_number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)

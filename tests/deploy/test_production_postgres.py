"""PostgreSQL's recommended settings and the roles of production, on a real server."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import pytest

from deploy.local.layout import SERVICES
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.postgres_home import program_folder

FOLDER = Path(__file__).parents[2] / "deploy" / "postgres"


def _settings() -> Mapping[str, str]:
    text = (FOLDER / "galleria.conf").read_text()
    said = re.findall(r"^(\w+) = (?:'([^']*)'|([^\s#]+))", text, re.MULTILINE)
    return {name: quoted or plain for name, quoted, plain in said}


@pytest.fixture
def server(engine_folder: Path) -> Iterator[PostgresServer]:
    """With the recommended settings, but small and without LZ4, which this build lacks."""
    small = {"listen_addresses": "127.0.0.1", "shared_buffers": "32MB", "wal_compression": "on"}
    started = start_postgres(engine_folder / "postgres", settings={**_settings(), **small})
    yield started
    started.kill()


def _make_roles(server: PostgresServer, password: str) -> None:
    names = {f"GALLERIA_{service.upper()}_PASSWORD": password + service for service in SERVICES}
    command = [str(program_folder() / "psql"), server.url, "-qf", str(FOLDER / "roles.sql")]
    subprocess.run(command, env={**os.environ, **names}, check=True)


async def _may_enter(server: PostgresServer, login: str, service: str) -> bool:
    host = server.url.rpartition("@")[2].partition("/")[0]
    try:
        connection = await asyncpg.connect(f"postgresql://{login}@{host}/galleria_{service}")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidPasswordError):
        return False
    await connection.close()
    return True


async def test_each_service_enters_its_own_database_and_no_other(server: PostgresServer) -> None:
    _make_roles(server, "first-")
    for service in SERVICES:
        for other in SERVICES:
            entered = await _may_enter(server, f"galleria_{service}:first-{service}", other)
            assert entered == (service == other)


async def test_running_the_roles_again_changes_passwords_and_nothing_else(
    server: PostgresServer,
) -> None:
    _make_roles(server, "first-")
    _make_roles(server, "second-")
    assert not await _may_enter(server, "galleria_points:first-points", "points")
    assert await _may_enter(server, "galleria_points:second-points", "points")
    assert "second-" not in (server.data_dir / "server.log").read_text()


def test_durability_is_never_traded() -> None:
    durable = ("fsync", "full_page_writes", "synchronous_commit")
    assert [_settings()[name] for name in durable] == ["on", "on", "on"]

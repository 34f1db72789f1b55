"""The embedded PostgreSQL as a stranger's machine treats it."""

import os
import socket
import stat
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres import start_postgres
from deploy.local.problem import StackProblem
from tests.support.engines import OwnPostgres


async def _fetch(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_what_was_committed_survives_a_kill_9(own_postgres: OwnPostgres) -> None:
    await _fetch(own_postgres.url, "CREATE TABLE receipts AS SELECT generate_series(1, 1000) AS n")
    for _ in range(3):
        own_postgres.kill()
        own_postgres.start()
        assert await _fetch(own_postgres.url, "SELECT count(*) FROM receipts") == 1000


async def test_a_killed_server_is_as_durable_as_production(own_postgres: OwnPostgres) -> None:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        assert await _fetch(own_postgres.url, f"SHOW {setting}") == "on"


def test_a_pid_file_whose_number_belongs_to_another_program_does_not_stop_a_start(
    engine_folder: Path,
) -> None:
    server = start_postgres(engine_folder / "postgres")
    server.kill()
    pid_file = server.data_dir / "pgdata" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    again = start_postgres(engine_folder / "postgres", server.port)
    again.kill()
    assert again.port == server.port


def test_a_server_left_over_from_a_killed_stack_is_stopped_first(engine_folder: Path) -> None:
    said: list[str] = []
    left_over = start_postgres(engine_folder / "postgres", say=said.append)
    server = start_postgres(engine_folder / "postgres", left_over.port, say=said.append)
    server.kill()
    assert left_over.process.poll() is not None
    assert any(f"process {left_over.pid}" in line for line in said)


async def test_a_busy_port_is_replaced_by_a_free_one_and_said(engine_folder: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        busy = other.getsockname()[1]
        server = start_postgres(engine_folder / "postgres", busy, say=said.append)
    try:
        assert server.port != busy
        assert any(f"port {busy} is busy" in line for line in said)
        assert await _fetch(server.url, "SELECT 1") == 1
    finally:
        server.kill()


async def test_nobody_gets_in_without_the_password(own_postgres: OwnPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _fetch(own_postgres.url.replace("galleria:", "galleria:x", 1), "SELECT 1")


def test_the_password_is_readable_by_its_owner_alone(engine_folder: Path) -> None:
    server = start_postgres(engine_folder / "postgres")
    server.kill()
    mode = (server.data_dir / "password").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert server.password not in repr(server)


def test_a_data_folder_of_another_version_is_refused_in_words(engine_folder: Path) -> None:
    pgdata = engine_folder / "postgres" / "pgdata"
    pgdata.mkdir(parents=True)
    (pgdata / "PG_VERSION").write_text("15\n")
    with pytest.raises(StackProblem, match=r"made by PostgreSQL 15; this stack runs 18"):
        start_postgres(engine_folder / "postgres")


def test_an_initdb_that_was_killed_does_not_stop_the_next_start(engine_folder: Path) -> None:
    (engine_folder / "postgres" / "pgdata.0badc0de").mkdir(parents=True)
    server = start_postgres(engine_folder / "postgres")
    server.kill()

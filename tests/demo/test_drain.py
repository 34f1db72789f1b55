"""When there is nothing left to do; the waiting itself is tried end to end."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from demo.drain import Databases, count_open, describe, open_databases, read_stuck, stuck_in
from demo.stack import DemoProblem, Stack
from deploy.local.postgres import start_postgres
from shared.ids import new_id
from tests.support.engines import MakeDatabase

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"  # Nobody answers there.


@pytest.fixture
def urls(make_database: MakeDatabase) -> dict[str, str]:
    return {
        name: make_database(name).replace("+asyncpg", "")
        for name in ("points", "campaigns", "notifications")
    }


def stack_of(urls: dict[str, str]) -> Stack:
    return Stack(Path(), new_id(), {}, urls, "", "")


@pytest.fixture
async def databases(urls: dict[str, str]) -> AsyncIterator[Databases]:
    async with open_databases(stack_of(urls)) as opened:
        yield opened


async def let_wait(databases: Databases) -> UUID:
    """A receipt of which nothing is known but that others name it."""
    receipt_id = new_id()
    await databases["points"].execute(
        "INSERT INTO pos_transaction (program_id, transaction_id, receipt_id, kind, status) "
        "VALUES ($1, $2, $2, 'sale', 'awaited')",
        new_id(),
        receipt_id,
    )
    return receipt_id


async def test_what_waited_before_is_not_waited_for_and_what_came_since_is(
    databases: Databases,
) -> None:
    before = await let_wait(databases)
    stuck = await stuck_in(databases)
    assert stuck == {"receipts that wait": [before], "messages to send": []}
    assert not any((await count_open(databases, stuck)).values())
    await let_wait(databases)
    assert (await count_open(databases, stuck))["receipts that wait"] == 1


async def test_a_part_that_is_away_is_waited_for_before_it_says_what_is_stuck(
    databases: Databases, urls: dict[str, str]
) -> None:
    before = await let_wait(databases)
    away = {**urls, "notifications": NOBODY}
    told = []

    def comes_back(line: str) -> None:
        told.append(line)
        away.update(urls)

    assert await read_stuck(stack_of(away), 60, comes_back) == {
        "receipts that wait": [before],
        "messages to send": [],
    }
    [line] = told
    assert line.startswith("waiting for a part that is away: ConnectionRefusedError")


async def test_a_database_that_takes_nobody_in_yet_or_any_more_is_away(
    engine_folder: Path,
) -> None:
    server = start_postgres(engine_folder)
    stack = stack_of({"points": server.url})
    try:
        async with open_databases(stack):
            os.kill(server.pid, signal.SIGTERM)  # It ends when all who are in have left.
            with pytest.raises(asyncpg.CannotConnectNowError):
                while True:
                    async with open_databases(stack):
                        pass
            with pytest.raises(DemoProblem, match="away: CannotConnectNowError"):
                await read_stuck(stack, 0, lambda line: None)
    finally:
        server.stop()


async def test_a_part_that_stays_away_is_a_problem_in_words() -> None:
    with pytest.raises(DemoProblem, match="not done after 0 s: a part that is away"):
        await read_stuck(stack_of({"points": NOBODY}), 0, lambda line: None)


def test_what_is_left_is_told_in_words_most_first() -> None:
    left = {"messages to send": 2, "events for points to hear": 1_200}
    assert describe(left) == "1,200 events for points to hear, 2 messages to send"

"""When there is nothing left to do; the waiting itself is tried end to end."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from demo.drain import Databases, count_open, describe, open_databases, stuck_in
from demo.stack import Stack
from shared.ids import new_id
from tests.support.engines import MakeDatabase


@pytest.fixture
async def databases(make_database: MakeDatabase) -> AsyncIterator[Databases]:
    urls = {
        name: make_database(name).replace("+asyncpg", "")
        for name in ("points", "campaigns", "notifications")
    }
    async with open_databases(Stack(Path(), new_id(), {}, urls, "", "")) as opened:
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


def test_what_is_left_is_told_in_words_most_first() -> None:
    left = {"messages to send": 2, "events for points to hear": 1_200}
    assert describe(left) == "1,200 events for points to hear, 2 messages to send"

"""Claims and dead letters in a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import transaction
from shared.ids import lowest_id_at, new_id
from shared.inbox import DeadLetter, claim, keep_inbox_partitions, list_blocked_keys, park
from tests.support.clock import NOON
from tests.support.frame import OTHER_PROGRAM, PROGRAM, read_letters
from tests.support.service import open_engine

LETTER = DeadLetter(
    program_id=PROGRAM,
    topic="points.ledger",
    partition=0,
    offset=7,
    key="a",
    event_id=None,
    type="bell.struck.v1",
    value=b"\x00\xff",
    headers={"ce_id": "\x00", "\\u0000": "\\u0000 \ud7ff"},
    reason="poisonous",
    error="E\x00" * 5_000,
)


async def _claim(engine: AsyncEngine, ids: list[UUID], program_id: UUID = PROGRAM) -> set[UUID]:
    async with transaction(engine) as session:
        return await claim(session, "bells", program_id, ids)


async def test_an_event_is_claimed_once_for_each_programme_and_consumer(
    engine: AsyncEngine,
) -> None:
    first, second = new_id(), new_id()
    assert await _claim(engine, [first, first]) == {first}
    assert await _claim(engine, [first, second]) == {second}
    assert await _claim(engine, [first], OTHER_PROGRAM) == {first}
    async with transaction(engine) as session:
        assert await claim(session, "phones", PROGRAM, [first]) == {first}


async def test_of_two_that_claim_at_once_one_gets_the_event(engine: AsyncEngine) -> None:
    ids = [new_id() for _ in range(50)]
    found = await asyncio.gather(_claim(engine, ids), _claim(engine, ids[::-1]))
    assert sorted(len(f) for f in found) == [0, 50]


async def test_a_letter_is_parked_once_for_its_place_whatever_is_in_it(
    engine: AsyncEngine,
) -> None:
    for _ in range(2):
        async with transaction(engine) as session:
            await park(session, "bells", NOON, LETTER)
    (row,) = await read_letters(engine)
    assert row.value == LETTER.value
    assert len(row.error) <= 8_000
    assert row.parked_at == NOON


async def test_keys_with_an_open_letter_are_blocked_for_their_programme(
    engine: AsyncEngine,
) -> None:
    async with transaction(engine) as session:
        await park(session, "bells", NOON, LETTER)
        await park(session, "bells", NOON, replace(LETTER, offset=8))
        await park(session, "bells", NOON, replace(LETTER, offset=9, program_id=None, key="b"))
        await park(session, "phones", NOON, replace(LETTER, key="c"))
    async with transaction(engine) as session:
        found = await list_blocked_keys(session, "bells", "points.ledger", ["a", "b", "c"])
        assert found == {(PROGRAM, "a"), (None, "b")}
        await session.execute(text("UPDATE dead_letter SET resolved_at = now()"))
        assert not await list_blocked_keys(session, "bells", "points.ledger", ["a", "b", "c"])


async def _partitions(engine: AsyncEngine) -> dict[str, int]:
    async with transaction(engine) as session:
        rows = await session.execute(
            text("SELECT tableoid::regclass::text AS name, count(*) AS n FROM inbox GROUP BY 1")
        )
        held = {row.name: row.n for row in rows}
        names = await session.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits "
                "WHERE inhparent = 'inbox'::regclass"
            )
        )
        return {name: held.get(name, 0) for name in names}


async def _keep(engine: AsyncEngine, now: datetime) -> int:
    async with transaction(engine) as session:
        return await keep_inbox_partitions(session, now, timedelta(days=45))


async def test_months_are_made_ahead_and_take_the_claims_that_came_before_them(
    new_database_url: str,
) -> None:
    march, may = lowest_id_at(NOON), lowest_id_at(datetime(2026, 5, 1, tzinfo=UTC))
    async with open_engine(new_database_url) as engine:
        await _claim(engine, [march, may, UUID(int=may.int - 1)])
        assert await _partitions(engine) == {"inbox_older": 3}
        assert await _keep(engine, NOON) == 3
        assert await _partitions(engine) == {
            "inbox_older": 0,
            "inbox_2026_03": 1,
            "inbox_2026_04": 1,
            "inbox_2026_05": 1,
        }
        assert await _keep(engine, NOON) == 0
        assert await _claim(engine, [march, may]) == set()


async def test_months_wholly_older_than_the_retention_are_dropped(new_database_url: str) -> None:
    async with open_engine(new_database_url) as engine:
        await _keep(engine, NOON)
        await _keep(engine, datetime(2026, 5, 15, tzinfo=UTC))
        assert "inbox_2026_03" in await _partitions(engine), "its last day is 44.99 days old"
        await _keep(engine, datetime(2026, 5, 16, tzinfo=UTC))
        names = sorted(await _partitions(engine))
        assert names == [
            "inbox_2026_04",
            "inbox_2026_05",
            "inbox_2026_06",
            "inbox_2026_07",
            "inbox_older",
        ]

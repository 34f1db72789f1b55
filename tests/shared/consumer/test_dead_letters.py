"""Parked events, worked or given up later (the HTTP doors are tested in test_internal.py)."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.consumer import Consumer, Undecodable, discard_dead_letter, replay_dead_letter
from shared.consumer.delivery import Handlers
from shared.db import transaction
from shared.logs import correlation_id
from tests.support.clock import NOON
from tests.support.frame import (
    PROGRAM,
    FrameSettings,
    Listener,
    Record,
    Struck,
    read_letters,
    read_tally,
    record_of,
)


def struck(number: int, **changed: Any) -> Record:
    return record_of(Struck(program_id=PROGRAM, bell="a", number=number), **changed)


@pytest.fixture
def consumer(settings: FrameSettings, engine: AsyncEngine, listener: Listener) -> Consumer:
    return Consumer("bells", settings, engine, listener.handlers, utc_now)


async def _replay(engine: AsyncEngine, handlers: Handlers, letter_id: int) -> bool:
    async with transaction(engine) as session:
        return await replay_dead_letter(session, "bells", handlers, NOON, letter_id, PROGRAM)


async def test_those_behind_are_worked_up_to_the_next_that_fails(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {1, 3}
    await consumer.work_records([struck(n) for n in range(1, 6)])
    listener.poison = {3}
    first = (await read_letters(engine))[0]
    assert await _replay(engine, listener.handlers, first.id)
    assert await read_tally(engine) == [("a", 1), ("a", 2)]
    still_open = [row for row in await read_letters(engine) if row.resolved_at is None]
    assert len(still_open) == 3
    listener.poison = set()
    assert await _replay(engine, listener.handlers, still_open[0].id)
    assert len(await read_tally(engine)) == 5
    assert {row.resolution for row in await read_letters(engine)} == {"replayed"}


async def test_a_replayed_event_is_worked_under_its_own_cause(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {1}
    await consumer.work_records([struck(1)])
    listener.poison = set()
    correlation_id.set("the operator's")
    (letter,) = await read_letters(engine)
    await _replay(engine, listener.handlers, letter.id)
    assert correlation_id.get() == "cause-1"


async def test_bytes_that_were_no_event_are_none_on_replay_and_can_be_given_up(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    await consumer.work_records([struck(1, headers=[], value=b"\xff"), struck(2), struck(3)])
    first = (await read_letters(engine))[0]
    assert first.program_id is None
    with pytest.raises(Undecodable):
        await _replay(engine, listener.handlers, first.id)
    async with transaction(engine) as session:
        assert await discard_dead_letter(
            session, "bells", listener.handlers, NOON, first.id, PROGRAM
        )
    assert await read_tally(engine) == [("a", 2), ("a", 3)]


async def test_a_type_that_is_worked_no_more_is_refused_cleanly(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {1}
    await consumer.work_records([struck(1)])
    (letter,) = await read_letters(engine)
    with pytest.raises(Undecodable, match=r"bell.struck.v1"):
        await _replay(engine, {}, letter.id)

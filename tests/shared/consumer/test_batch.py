"""Batches of messages against a real PostgreSQL, without a broker."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.clock import utc_now
from shared.consumer import Consumer, Delivery, TooManyDeadLetters
from shared.db import driver, transaction
from shared.errors import Unavailable
from shared.ids import lowest_id_at, new_id
from shared.logs import correlation_id, trace_parent
from tests.support.frame import (
    OTHER_PROGRAM,
    PROGRAM,
    FrameSettings,
    Listener,
    Rang,
    Record,
    Struck,
    read_letters,
    read_tally,
    record_of,
)
from tests.support.service import make_settings


def struck(number: int, bell: str = "a", **changed: Any) -> Record:
    return record_of(Struck(program_id=PROGRAM, bell=bell, number=number), **changed)


def rang(number: int, bell: str = "a", **changed: Any) -> Record:
    return record_of(Rang(program_id=PROGRAM, bell=bell, number=number), **changed)


@pytest.fixture
def consumer(settings: FrameSettings, engine: AsyncEngine, listener: Listener) -> Consumer:
    return Consumer("bells", settings, engine, listener.handlers, utc_now)


async def test_a_batch_is_one_transaction_in_order(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    await consumer.work_records([struck(n) for n in range(5)])
    assert listener.batches == [[0, 1, 2, 3, 4]]
    assert await read_tally(engine) == [("a", n) for n in range(5)]


async def test_neighbours_with_the_same_handler_go_together_across_types(
    consumer: Consumer, listener: Listener
) -> None:
    await consumer.work_records([struck(1), rang(2), struck(3)])
    assert listener.batches == [[1, 3, 2]]


async def test_no_handler_works_while_another_of_the_batch_still_holds_its_locks(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener
) -> None:
    free: list[int] = []

    async def look(_: Sequence[Delivery]) -> None:
        async with transaction(engine) as other:
            rows = await other.scalars(text("SELECT stroke FROM tally FOR UPDATE NOWAIT"))
            free.append(len(rows.all()))

    async def rings(session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]) -> None:
        await listener.hear(session, now, deliveries)

    listener.before = look
    handlers = {Struck: listener.hear, Rang: rings}
    consumer = Consumer("bells", settings, engine, handlers, utc_now)
    await consumer.work_records([struck(1), rang(2), struck(3), rang(4)])
    assert sorted(listener.batches) == [[1, 3], [2, 4]]
    assert free == [0, 2]


async def test_a_repeat_is_worked_once_within_a_batch_and_between_batches(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    event_id = new_id()
    twice = [struck(1, event_id=event_id), struck(1, event_id=event_id)]
    await consumer.work_records(twice)
    await consumer.work_records(twice)
    assert listener.batches == [[1]]
    assert await read_letters(engine) == []


async def test_two_programmes_of_a_batch_are_worked_apart(
    consumer: Consumer, listener: Listener
) -> None:
    other = Struck(program_id=OTHER_PROGRAM, bell="a", number=2)
    await consumer.work_records([struck(1), record_of(other), struck(3)])
    assert listener.batches == [[1, 3], [2]]


async def test_a_poisonous_event_is_put_aside_and_the_rest_is_worked(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {3}
    await consumer.work_records([rang(n) for n in range(8)])
    assert await read_tally(engine) == [("a", n) for n in range(8) if n != 3]
    (letter,) = await read_letters(engine)
    assert (letter.reason, letter.key, letter.topic) == ("poisonous", "a", "pos.transactions")
    assert letter.program_id == PROGRAM


async def test_one_poisonous_event_costs_a_few_transactions_not_one_each(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {700}
    await consumer.work_records([rang(n) for n in range(1_000)])
    assert len(await read_tally(engine)) == 999
    assert len(listener.batches) < 25


async def test_later_events_of_a_key_wait_behind_a_parked_one_where_order_matters(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {2}
    strokes = [struck(n, bell) for n in (2, 3, 4) for bell in ("a", "b")]
    await consumer.work_records([struck(1, "b"), *strokes])
    await consumer.work_records([struck(5, "a"), struck(1, "c")])
    assert await read_tally(engine) == [("b", 1), ("c", 1)]
    reasons = [(row.key, row.reason) for row in await read_letters(engine)]
    waiting = "behind_parked"
    assert sorted(reasons) == sorted(
        [("a", "poisonous"), *[("a", waiting)] * 3, ("b", "poisonous"), *[("b", waiting)] * 2]
    )


async def test_where_order_does_not_matter_nobody_waits(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {2}
    await consumer.work_records([rang(n) for n in (1, 2, 3)])
    await consumer.work_records([rang(4)])
    assert await read_tally(engine) == [("a", 1), ("a", 3), ("a", 4)]


async def test_a_parked_event_of_one_programme_never_holds_back_another(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    listener.poison = {1}
    await consumer.work_records([struck(1)])
    other = Struck(program_id=OTHER_PROGRAM, bell="a", number=2)
    await consumer.work_records([record_of(other)])
    assert await read_tally(engine) == [("a", 2)]


async def test_a_repeat_of_worked_news_is_not_parked_behind_a_later_poison(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    first, poison = struck(1), struck(2)
    listener.poison = {2}
    await consumer.work_records([first])
    await consumer.work_records([poison])
    await consumer.work_records([first, poison])
    assert [row.reason for row in await read_letters(engine)] == ["poisonous"]


@pytest.mark.parametrize(
    "changed",
    [
        {"value": b"\xff\x00junk"},
        {"value": None},
        {"value": b"{}"},
        {"headers": []},
        {"headers": [("ce_type", None), ("ce_id", b"\x00\xff")]},
        {"headers": [("ce_type", b"bell.struck.v1"), ("ce_id", b"not an id")]},
        {"headers": [("ce_type", b"Not \\u0000 a type"), ("\x00n", b"\\u0000\x00")]},
        {"key": b"\x00\xff"},
        {"key": None, "value": b""},
    ],
    ids=lambda changed: repr(changed)[:40],
)
async def test_undecodable_bytes_are_kept_as_they_came(
    consumer: Consumer, engine: AsyncEngine, changed: dict[str, Any]
) -> None:
    record = struck(1, **changed)
    await consumer.work_records([record, struck(2, "b")])
    if "key" in changed and changed["key"] is not None:
        assert await read_tally(engine) == [("a", 1), ("b", 2)]
        return
    assert await read_tally(engine) == [("b", 2)]
    (letter,) = await read_letters(engine)
    assert (letter.reason, letter.value) == ("undecodable", record.value or b"")


async def test_headers_that_name_another_programme_are_refused(
    consumer: Consumer, engine: AsyncEngine
) -> None:
    event_id = str(new_id()).encode()
    headers = [
        ("ce_id", event_id),
        ("ce_type", b"bell.struck.v1"),
        ("ce_programid", str(OTHER_PROGRAM).encode()),
    ]
    await consumer.work_records([struck(1, headers=headers)])
    assert [row.reason for row in await read_letters(engine)] == ["undecodable"]


async def test_a_type_that_this_process_does_not_know_yet_is_left_to_others(
    consumer: Consumer, engine: AsyncEngine
) -> None:
    await consumer.work_records([struck(1, headers=[("ce_type", b"bell.struck.v2")]), struck(2)])
    assert await read_letters(engine) == []
    assert await read_tally(engine) == [("a", 2)]


async def test_an_event_older_than_the_inbox_is_put_aside(
    consumer: Consumer, engine: AsyncEngine, settings: FrameSettings
) -> None:
    old = lowest_id_at(utc_now() - timedelta(days=settings.inbox_retention_days + 1))
    await consumer.work_records([rang(1, event_id=old), rang(2)])
    assert [row.reason for row in await read_letters(engine)] == ["too_old"]
    assert await read_tally(engine) == [("a", 2)]


async def test_a_bad_moment_stops_the_batch_and_skips_nothing(
    consumer: Consumer, engine: AsyncEngine, listener: Listener
) -> None:
    records = [rang(n) for n in range(4)]
    listener.unavailable = {2}
    with pytest.raises(Unavailable):
        await consumer.work_records(records)
    assert await read_tally(engine) == []
    listener.unavailable = set()
    await consumer.work_records(records)
    assert len(await read_tally(engine)) == 4
    assert await read_letters(engine) == []


async def test_a_killed_connection_is_a_bad_moment(
    engine: AsyncEngine, settings: FrameSettings, postgres_url: str
) -> None:
    async def die(session: AsyncSession, _: object, __: Sequence[Delivery]) -> None:
        connection = await asyncpg.connect(postgres_url)
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await connection.close()
        await (await driver(session)).execute("SELECT 1")

    consumer = Consumer("bells", settings, engine, {Rang: die}, utc_now)
    with pytest.raises(Unavailable):
        await consumer.work_records([rang(1)])
    assert await read_letters(engine) == []


async def test_a_value_too_big_for_the_database_is_the_events_fault(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    async def overflow(session: AsyncSession, _: object, deliveries: Sequence[Delivery]) -> None:
        await (await driver(session)).execute("SELECT $1::bigint", 2**63)

    consumer = Consumer("bells", settings, engine, {Rang: overflow}, utc_now)
    await consumer.work_records([rang(1)])
    assert [row.reason for row in await read_letters(engine)] == ["unexpected"]


async def test_what_a_deferred_constraint_refuses_is_the_events_fault(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    async with transaction(engine) as session:
        await session.execute(
            text("CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )

    async def break_it(session: AsyncSession, _: object, __: Sequence[Delivery]) -> None:
        await session.execute(text("INSERT INTO late VALUES (1), (1)"))

    consumer = Consumer("bells", settings, engine, {Rang: break_it}, utc_now)
    await consumer.work_records([rang(1)])
    assert [row.reason for row in await read_letters(engine)] == ["commit_refused"]


async def test_too_many_dead_letters_in_a_row_stop_the_consumer(
    database_url: str, engine: AsyncEngine, listener: Listener
) -> None:
    settings = make_settings(FrameSettings, database_url, dead_letters_in_a_row_max=3)
    consumer = Consumer("bells", settings, engine, listener.handlers, utc_now)
    listener.poison = {1, 2, 4, 5, 6}
    await consumer.work_records([rang(n) for n in range(4)])
    with pytest.raises(TooManyDeadLetters):
        await consumer.work_records([rang(n) for n in range(4, 9)])
    assert len(await read_letters(engine)) == 5


async def test_the_handler_runs_under_the_cause_of_its_events(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    causes = []

    async def note(_: AsyncSession, __: object, deliveries: Sequence[Delivery]) -> None:
        causes.append((correlation_id.get(), trace_parent.get(), deliveries[0].correlation_id))

    await Consumer("bells", settings, engine, {Rang: note}, utc_now).work_records([rang(1)])
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert causes == [("cause-1", trace, "cause-1")]

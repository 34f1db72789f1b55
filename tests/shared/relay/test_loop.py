"""A relay at work, with a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.db import transaction
from shared.outbox import News, tell
from shared.relay import replay_outbox, run_relay
from tests.support.engines import OwnKafka
from tests.support.frame import PROGRAM, STRUCK, FrameSettings, Struck, create_topics, until
from tests.support.service import make_settings


@pytest.fixture
async def settings(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> FrameSettings:
    await create_topics(kafka_bootstrap, topic_prefix, 3)
    return make_settings(
        FrameSettings,
        database_url,
        kafka_bootstrap_servers=kafka_bootstrap,
        kafka_topic_prefix=topic_prefix,
        relay_batch_rows_max=100,
    )


@asynccontextmanager
async def relaying(settings: FrameSettings) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_relay("bells", settings, utc_now, stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def _strike(engine: AsyncEngine, numbers: Sequence[int], bells: int = 5) -> None:
    async with transaction(engine) as session:
        await tell(
            session,
            [
                News(Struck(program_id=PROGRAM, bell=f"b{n % bells}", number=n), utc_now())
                for n in numbers
            ],
        )


async def _waiting(engine: AsyncEngine) -> int:
    async with transaction(engine) as session:
        found = await session.scalar(
            text("SELECT sum(last_id - first_id + 1) FROM outbox_batch WHERE published_at IS NULL")
        )
        return int(found or 0)


async def _all_told(engine: AsyncEngine) -> None:
    async def told() -> bool:
        return await _waiting(engine) == 0

    await until(told, 60)


async def _heard(settings: FrameSettings, count: int) -> list[Any]:
    """At least `count` records of the topic, in the order of each partition."""
    consumer = AIOKafkaConsumer(
        settings.kafka_topic_prefix + STRUCK,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        records: list[Any] = []
        async with asyncio.timeout(30):
            while len(records) < count:
                for found in (await consumer.getmany(timeout_ms=200)).values():
                    records.extend(found)
        return records
    finally:
        await consumer.stop()


def _first_hearings(records: Sequence[Any]) -> dict[str, list[int]]:
    """The numbers of each bell in the order of their first arrival."""
    heard: dict[str, list[int]] = {}
    for record in records:
        event = Struck.model_validate_json(record.value)
        numbers = heard.setdefault(event.bell, [])
        if event.number not in numbers:
            numbers.append(event.number)
    return heard


def _in_order(count: int, bells: int = 5) -> dict[str, list[int]]:
    return {f"b{b}": list(range(b, count, bells)) for b in range(bells)}


async def test_news_is_told_in_order_for_each_key_and_marked(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    await _strike(engine, range(250))
    async with relaying(settings):
        await _all_told(engine)
        await _strike(engine, range(250, 300))
        await _all_told(engine)
    records = await _heard(settings, 300)
    assert _first_hearings(records) == _in_order(300)
    assert len(records) == 300


async def test_messages_are_cloudevents_with_cause_and_trace(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    event = Struck(program_id=PROGRAM, bell="a", number=1)
    now = utc_now()
    news = News(event, now, correlation_id="cause-1", traceparent="00-aa-bb-01")
    async with transaction(engine) as session:
        await tell(session, [news])
    async with relaying(settings):
        (record,) = await _heard(settings, 1)
    assert (record.key, Struck.model_validate_json(record.value)) == (b"a", event)
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": str(news.event_id).encode(),
        "ce_type": b"bell.struck.v1",
        "ce_source": b"/galleria/points.ledger",
        "ce_time": now.isoformat().encode(),
        "ce_programid": str(PROGRAM).encode(),
        "ce_correlationid": b"cause-1",
        "ce_traceparent": b"00-aa-bb-01",
        "content-type": b"application/json",
    }


async def test_a_lower_id_that_commits_later_is_still_told(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    async with relaying(settings):
        async with transaction(engine) as slow:
            news = News(Struck(program_id=PROGRAM, bell="b0", number=0), utc_now())
            await tell(slow, [news])
            await _strike(engine, [1])
            await _heard(settings, 1)
        await _all_told(engine)
    assert len(await _heard(settings, 2)) == 2


async def test_of_two_relays_one_tells_and_the_other_takes_over_when_it_dies(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    async def holders() -> list[Any]:
        async with transaction(engine) as session:
            rows = await session.scalars(
                text(
                    "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database "
                    "WHERE locktype = 'advisory' AND granted AND d.datname = current_database()"
                )
            )
            return list(rows)

    async def taken_over() -> bool:
        found = await holders()
        return len(found) == 1 and found != first

    async with relaying(settings), relaying(settings):
        first = await until(holders)
        await _strike(engine, range(100))
        await _all_told(engine)
        assert await holders() == first
        async with transaction(engine) as session:
            await session.execute(text("SELECT pg_terminate_backend(:p)"), {"p": first[0]})
        await _strike(engine, range(100, 200))
        await until(taken_over)
        await _all_told(engine)
    assert _first_hearings(await _heard(settings, 200)) == _in_order(200)


async def test_a_replay_tells_again_what_was_told_since(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    async with relaying(settings):
        await _strike(engine, range(3))
        await _all_told(engine)
        between = utc_now()
        await _strike(engine, range(3, 5))
        await _all_told(engine)
        assert await replay_outbox(settings, between, utc_now) == 2
        await _all_told(engine)
        assert await replay_outbox(settings, utc_now() + timedelta(seconds=1), utc_now) == 0
    records = await _heard(settings, 7)
    numbers = [Struck.model_validate_json(r.value).number for r in records]
    assert sorted(numbers) == [0, 1, 2, 3, 3, 4, 4]


async def test_an_event_that_is_too_large_holds_back_its_key_and_no_other(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    large = Struck(program_id=PROGRAM, bell="b0", number=0)
    async with transaction(engine) as session:
        await tell(session, [News(large, utc_now())])
        await session.execute(text("UPDATE outbox SET data = repeat('x', 2000000)"))
    await _strike(engine, range(1, 11))

    async def only_its_key_waits() -> bool:
        async with transaction(engine) as session:
            keys = await session.scalars(
                text(
                    "SELECT DISTINCT key FROM outbox JOIN outbox_batch "
                    "ON id BETWEEN first_id AND last_id WHERE published_at IS NULL"
                )
            )
            return list(keys) == ["b0"]

    async with relaying(settings):
        await until(only_its_key_waits)
    assert await _waiting(engine) == 3


async def test_a_broker_killed_and_started_again_loses_nothing(
    database_url: str, engine: AsyncEngine, own_kafka: OwnKafka
) -> None:
    await create_topics(own_kafka.bootstrap, "", 3)
    settings = make_settings(
        FrameSettings,
        database_url,
        kafka_bootstrap_servers=own_kafka.bootstrap,
        relay_batch_rows_max=50,
    )
    async with relaying(settings):
        await _strike(engine, range(1_000))
        await _heard(settings, 1)
        await asyncio.to_thread(own_kafka.kill)
        await _strike(engine, range(1_000, 1_500))
        await asyncio.to_thread(own_kafka.start)
        await _all_told(engine)
    assert _first_hearings(await _heard(settings, 1_500)) == _in_order(1_500)

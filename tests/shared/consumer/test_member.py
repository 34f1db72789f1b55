"""Members of a consumer group on a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.consumer import Consumer, Delivery, TooManyDeadLetters
from tests.support.engines import OwnKafka
from tests.support.frame import (
    PROGRAM,
    FrameSettings,
    Listener,
    Record,
    Struck,
    create_topics,
    read_letters,
    read_tally,
    record_of,
    send_records,
    until,
)
from tests.support.service import make_settings

PARTITIONS = 4


def strokes(numbers: Sequence[int]) -> list[Record]:
    return [
        record_of(
            Struck(program_id=PROGRAM, bell=f"b{n % PARTITIONS}", number=n),
            partition=n % PARTITIONS,
        )
        for n in numbers
    ]


@pytest.fixture
async def settings(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> FrameSettings:
    await create_topics(kafka_bootstrap, topic_prefix, PARTITIONS)
    return make_settings(
        FrameSettings,
        database_url,
        kafka_bootstrap_servers=kafka_bootstrap,
        kafka_topic_prefix=topic_prefix,
        consumer_batch_events_max=50,
        consumer_poll_seconds=0.05,
    )


@pytest.fixture
def consumer(settings: FrameSettings, engine: AsyncEngine, listener: Listener) -> Consumer:
    return Consumer("bells", settings, engine, listener.handlers, utc_now)


@asynccontextmanager
async def consuming(consumer: Consumer) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield task
        assert not task.cancelled()
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.wait([task]), 60)


async def send(settings: FrameSettings, records: Sequence[Record]) -> None:
    await send_records(settings.kafka_bootstrap_servers, settings.kafka_topic_prefix, records)


async def committed(settings: FrameSettings) -> int:
    """The sum of the group's offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    await admin.start()
    try:
        prefix = settings.kafka_topic_prefix
        offsets = await admin.list_consumer_group_offsets(f"{prefix}bells")
    finally:
        await admin.close()
    return sum(
        found.offset
        for place, found in offsets.items()
        if isinstance(place, TopicPartition) and found.offset > 0
    )


async def heard(engine: AsyncEngine, count: int) -> None:
    async def enough() -> bool:
        return len(await read_tally(engine)) >= count

    await until(enough)


async def test_what_was_worked_is_not_fetched_again_by_the_next_member(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener, consumer: Consumer
) -> None:
    await send(settings, strokes(range(100)))
    async with consuming(consumer):
        await heard(engine, 100)
    assert await committed(settings) == 100
    await send(settings, strokes([100]))
    again = Listener()
    async with consuming(Consumer("bells", settings, engine, again.handlers, utc_now)):
        await heard(engine, 101)
    assert again.batches == [[100]]


async def test_offsets_are_committed_only_after_the_effect(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener, consumer: Consumer
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    async def wait(_: Sequence[Delivery]) -> None:
        entered.set()
        await gate.wait()

    listener.before = wait
    await send(settings, strokes(range(4)))
    async with consuming(consumer):
        await asyncio.wait_for(entered.wait(), 30)
        assert await committed(settings) == 0
        gate.set()
        await heard(engine, 4)
        await until(lambda: consumer.lag == 0)
    assert await committed(settings) == 4


async def test_a_member_that_dies_between_effect_and_offset_repeats_nothing(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener, consumer: Consumer
) -> None:
    records = strokes(range(20))
    await consumer.work_records(records)  # The effect, and no offset.
    await send(settings, records)
    listener.batches.clear()
    async with consuming(consumer):
        await until(lambda: consumer.lag == 0 and consumer._reached)
        await send(settings, strokes([20]))
        await heard(engine, 21)
    assert listener.batches == [[20]]


async def test_a_bad_moment_is_waited_for_in_order(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener, consumer: Consumer
) -> None:
    listener.unavailable = {3}
    await send(settings, strokes(range(8)))
    async with consuming(consumer):
        await until(lambda: sum(3 in batch for batch in listener.batches) > 2)
        assert consumer.lag > 0
        listener.unavailable = set()
        await heard(engine, 8)
    assert await read_letters(engine) == []
    assert await committed(settings) == 8


async def test_lag_without_progress_is_stuck_until_it_gets_on(
    database_url: str, settings: FrameSettings, engine: AsyncEngine, listener: Listener
) -> None:
    hasty = settings.model_copy(update={"consumer_stuck_seconds_max": 0.2})
    consumer = Consumer("bells", hasty, engine, listener.handlers, utc_now)
    assert not consumer.is_stuck()
    listener.unavailable = {1}
    await send(settings, strokes([1]))
    async with consuming(consumer):
        await until(consumer.is_stuck)
        listener.unavailable = set()
        await until(lambda: not consumer.is_stuck())
        assert consumer.lag == 0


async def test_too_many_dead_letters_end_the_run(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener
) -> None:
    strict = settings.model_copy(update={"dead_letters_in_a_row_max": 3})
    consumer = Consumer("bells", strict, engine, listener.handlers, utc_now)
    bad = [record_of(Struck(program_id=PROGRAM, bell=str(n), number=n)) for n in range(5)]
    listener.poison = set(range(5))
    await send(settings, bad)
    async with consuming(consumer) as task:
        with pytest.raises(TooManyDeadLetters):
            await asyncio.wait_for(asyncio.shield(task), 30)
    assert await committed(settings) == 0


async def test_partitions_move_in_mid_batch_and_every_event_counts_once_and_in_order(
    settings: FrameSettings, engine: AsyncEngine, listener: Listener, consumer: Consumer
) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    async def wait(_: Sequence[Delivery]) -> None:
        entered.set()
        await gate.wait()

    listener.before = wait
    other = Listener()
    second = Consumer("bells", settings, engine, other.handlers, utc_now)
    await send(settings, strokes(range(400)))
    async with consuming(consumer):
        await asyncio.wait_for(entered.wait(), 30)
        async with consuming(second):
            # The rebalance waits for the batch in flight, behind the lock that the batch holds.
            await until(lambda: consumer._busy._waiters)
            gate.set()
            await heard(engine, 400)
            await until(lambda: other.seen)
            await send(settings, strokes(range(400, 500)))
            await heard(engine, 500)
    assert len(listener.seen) + len(other.seen) == 500
    for each in (listener, other):
        for bell in range(PARTITIONS):
            numbers = [d.event.number for d in each.seen if d.event.bell == f"b{bell}"]  # type: ignore[attr-defined]
            assert numbers == sorted(numbers)
    assert await read_letters(engine) == []
    assert await committed(settings) == 500


async def test_a_member_without_a_broker_ends_when_asked(
    database_url: str, engine: AsyncEngine, listener: Listener
) -> None:
    nowhere = make_settings(FrameSettings, database_url)
    consumer = Consumer("bells", nowhere, engine, listener.handlers, utc_now)
    async with consuming(consumer) as task:
        await asyncio.sleep(0)
        assert not task.done()
    assert task.exception() is None


async def test_a_broker_killed_and_started_again_is_met_by_joining_anew(
    database_url: str, engine: AsyncEngine, listener: Listener, own_kafka: OwnKafka
) -> None:
    settings = make_settings(
        FrameSettings, database_url, kafka_bootstrap_servers=own_kafka.bootstrap
    )
    await create_topics(own_kafka.bootstrap, "", PARTITIONS)
    consumer = Consumer("bells", settings, engine, listener.handlers, utc_now)
    entered, gate = asyncio.Event(), asyncio.Event()

    async def wait(_: Sequence[Delivery]) -> None:
        entered.set()
        await gate.wait()

    listener.before = wait
    async with consuming(consumer) as task:
        await send(settings, strokes(range(10)))
        await asyncio.wait_for(entered.wait(), 30)
        await asyncio.to_thread(own_kafka.kill)
        gate.set()
        await heard(engine, 10)
        # The offsets of this batch cannot be committed: the member gives up and joins anew.
        await until(lambda: not consumer._busy.locked())
        await asyncio.to_thread(own_kafka.start)
        await send(settings, strokes(range(10, 20)))
        await heard(engine, 20)
        assert not task.done()
    assert len(listener.seen) == 20

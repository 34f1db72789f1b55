"""A relay that has something to tell and tells nothing is found out, and no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.db import transaction
from shared.outbox import News, tell
from shared.relay import RelayProgress, run_relay
from tests.support.frame import PROGRAM, FrameSettings, Struck, create_topics, until
from tests.support.service import make_settings


@pytest.fixture
def settings(database_url: str, kafka_bootstrap: str, topic_prefix: str) -> FrameSettings:
    """A broker that has not got the topics yet."""
    return make_settings(
        FrameSettings,
        database_url,
        kafka_bootstrap_servers=kafka_bootstrap,
        kafka_topic_prefix=topic_prefix,
    )


@asynccontextmanager
async def relaying(settings: FrameSettings, progress: RelayProgress) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_relay("bells", settings, utc_now, stop, progress))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def _strike(engine: AsyncEngine, number: int) -> None:
    async with transaction(engine) as session:
        stroke = Struck(program_id=PROGRAM, bell="a", number=number)
        await tell(session, [News(stroke, utc_now())])


def test_only_what_waits_without_an_answer_is_stuck() -> None:
    progress = RelayProgress(-1.0)  # The smallest while is too long.
    assert not progress.is_stuck()
    progress.sees(3)
    assert progress.is_stuck()
    progress.sees(0)
    assert not progress.is_stuck()
    patient = RelayProgress(3_600)
    patient.sees(3)
    patient.gets_on()
    assert not patient.is_stuck()


async def test_news_that_kafka_does_not_take_makes_the_relay_stuck_until_it_does(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    progress = RelayProgress(0.2)
    async with relaying(settings, progress):
        await _strike(engine, 1)
        await until(progress.is_stuck)
        await create_topics(settings.kafka_bootstrap_servers, settings.kafka_topic_prefix)
        await until(lambda: not progress.is_stuck(), 60)


async def test_a_broker_that_is_not_there_makes_the_relay_stuck_when_something_waits(
    engine: AsyncEngine, database_url: str
) -> None:
    nowhere = make_settings(FrameSettings, database_url)
    progress = RelayProgress(0.0)
    async with relaying(nowhere, progress):
        await _strike(engine, 1)
        await until(progress.is_stuck)


async def test_a_relay_that_waits_for_its_turn_is_not_stuck(
    engine: AsyncEngine, database_url: str
) -> None:
    nowhere = make_settings(FrameSettings, database_url)
    await _strike(engine, 1)
    first, second = RelayProgress(0.0), RelayProgress(0.0)
    async with relaying(nowhere, first):
        await until(first.is_stuck)
        second.sees(1)
        async with engine.connect() as holder:
            # Whoever holds the lock, as another process would.
            await holder.execute(
                text("SELECT pg_advisory_lock(:space, hashtext('relay:bells'))"),
                {"space": 0x6761_6C6C},
            )
            async with relaying(nowhere, second):
                await until(lambda: not second.is_stuck())


async def test_an_event_that_is_too_large_is_no_reason_to_start_anew(
    engine: AsyncEngine, settings: FrameSettings
) -> None:
    await create_topics(settings.kafka_bootstrap_servers, settings.kafka_topic_prefix)
    await _strike(engine, 1)
    async with transaction(engine) as session:
        await session.execute(text("UPDATE outbox SET data = repeat('x', 2000000)"))
    answers: list[int] = []

    class Counted(RelayProgress):
        def gets_on(self) -> None:
            answers.append(1)
            super().gets_on()

    async with relaying(settings, Counted(60)):
        await until(lambda: len(answers) >= 3)

"""The process as it really runs: news over Kafka in, messages and news over Kafka out."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.kafka.apply_topics import apply_topics
from services.notifications.settings import NotificationsSettings
from shared.clock import utc_now
from shared.contracts.event import Event
from shared.contracts.notifications import DELIVERIES, MessageDelivered
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay, titles
from tests.support.service import DEPLOYMENT_KEY

ROLES = ("consumer", "relay", "jobs")


async def test_news_delivered_twice_becomes_one_message_and_one_piece_of_news(
    hearsay: Hearsay,
    settings: NotificationsSettings,
    kafka_bootstrap: str,
    topic_prefix: str,
) -> None:
    hearsay.clock.now = utc_now()
    member_id = new_id()
    early = [hearsay.granted(member_id), hearsay.risen(member_id, "gold")]
    late = [hearsay.enrolled(member_id, locale="zh-CN"), hearsay.tiers(), hearsay.mall()]
    await apply_topics(kafka_bootstrap, prefix=topic_prefix)
    environment = {
        "NOTIFICATIONS_DATABASE_URL": settings.database_url,
        "NOTIFICATIONS_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "NOTIFICATIONS_KAFKA_TOPIC_PREFIX": topic_prefix,
        "NOTIFICATIONS_DEPLOYMENT_KEY": DEPLOYMENT_KEY,
        "NOTIFICATIONS_JWKS_URL": "http://127.0.0.1:1/jwks",
        "NOTIFICATIONS_PORT": "0",
        # Names may arrive after the messages that need them.
        "NOTIFICATIONS_DEFER_SECONDS": "1",
    }
    async with running(environment):
        await say(kafka_bootstrap, topic_prefix, [*early, *late])
        delivered = await hear_delivered(kafka_bootstrap, topic_prefix, 3)
    assert {d.cause_kind for d in delivered} == {"reward_points", "tier_up", "enrolled"}
    assert len({d.message_id for d in delivered}) == 3
    found = titles(await hearsay.messages())
    assert sorted(str(t) for t in found) == ["恭喜升级为Gold", "欢迎加入", "获得1,200积分"]
    assert await hearsay.broken() == {}


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[None]:
    """The worker process, which must end in good order when it is told to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notifications",
        *ROLES,
        env={**os.environ, **environment},
    )
    try:
        yield
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def say(bootstrap: str, prefix: str, events: Sequence[Event]) -> None:
    """Speak each event twice, as a relay does that died between sending and marking."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for event in events:
            headers = {
                "ce_type": event.TYPE,
                "ce_id": str(new_id()),
                "ce_programid": str(event.program_id),
            }
            for _ in range(2):
                await producer.send_and_wait(
                    prefix + event.TOPIC,
                    event.model_dump_json().encode(),
                    key=event.key().encode(),
                    headers=[(name, value.encode()) for name, value in headers.items()],
                )
    finally:
        await producer.stop()


async def hear_delivered(bootstrap: str, prefix: str, count: int) -> list[MessageDelivered]:
    """What the service tells, until `count` pieces of news have come; more would be a fault."""
    consumer = AIOKafkaConsumer(
        prefix + DELIVERIES, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    records: list[Any] = []
    try:
        async with asyncio.timeout(60):
            while len(records) < count:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    records += batch
    finally:
        await consumer.stop()
    return [MessageDelivered.model_validate_json(record.value) for record in records]

"""Is there anything left to tell, to hear or to send? And are the books right?"""

import asyncio
import json
from importlib import import_module
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import text

from deploy.kafka.topics import read_topics
from shared.db import transaction
from tests.support.frame import until
from tests.support.line import SERVICES, Line
from tests.support.service import open_engine


async def drain(line: Line, seconds: float = 120) -> None:
    """Wait until every outbox is told, every group has read to the end and every message left."""

    async def is_quiet() -> bool:
        await asyncio.sleep(0.3)  # Asking costs the line more than waiting.
        for part in line.parts.values():
            part.assert_running()
        for service in SERVICES:
            if await number(
                line, service, "SELECT count(*) FROM outbox_batch WHERE published_at IS NULL"
            ):
                return False
        if await lag(line):
            return False
        return not await number(
            line, "notifications", "SELECT count(*) FROM message WHERE state = 'planned'"
        )

    # Twice in a row: between two looks somebody may have moved work from one place to the next.
    await until(is_quiet, seconds)
    await until(is_quiet, seconds)


async def number(line: Line, service: str, query: str, **values: Any) -> int:
    """A number out of the service's database."""
    async with open_engine(line.databases[service], 1) as engine, transaction(engine) as session:
        return int(await session.scalar(text(query), values) or 0)


async def rows(line: Line, service: str, query: str, **values: Any) -> list[Any]:
    """Rows out of the service's database."""
    async with open_engine(line.databases[service], 1) as engine, transaction(engine) as session:
        return list((await session.execute(text(query), values)).all())


async def lag(line: Line) -> int:
    """Events that some consumer group has not committed yet; 1 while Kafka cannot say."""
    admin = AIOKafkaAdminClient(bootstrap_servers=line.kafka.bootstrap)
    probe = AIOKafkaConsumer(bootstrap_servers=line.kafka.bootstrap)
    try:
        await admin.start()
        await probe.start()
        places = [
            TopicPartition(topic.name, partition)
            for topic in read_topics()
            for partition in range(topic.partitions)
        ]
        ends = await probe.end_offsets(places)
        behind = 0
        for service in SERVICES:
            handlers = import_module(f"services.{service}.consumer").HANDLERS
            heard = {event.TOPIC for event in handlers}
            committed = await admin.list_consumer_group_offsets(service)
            for place in places:
                if place.topic in heard:
                    mark = committed.get(place)
                    behind += ends[place] - (mark.offset if mark is not None else 0)
        return behind
    except (KafkaError, OSError):
        return 1
    finally:
        await probe.stop()
        await admin.close()


async def broken_invariants(line: Line) -> dict[str, int]:
    """Every invariant of every service that some row breaks."""
    broken: dict[str, int] = {}
    for service in SERVICES:
        check = import_module(f"services.{service}.queries.invariants").check_invariants
        async with open_engine(line.databases[service], 1) as engine, transaction(engine) as s:
            found = await check(s)
        broken |= {f"{service}.{name}": count for name, count in found.items() if count}
    return broken


async def first_versions(line: Line) -> dict[str, list[int]]:
    """Each account's posting versions in the order in which Kafka heard them first."""
    seen: dict[str, list[int]] = {}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=line.kafka.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = next(t.partitions for t in read_topics() if t.name == "points.ledger")
        places = [TopicPartition("points.ledger", n) for n in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                for record in (await consumer.getmany(place, timeout_ms=500)).get(place, []):
                    if ("ce_type", b"points.posted.v1") not in record.headers:
                        continue
                    data = json.loads(record.value)
                    versions = seen.setdefault(data["account_id"], [])
                    if data["version"] not in versions:
                        versions.append(data["version"])
    finally:
        await consumer.stop()
    return seen

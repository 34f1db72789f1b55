"""The smallest service there can be, for the tests of the frame: it counts what it hears.

Its events are spoken on real topics' names, because whether a parked event holds back its key is a
matter of the topic: `Struck` on one that does, `Rang` on one that does not.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from shared.consumer import Delivery, Handlers
from shared.contracts.event import Event
from shared.db import driver, sqlalchemy_url, transaction
from shared.errors import Rejected, Unavailable
from shared.ids import new_id
from shared.migrate import NAMING, create_frame, create_outbox_batches, frame_tables
from shared.settings import ServiceSettings

STRUCK = "points.ledger"
RANG = "pos.transactions"
PROGRAM = UUID("0199f3a2-c1d0-7b7e-8000-000000000001")
OTHER_PROGRAM = UUID("0199f3a2-c1d0-7b7e-8000-000000000002")


class Struck(Event):
    """A bell was struck; strokes of one bell are told in order."""

    TYPE: ClassVar[str] = "bell.struck.v1"
    TOPIC: ClassVar[str] = STRUCK
    KEY: ClassVar[tuple[str, ...]] = ("bell",)

    bell: str
    number: int


class Rang(Event):
    """A phone rang; the order of calls says nothing."""

    TYPE: ClassVar[str] = "phone.rang.v1"
    TOPIC: ClassVar[str] = RANG
    KEY: ClassVar[tuple[str, ...]] = ("bell",)

    bell: str
    number: int


class Poisonous(Rejected):
    """The handler refuses this number."""


metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)
tally = Table(
    "tally",
    metadata,
    Column("program_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("stroke", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "place", "stroke"),
)


class FrameSettings(ServiceSettings):
    """Nothing of its own."""


@dataclass
class Listener:
    """Handlers that write each event to `tally`, refusing what a test tells them to."""

    poison: set[int] = field(default_factory=set)
    unavailable: set[int] = field(default_factory=set)
    batches: list[list[int]] = field(default_factory=list)
    seen: list[Delivery] = field(default_factory=list)
    before: Callable[[Sequence[Delivery]], Any] | None = None

    async def hear(
        self, session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
    ) -> None:
        """Write first and refuse last, so that a rollback has something to undo."""
        numbers = [d.event.number for d in deliveries]  # type: ignore[attr-defined]
        self.batches.append(numbers)
        if self.before is not None:
            await self.before(deliveries)
        await (await driver(session)).executemany(  # type: ignore[attr-defined]
            "INSERT INTO tally (program_id, place, stroke) VALUES ($1, $2, $3)",
            [
                (str(d.event.program_id), d.event.bell, str(d.event.number))  # type: ignore[attr-defined]
                for d in deliveries
            ],
        )
        for number in numbers:
            if number in self.unavailable:
                raise Unavailable(f"{number} cannot be worked yet")
            if number in self.poison:
                raise Poisonous(f"{number} is poison")
        self.seen.extend(deliveries)

    @property
    def handlers(self) -> Handlers:
        """Both events."""
        return {Struck: self.hear, Rang: self.hear}


@dataclass(frozen=True)
class Record:
    """An aiokafka record without a Kafka."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    offset: int
    partition: int = 0


_offsets = itertools.count(1)


def record_of(event: Event, *, event_id: UUID | None = None, **changed: Any) -> Record:
    """The event as the relay sends it; `changed` are fields of the record."""
    headers = [
        ("ce_id", str(event_id or new_id()).encode()),
        ("ce_type", event.TYPE.encode()),
        ("ce_programid", str(event.program_id).encode()),
        ("ce_correlationid", b"cause-1"),
        ("ce_traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ]
    values: dict[str, Any] = {
        "topic": event.TOPIC,
        "value": event.model_dump_json().encode(),
        "key": event.key().encode(),
        "headers": headers,
        "offset": next(_offsets),
        **changed,
    }
    return Record(**values)


async def create_schema(database_url: str) -> None:
    """The frame's tables and `tally`, as a service's migrations would make them."""
    engine = create_async_engine(sqlalchemy_url(database_url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(create_frame)
            await connection.run_sync(create_outbox_batches)
            await connection.run_sync(metadata.create_all)
    finally:
        await engine.dispose()


async def read_tally(engine: AsyncEngine) -> list[tuple[str, int]]:
    """What was heard: bell and number, sorted."""
    async with transaction(engine) as session:
        rows = await session.execute(text("SELECT place, stroke FROM tally"))
        return sorted((row.place, int(row.stroke)) for row in rows)


async def read_letters(engine: AsyncEngine) -> list[Any]:
    """The dead letters, in order."""
    async with transaction(engine) as session:
        return list(await session.execute(text("SELECT * FROM dead_letter ORDER BY id")))


async def create_topics(bootstrap: str, prefix: str, partitions: int = 1) -> None:
    """The two topics that the tests' events are spoken on."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(prefix + topic, partitions, 1) for topic in (STRUCK, RANG)]
        )
    finally:
        await admin.close()


async def send_records(bootstrap: str, prefix: str, records: Sequence[Record]) -> None:
    """Have Kafka hold the records, in order."""
    async with open_producer(bootstrap) as producer:
        for record in records:
            await producer.send_and_wait(
                prefix + record.topic,
                record.value,
                key=record.key,
                headers=[(name, value) for name, value in record.headers],
                partition=record.partition,
            )


@asynccontextmanager
async def open_producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Await that `condition` (plain or async) is true, and return what it said."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.02)

"""Kafka to use cases, in batches: effect and inbox claim in one transaction, offsets after it.

A batch that fails is redone message by message, so that one bad message cannot hold the others.
What cannot be worked is put aside with its claim; what may work later is fetched again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared import metrics
from shared.clock import Clock, monotonic_seconds
from shared.contracts.event import EVENT_TYPES, KEY_BLOCKING_TOPICS, Event
from shared.db import is_passing, transaction
from shared.errors import DomainError, Unavailable
from shared.ids import lowest_id_at
from shared.inbox import DeadLetter, claim, list_blocked_keys, park
from shared.logs import correlation_id, get_log, trace_parent
from shared.settings import ServiceSettings

log = get_log()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it arrived, with the ids of what caused it."""

    event: Event
    event_id: UUID
    correlation_id: str
    traceparent: str


Handler = Callable[[AsyncSession, datetime, Sequence[Delivery]], Awaitable[None]]
Handlers = Mapping[type[Event], Handler]


class Undecodable(DomainError):
    """The bytes are not an event of the type that the headers name."""


class TooOld(DomainError):
    """The event is older than the inbox remembers, so nobody can say whether it was worked."""


class BehindParked(DomainError):
    """An earlier event of the same key is put aside, and order matters on this topic."""


class TooManyDeadLetters(Exception):
    """So many events in a row could not be worked that something else must be wrong."""


@dataclass(frozen=True, slots=True)
class _Message:
    record: Any
    topic: str  # without the deployment's prefix
    headers: dict[str, str]

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")

    @property
    def key(self) -> str:
        return (self.record.key or b"").decode("utf-8", "replace")


def decode(headers: Mapping[str, str], value: bytes) -> Delivery:
    """The event inside a Kafka message. Raises `Undecodable`."""
    event_type = headers.get("ce_type", "")
    event_class = EVENT_TYPES.get(event_type)
    if event_class is None:
        raise Undecodable(f"The type {event_type!r} is not known.")
    try:
        return Delivery(
            event_class.model_validate_json(value),
            UUID(headers["ce_id"]),
            headers.get("ce_correlationid", ""),
            headers.get("ce_traceparent", ""),
        )
    except (ValidationError, ValueError, KeyError) as error:
        raise Undecodable(f"Not a {event_type}: {type(error).__name__}") from error


class Consumer:
    """One member of the service's consumer group.

    It is state by nature (a group membership, what is in flight, when it last got on), hence one
    of the few classes here. `is_stuck` tells the liveness probe.
    """

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        engine: AsyncEngine,
        handlers: Handlers,
        clock: Clock,
    ) -> None:
        self.name = service
        self._settings = settings
        self._engine = engine
        self._handlers = handlers
        self._clock = clock
        self._prefix = settings.kafka_topic_prefix
        self._busy = asyncio.Lock()
        self._dead_in_a_row = 0
        self._progressed_at = monotonic_seconds()
        self._lag = 0
        self._reached: dict[TopicPartition, int] = {}

    def is_stuck(self) -> bool:
        """Lag without progress for longer than the setting allows."""
        quiet = monotonic_seconds() - self._progressed_at
        return self._lag > 0 and quiet > self._settings.consumer_stuck_seconds_max

    @property
    def lag(self) -> int:
        """Events between this member's position and the end of its partitions."""
        return self._lag

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set. A lost broker is met by joining anew."""
        pause = 0.2
        while not stop.is_set():
            kafka = self._new_member()
            try:
                await kafka.start()
                kafka.subscribe(self._topics(), listener=_WaitForBatch(self._busy))
                pause = 0.2
                await self._consume(kafka, stop)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("consumer_interrupted", consumer=self.name, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 3.0)
            finally:
                await kafka.stop()

    def _topics(self) -> list[str]:
        return sorted({self._prefix + event.TOPIC for event in self._handlers})

    def _new_member(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers,
            group_id=f"{self._prefix}{self.name}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=300_000,
            fetch_max_wait_ms=int(self._settings.consumer_poll_seconds * 1000),
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )

    async def _consume(self, kafka: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        pause = 0.1
        while not stop.is_set():
            fetched = await kafka.getmany(
                timeout_ms=int(self._settings.consumer_poll_seconds * 1000),
                max_records=self._settings.consumer_batch_events_max,
            )
            for place, records in fetched.items():
                self._reached[place] = records[0].offset
            self._measure_lag(kafka)
            if not fetched:
                continue
            async with self._busy:
                try:
                    await self.work_records([r for records in fetched.values() for r in records])
                except Unavailable as error:
                    log.warning("consumer_waits", consumer=self.name, error=repr(error))
                    _go_back(kafka, fetched)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 3.0)
                    continue
                pause = 0.1
                self._progressed_at = monotonic_seconds()
                for place, records in fetched.items():
                    self._reached[place] = records[-1].offset + 1
                self._measure_lag(kafka)
                await _commit_offsets(kafka, fetched)

    def _measure_lag(self, kafka: AIOKafkaConsumer) -> None:
        self._lag = 0
        for place in kafka.assignment():
            end, reached = kafka.highwater(place), self._reached.get(place)
            if end is not None and reached is not None:
                behind = max(0, end - reached)
                self._lag += behind
                metrics.CONSUMER_LAG.labels(place.topic, place.partition).set(behind)
        if self._lag == 0:
            self._progressed_at = monotonic_seconds()

    async def work_records(self, records: Sequence[Any]) -> None:
        """Work Kafka records as one batch, or one by one when the batch fails.

        Raises `Unavailable` when nothing is wrong with the events and the moment is bad.
        """
        messages = [self._message(record) for record in records]
        messages = [m for m in messages if self._is_ours(m)]
        try:
            await self._work_batch(messages)
            self._dead_in_a_row = 0
        except Exception as error:
            if isinstance(error, Unavailable) or is_passing(error):
                raise _as_unavailable(error) from error
            log.info("batch_redone_singly", consumer=self.name, error=repr(error))
            for message in messages:
                await self._work_single(message)

    def _message(self, record: Any) -> _Message:
        headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
        return _Message(record, record.topic.removeprefix(self._prefix), headers)

    def _is_ours(self, message: _Message) -> bool:
        event_class = EVENT_TYPES.get(message.type)
        return event_class is None or event_class in self._handlers

    async def _work_batch(self, messages: Sequence[_Message]) -> None:
        now = self._clock()
        deliveries = [decode(m.headers, m.record.value or b"") for m in messages]
        if not deliveries:
            return
        self._refuse_old(deliveries, now)
        async with transaction(self._engine) as session:
            await self._refuse_blocked(session, messages)
            for program_id, group in _by_program(deliveries).items():
                await self._work_program(session, now, program_id, group)
        for delivery in deliveries:
            metrics.EVENTS_CONSUMED.labels(delivery.event.TYPE, "worked").inc()

    def _refuse_old(self, deliveries: Iterable[Delivery], now: datetime) -> None:
        horizon = lowest_id_at(now - timedelta(days=self._settings.inbox_retention_days))
        for delivery in deliveries:
            if delivery.event_id < horizon:
                raise TooOld(f"Event {delivery.event_id} is older than the inbox.")

    async def _refuse_blocked(self, session: AsyncSession, messages: Sequence[_Message]) -> None:
        ordered = [m for m in messages if m.topic in KEY_BLOCKING_TOPICS]
        for topic, group in groupby(sorted(ordered, key=lambda m: m.topic), lambda m: m.topic):
            keys = sorted({m.key for m in group})
            blocked = await list_blocked_keys(session, self.name, topic, keys)
            if blocked:
                raise BehindParked(f"Keys wait behind parked events on {topic}: {sorted(blocked)}")

    async def _work_program(
        self, session: AsyncSession, now: datetime, program_id: UUID, group: Sequence[Delivery]
    ) -> None:
        fresh = await claim(session, self.name, program_id, [d.event_id for d in group])
        unclaimed = set(fresh)
        todo: list[Delivery] = []
        for delivery in group:
            if delivery.event_id in unclaimed:
                unclaimed.discard(delivery.event_id)
                todo.append(delivery)
        # Neighbours with the same handler go together; the order of arrival stays.
        for handler, run in groupby(todo, lambda d: self._handlers[type(d.event)]):
            deliveries = list(run)
            correlation_id.set(deliveries[0].correlation_id)
            trace_parent.set(deliveries[0].traceparent)
            await handler(session, now, deliveries)

    async def _work_single(self, message: _Message) -> None:
        try:
            await self._work_batch([message])
            self._dead_in_a_row = 0
        except Exception as error:
            if isinstance(error, Unavailable) or is_passing(error):
                raise _as_unavailable(error) from error
            await self._put_aside(message, error)

    async def _put_aside(self, message: _Message, error: Exception) -> None:
        reason = error.code if isinstance(error, DomainError) else "unexpected"
        letter = dead_letter_of(message, reason, repr(error))
        async with transaction(self._engine) as session:
            if letter.program_id is not None and letter.event_id is not None:
                await claim(session, self.name, letter.program_id, [letter.event_id])
            await park(session, self.name, self._clock(), letter)
        metrics.DEAD_LETTERS.labels(message.topic, reason).inc()
        log.error("event_put_aside", consumer=self.name, type=message.type, reason=reason)
        self._dead_in_a_row += 1
        if self._dead_in_a_row >= self._settings.dead_letters_in_a_row_max:
            raise TooManyDeadLetters(
                f"{self._dead_in_a_row} events in a row could not be worked by {self.name}"
            )


def dead_letter_of(message: _Message, reason: str, error: str) -> DeadLetter:
    """What to keep of a message, whatever its bytes are."""
    record = message.record
    return DeadLetter(
        program_id=_uuid_or_none(message.headers.get("ce_programid")),
        topic=message.topic,
        partition=record.partition,
        offset=record.offset,
        key=message.key.replace("\x00", "\\0"),
        event_id=_uuid_or_none(message.headers.get("ce_id")),
        type=message.headers.get("ce_type", "").replace("\x00", "\\0") or None,
        value=record.value or b"",
        headers=message.headers,
        reason=reason,
        error=error,
    )


async def replay_dead_letter(
    session: AsyncSession,
    consumer: str,
    handlers: Handlers,
    now: datetime,
    letter_id: int,
    program_id: UUID,
) -> bool:
    """Work a parked event again and resolve it, in the caller's transaction.

    Its inbox claim was made when it was parked; the row's lock keeps two replays apart. Raises
    what the handler raises, so that the letter stays open. False when there is no such letter.
    """
    row = (
        await session.execute(
            text(
                "SELECT id, topic, key, value, headers FROM dead_letter WHERE id = :id "
                "AND consumer = :consumer AND program_id = :program_id AND resolved_at IS NULL "
                "FOR UPDATE"
            ),
            {"id": letter_id, "consumer": consumer, "program_id": program_id},
        )
    ).one_or_none()
    if row is None:
        return False
    delivery = decode(dict(row.headers), row.value)
    await handlers[type(delivery.event)](session, now, [delivery])
    await session.execute(
        text("UPDATE dead_letter SET resolved_at = :now, resolution = 'replayed' WHERE id = :id"),
        {"now": now, "id": letter_id},
    )
    return True


class _WaitForBatch(ConsumerRebalanceListener):  # type: ignore[misc]
    """A rebalance waits for the batch in flight, so that its offsets are committed by its owner."""

    def __init__(self, busy: asyncio.Lock) -> None:
        self._busy = busy

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        async with self._busy:
            log.info("partitions_revoked", count=len(list(revoked)))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        log.info("partitions_assigned", count=len(list(assigned)))


def _by_program(deliveries: Iterable[Delivery]) -> dict[UUID, list[Delivery]]:
    groups: dict[UUID, list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault(delivery.event.program_id, []).append(delivery)
    return groups


def _as_unavailable(error: Exception) -> Unavailable:
    return error if isinstance(error, Unavailable) else Unavailable(repr(error))


def _go_back(kafka: AIOKafkaConsumer, fetched: Mapping[TopicPartition, Sequence[Any]]) -> None:
    for place, records in fetched.items():
        if place in kafka.assignment():
            kafka.seek(place, records[0].offset)


async def _commit_offsets(
    kafka: AIOKafkaConsumer, fetched: Mapping[TopicPartition, Sequence[Any]]
) -> None:
    offsets = {
        place: records[-1].offset + 1
        for place, records in fetched.items()
        if place in kafka.assignment()
    }
    try:
        await asyncio.wait_for(kafka.commit(offsets), 10)
    except (CommitFailedError, IllegalStateError) as error:
        # A rebalance took the partitions meanwhile; the inbox makes the repeat harmless.
        log.info("offsets_not_committed", error=repr(error))


def _uuid_or_none(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None

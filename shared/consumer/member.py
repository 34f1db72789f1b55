"""One member of a consumer group: fetches, has the batch worked, then commits its offsets."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics
from shared.clock import Clock, monotonic_seconds, sleep_unless
from shared.consumer.batch import Worker
from shared.consumer.delivery import Handlers, is_ours, message_of
from shared.errors import Unavailable
from shared.logs import get_log
from shared.settings import ServiceSettings

COMMIT_SECONDS_MAX = 5
LEAVE_SECONDS_MAX = 10
log = get_log()
Fetched = Mapping[TopicPartition, Sequence[Any]]


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
        self._handlers = handlers
        self._prefix = settings.kafka_topic_prefix
        self._worker = Worker(
            service,
            engine,
            handlers,
            clock,
            timedelta(days=settings.inbox_retention_days),
            settings.dead_letters_in_a_row_max,
        )
        self._busy = asyncio.Lock()
        self._progressed_at = monotonic_seconds()
        self._lag = 0
        self._reached: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None

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
                kafka.subscribe(self._topics(), listener=_WaitForBatch(self._busy, self._forget))
                pause = 0.2
                await self._consume(kafka, stop)
            except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as error:
                if _is_asked_to_end(error):
                    raise
                log.warning("consumer_interrupted", consumer=self.name, error=repr(error))
                await sleep_unless(stop, pause)
                pause = min(pause * 2, 3.0)
            finally:
                await self._leave(kafka)

    def _topics(self) -> list[str]:
        return sorted({self._prefix + event.TOPIC for event in self._handlers})

    def _new_member(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers,
            **self._settings.kafka_access(),
            group_id=f"{self._prefix}{self.name}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            # A rebalance waits this long for the batch in flight.
            rebalance_timeout_ms=30_000,
            max_poll_interval_ms=300_000,
            # One fetch at a time is under way, for whichever partitions have nothing left here: it
            # must not wait long, or partitions that get busy meanwhile wait with it.
            fetch_min_bytes=self._settings.consumer_gather_bytes,
            fetch_max_wait_ms=int(self._settings.consumer_gather_seconds * 1000),
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )

    async def _consume(self, kafka: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        pause = 0.1
        while not stop.is_set():
            fetched: Fetched = await kafka.getmany(
                timeout_ms=int(self._settings.consumer_poll_seconds * 1000),
                max_records=self._settings.consumer_batch_events_max,
            )
            for place, records in fetched.items():
                self._reached[place] = records[0].offset
            self._measure_lag(kafka)
            if not fetched:
                continue
            try:
                async with self._busy:
                    await self.work_records([r for records in fetched.values() for r in records])
                    self._get_on(kafka, fetched)
                    await self._commit_offsets(kafka, fetched)
                pause = 0.1
            except Unavailable as error:
                log.warning("consumer_waits", consumer=self.name, error=repr(error))
                _go_back(kafka, fetched)
                await sleep_unless(stop, pause)
                pause = min(pause * 2, 3.0)

    async def work_records(self, records: Sequence[Any]) -> None:
        """Work Kafka records as one batch, or in ever smaller parts when the batch fails.

        Raises `Unavailable` when nothing is wrong with the events and the moment is bad.
        """
        messages = [message_of(record, self._prefix) for record in records]
        await self._worker.work([m for m in messages if is_ours(m, self._handlers)])

    def _get_on(self, kafka: AIOKafkaConsumer, fetched: Fetched) -> None:
        self._progressed_at = monotonic_seconds()
        for place, records in fetched.items():
            self._reached[place] = records[-1].offset + 1
        self._measure_lag(kafka)

    async def _commit_offsets(self, kafka: AIOKafkaConsumer, fetched: Fetched) -> None:
        offsets = {
            place: records[-1].offset + 1
            for place, records in fetched.items()
            if place in kafka.assignment()
        }
        if not offsets:
            return
        self._committing = asyncio.create_task(kafka.commit(offsets))
        # It is not cancelled when it takes too long: it waits for futures that others wait for in
        # aiokafka too, and those would be cancelled with it. `_leave` ends it when all is closed.
        done, _ = await asyncio.wait({self._committing}, timeout=COMMIT_SECONDS_MAX)
        if not done:
            raise TimeoutError("The offsets could not be committed in time.")
        try:
            await self._committing
        except (CommitFailedError, IllegalStateError) as error:
            # A rebalance took the partitions meanwhile; the inbox makes the repeat harmless.
            log.info("offsets_not_committed", error=repr(error))

    async def _leave(self, kafka: AIOKafkaConsumer) -> None:
        """Leave the group, and be done with it even when nobody answers."""
        leaving = asyncio.create_task(kafka.stop())
        done, _ = await asyncio.wait({leaving}, timeout=LEAVE_SECONDS_MAX)
        if not done or leaving.cancelled() or leaving.exception() is not None:
            log.warning("consumer_left_in_disorder", consumer=self.name, task=repr(leaving))
            leaving.cancel()
            # What `stop` does after the step in which it failed, and does not do when called again.
            await asyncio.gather(
                leaving, kafka._fetcher.close(), kafka._client.close(), return_exceptions=True
            )
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
            self._committing = None
        self._forget()

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

    def _forget(self) -> None:
        """The partitions may be another's now: how far we came in them says nothing any more."""
        for place in self._reached:
            metrics.CONSUMER_LAG.labels(place.topic, place.partition).set(0)
        self._reached.clear()


class _WaitForBatch(ConsumerRebalanceListener):  # type: ignore[misc]
    """A rebalance waits for the batch in flight, so that its offsets are committed by its owner."""

    def __init__(self, busy: asyncio.Lock, forget: Callable[[], None]) -> None:
        self._busy = busy
        self._forget = forget

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        async with self._busy:
            self._forget()
            log.info("partitions_revoked", count=len(list(revoked)))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        log.info("partitions_assigned", count=len(list(assigned)))


def _go_back(kafka: AIOKafkaConsumer, fetched: Fetched) -> None:
    for place, records in fetched.items():
        if place in kafka.assignment():
            kafka.seek(place, records[0].offset)


def _is_asked_to_end(error: BaseException) -> bool:
    """aiokafka may pass on that a future of its own was cancelled: nobody meant this task."""
    task = asyncio.current_task()
    assert task is not None
    return isinstance(error, asyncio.CancelledError) and task.cancelling() > 0

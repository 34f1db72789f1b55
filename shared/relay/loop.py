"""One relay at a time, as long as it holds the lock."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared import metrics
from shared.clock import Clock, sleep_unless
from shared.db import connect_directly
from shared.logs import get_log
from shared.relay.marks import fetch_waiting, mark_told
from shared.relay.progress import RelayProgress
from shared.relay.sending import send_rows
from shared.settings import ServiceSettings

_LOCK_SPACE = 0x6761_6C6C  # "gall": our corner of the advisory lock numbers.

log = get_log()


async def run_relay(
    service: str,
    settings: ServiceSettings,
    clock: Clock,
    stop: asyncio.Event,
    progress: RelayProgress | None = None,
) -> None:
    """Publish until `stop` is set. Any failure of database or broker is met by starting anew.

    `progress` is told how it goes, for the liveness probe. All SQL goes through the one connection
    that holds the advisory lock: when it breaks, the lock is gone and so is this relay's right to
    mark.
    """
    pause = 0.1
    progress = progress or RelayProgress(settings.relay_stuck_seconds_max)
    while not stop.is_set():
        try:
            async with AsyncExitStack() as stack:
                connection = await connect_directly(settings.database_url, f"{service}-relay")
                stack.push_async_callback(_close, connection)
                if await _hold_lock(connection, service, progress, stop):
                    # Before Kafka is asked for anything: it may be what is missing.
                    await _look(connection, 1, progress, clock)
                    producer = await _start_producer(settings)
                    stack.push_async_callback(producer.stop)
                    metrics.RELAY_ACTIVE.set(1)
                    pause = 0.1
                    await _publish(connection, producer, settings, progress, clock, stop)
        except (
            OSError,
            TimeoutError,
            KafkaError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as error:
            log.warning("relay_interrupted", service=service, error=repr(error), pause=pause)
            await sleep_unless(stop, pause)
            pause = min(pause * 2, 2.0)
        finally:
            metrics.RELAY_ACTIVE.set(0)
    _tell_waiting(0, 0, progress)


def _tell_waiting(rows_waiting: int, oldest_seconds: float, progress: RelayProgress) -> None:
    metrics.OUTBOX_WAITING.set(rows_waiting)
    metrics.OUTBOX_OLDEST_SECONDS.set(oldest_seconds)
    progress.sees(rows_waiting)


async def _look(
    connection: asyncpg.Connection, rows_max: int, progress: RelayProgress, clock: Clock
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The untold batches and their rows, as `fetch_waiting` has them."""
    batches, rows = await fetch_waiting(connection, rows_max)
    oldest_seconds = (clock() - rows[0]["occurred_at"]).total_seconds() if rows else 0
    _tell_waiting(len(rows), oldest_seconds, progress)
    return batches, rows


async def _close(connection: asyncpg.Connection) -> None:
    connection.terminate()


async def _hold_lock(
    connection: asyncpg.Connection, service: str, progress: RelayProgress, stop: asyncio.Event
) -> bool:
    """Wait for the lock of this service's outbox. False when asked to stop first."""
    while not stop.is_set():
        if await connection.fetchval(
            "SELECT pg_try_advisory_lock($1, hashtext($2))", _LOCK_SPACE, f"relay:{service}"
        ):
            return True
        # What waits is another relay's to tell.
        _tell_waiting(0, 0, progress)
        await sleep_unless(stop, 0.5)
    return False


async def _start_producer(settings: ServiceSettings) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        **settings.kafka_access(),
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        max_batch_size=262_144,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def _publish(
    connection: asyncpg.Connection,
    producer: AIOKafkaProducer,
    settings: ServiceSettings,
    progress: RelayProgress,
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    while not stop.is_set():
        batches, rows = await _look(connection, settings.relay_batch_rows_max, progress, clock)
        if not batches:
            await sleep_unless(stop, settings.relay_poll_seconds)
            continue
        told, error = await send_rows(producer, rows, settings.kafka_topic_prefix)
        if error is None or told:
            untold = {row["id"] for row in rows}.difference(told)
            await mark_told(connection, batches, untold, clock())
        if told or isinstance(error, MessageSizeTooLargeError):
            progress.gets_on()
        if error is not None:
            # An idempotent producer that failed once may have lost its sequence: build a new one.
            raise error

"""One relay at a time, as long as it holds the lock."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared import metrics
from shared.clock import Clock, sleep_unless
from shared.db import connect_directly
from shared.logs import get_log
from shared.relay.marks import fetch_waiting, mark_told
from shared.relay.sending import send_rows
from shared.settings import ServiceSettings

_LOCK_SPACE = 0x6761_6C6C  # "gall": our corner of the advisory lock numbers.

log = get_log()


async def run_relay(
    service: str,
    settings: ServiceSettings,
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    """Publish until `stop` is set. Any failure of database or broker is met by starting anew.

    All SQL goes through the one connection that holds the advisory lock: when it breaks, the lock
    is gone and so is this relay's right to mark.
    """
    pause = 0.1
    while not stop.is_set():
        try:
            async with AsyncExitStack() as stack:
                connection = await connect_directly(settings.database_url, f"{service}-relay")
                stack.push_async_callback(_close, connection)
                if await _hold_lock(connection, service, stop):
                    producer = await _start_producer(settings)
                    stack.push_async_callback(producer.stop)
                    metrics.RELAY_ACTIVE.set(1)
                    pause = 0.1
                    await _publish_until_stopped(connection, producer, settings, clock, stop)
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
            metrics.OUTBOX_WAITING.set(0)
            metrics.OUTBOX_OLDEST_SECONDS.set(0)


async def _close(connection: asyncpg.Connection) -> None:
    connection.terminate()


async def _hold_lock(connection: asyncpg.Connection, service: str, stop: asyncio.Event) -> bool:
    """Wait for the lock of this service's outbox. False when asked to stop first."""
    while not stop.is_set():
        if await connection.fetchval(
            "SELECT pg_try_advisory_lock($1, hashtext($2))", _LOCK_SPACE, f"relay:{service}"
        ):
            return True
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


async def _publish_until_stopped(
    connection: asyncpg.Connection,
    producer: AIOKafkaProducer,
    settings: ServiceSettings,
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    while not stop.is_set():
        batches, rows = await fetch_waiting(connection, settings.relay_batch_rows_max)
        metrics.OUTBOX_WAITING.set(len(rows))
        oldest_seconds = (clock() - rows[0]["occurred_at"]).total_seconds() if rows else 0
        metrics.OUTBOX_OLDEST_SECONDS.set(oldest_seconds)
        if not batches:
            await sleep_unless(stop, settings.relay_poll_seconds)
            continue
        told, error = await send_rows(producer, rows, settings.kafka_topic_prefix)
        if error is None or told:
            untold = {row["id"] for row in rows}.difference(told)
            await mark_told(connection, batches, untold, clock())
        if error is not None:
            # An idempotent producer that failed once may have lost its sequence: build a new one.
            raise error

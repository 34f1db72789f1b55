"""Outbox rows to Kafka: one relay at a time, in id order, marked only after Kafka has them."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared import metrics
from shared.clock import Clock, sleep_unless
from shared.db import connect_directly
from shared.logs import get_log
from shared.settings import ServiceSettings

_SELECT = """
SELECT id, program_id, event_id, type, topic, key, data, occurred_at, correlation_id, traceparent
FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1
"""
_MARK = "UPDATE outbox SET published_at = $2 WHERE id = ANY ($1::bigint[])"
_LOCK_SPACE = 0x6761_6C6C  # "gall": our corner of the advisory lock numbers.

_Place = tuple[str, str]  # topic and key: what keeps its order

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
        rows = await connection.fetch(_SELECT, settings.relay_batch_rows_max)
        metrics.OUTBOX_WAITING.set(len(rows))
        oldest_seconds = (clock() - rows[0]["occurred_at"]).total_seconds() if rows else 0
        metrics.OUTBOX_OLDEST_SECONDS.set(oldest_seconds)
        if not rows:
            await sleep_unless(stop, settings.relay_poll_seconds)
            continue
        told, error = await _send(producer, rows, settings.kafka_topic_prefix)
        if told:
            await connection.execute(_MARK, told, clock())
        if error is not None:
            # An idempotent producer that failed once may have lost its sequence: build a new one.
            raise error


async def _send(
    producer: AIOKafkaProducer, rows: Sequence[Any], prefix: str
) -> tuple[list[int], KafkaError | None]:
    """Send all, then wait. Returns the ids that Kafka has, up to each key's first failure."""
    sent, failed_keys, error = await _hand_over(producer, rows, prefix)
    results = await asyncio.gather(*(future for _, future in sent), return_exceptions=True)
    told: list[int] = []
    for (row, _), result in zip(sent, results, strict=True):
        if isinstance(result, BaseException):
            failed_keys.add(_place(row))
            error = error or _as_kafka_error(result)
        elif _place(row) not in failed_keys:
            told.append(row["id"])
            metrics.OUTBOX_PUBLISHED.labels(row["topic"]).inc()
    return told, error


async def _hand_over(
    producer: AIOKafkaProducer, rows: Sequence[Any], prefix: str
) -> tuple[list[tuple[Any, Any]], set[_Place], KafkaError | None]:
    """Give the rows to the producer until it takes no more, with a future for each that it took."""
    sent: list[tuple[Any, Any]] = []
    failed_keys: set[_Place] = set()
    error: KafkaError | None = None
    for row in rows:
        if _place(row) in failed_keys:
            continue
        try:
            future = await producer.send(
                prefix + row["topic"],
                row["data"].encode(),
                key=row["key"].encode(),
                headers=message_headers(row),
            )
        except MessageSizeTooLargeError as too_large:
            # It will never go, and later ones of its key wait; other keys must not.
            log.error("event_too_large", id=row["id"], type=row["type"], topic=row["topic"])
            failed_keys.add(_place(row))
            error = too_large
        except KafkaError as failure:
            return sent, failed_keys, failure
        else:
            sent.append((row, future))
    return sent, failed_keys, error


def _place(row: Any) -> _Place:
    return row["topic"], row["key"]


def _as_kafka_error(error: BaseException) -> KafkaError:
    if isinstance(error, KafkaError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return KafkaError("The producer gave up a message.")
    raise error


def message_headers(row: Any) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 attributes as Kafka headers (binary content mode)."""
    occurred_at: datetime = row["occurred_at"]
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["event_id"]).encode()),
        ("ce_type", row["type"].encode()),
        ("ce_source", f"/galleria/{row['topic']}".encode()),
        ("ce_time", occurred_at.isoformat().encode()),
        ("ce_programid", str(row["program_id"]).encode()),
        ("ce_correlationid", row["correlation_id"].encode()),
        ("ce_traceparent", row["traceparent"].encode()),
        ("content-type", b"application/json"),
    ]


async def replay_outbox(settings: ServiceSettings, since: datetime, clock: Clock) -> int:
    """Mark what was told since `since` as untold, so that the relay sends it again in id order.

    Consumers that have worked an event drop it by their inbox. What is told after this began is
    left alone. Returns how many rows will go.
    """
    connection = await connect_directly(settings.database_url, "replay")
    try:
        status = await connection.execute(
            "UPDATE outbox SET published_at = NULL WHERE published_at >= $1 AND published_at <= $2",
            since,
            clock(),
            timeout=600,
        )
        return int(str(status).rsplit(" ", 1)[-1])
    finally:
        await connection.close()

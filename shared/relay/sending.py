"""Rows to Kafka: laid out by partition, sent together, awaited together.

A record batch a partition and one future for it: a future for each event, and the producer's
bookkeeping around it, cost more than everything else that the relay does.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared import metrics
from shared.logs import get_log

MESSAGE_BYTES_MAX = 1_048_576  # Kafka's own default for a request and, about, for a batch.

_Key = tuple[str, str]  # Topic and key: what keeps its order.
_Headers = Sequence[tuple[str, bytes]]
_partitioner = DefaultPartitioner()
log = get_log()


@dataclass(slots=True)
class _Parcel:
    """One record batch for a partition, and the rows in it. `turn` counts within the partition."""

    topic: str
    partition: int
    turn: int
    builder: Any
    rows: list[Any] = field(default_factory=list)


async def send_rows(
    producer: AIOKafkaProducer, rows: Sequence[Any], prefix: str
) -> tuple[list[int], KafkaError | None]:
    """Send all, then wait. Returns the ids that Kafka has, up to each key's first failure."""
    counts = {t: len(await producer.partitions_for(prefix + t)) for t in {r["topic"] for r in rows}}
    parcels, failed_keys, error = _lay_out(producer, rows, counts)
    sent: list[tuple[_Parcel, Any]] = []
    # All first parcels together, then all second ones: a partition takes one at a time.
    for parcel in sorted(parcels, key=lambda parcel: parcel.turn):
        parcel.builder.close()
        try:
            future = await producer.send_batch(
                parcel.builder, prefix + parcel.topic, partition=parcel.partition
            )
        except KafkaError as failure:
            error = failure
            break
        sent.append((parcel, future))
    results = await asyncio.gather(*(future for _, future in sent), return_exceptions=True)
    told: list[int] = []
    for (parcel, _), result in zip(sent, results, strict=True):
        if isinstance(result, BaseException):
            failed_keys |= {_key(row) for row in parcel.rows}
            error = error or _as_kafka_error(result)
            continue
        rows_of_it = parcel.rows
        if failed_keys:
            rows_of_it = [row for row in rows_of_it if _key(row) not in failed_keys]
        arrived = [row["id"] for row in rows_of_it]
        metrics.OUTBOX_PUBLISHED.labels(parcel.topic).inc(len(arrived))
        told += arrived
    return told, error


def _lay_out(
    producer: AIOKafkaProducer, rows: Sequence[Any], counts: Mapping[str, int]
) -> tuple[list[_Parcel], set[_Key], KafkaError | None]:
    """Rows into record batches, in order; with the keys of those that will never go."""
    filling: dict[tuple[str, int], _Parcel] = {}
    turns: dict[tuple[str, int], int] = defaultdict(int)
    parcels: list[_Parcel] = []
    failed_keys: set[_Key] = set()
    error: KafkaError | None = None
    for row in rows:
        if failed_keys and _key(row) in failed_keys:
            continue
        topic, name = row["topic"], row["key"]
        key, value, headers = name.encode(), row["data"].encode(), message_headers(row)
        if len(value) >= MESSAGE_BYTES_MAX // 2 and _is_too_large(key, value, headers):
            # It will never go, and later ones of its key wait; other keys must not.
            log.error("event_too_large", id=row["id"], type=row["type"], topic=topic)
            failed_keys.add(_key(row))
            error = MessageSizeTooLargeError()
            continue
        place = topic, partition_of(name, counts[topic])
        parcel = filling.get(place)
        while parcel is None or not _append(parcel, key, value, headers):
            parcel = filling[place] = _Parcel(*place, turns[place], producer.create_batch())
            turns[place] += 1
            parcels.append(parcel)
        parcel.rows.append(row)
    return parcels, failed_keys, error


def _append(parcel: _Parcel, key: bytes, value: bytes, headers: _Headers) -> bool:
    """Whether it had room. An empty batch takes anything."""
    added = parcel.builder.append(timestamp=None, key=key, value=value, headers=headers)
    return added is not None


@lru_cache(maxsize=32_768)
def partition_of(key: str, count: int) -> int:
    """Where any producer with the default partitioner would put the key."""
    partitions = list(range(count))
    return int(_partitioner(key.encode(), partitions, partitions))


def _is_too_large(key: bytes, value: bytes, headers: _Headers) -> bool:
    size = DefaultRecordBatchBuilder.estimate_size_in_bytes(key, value, headers)
    return bool(size > MESSAGE_BYTES_MAX)


def _key(row: Any) -> _Key:
    return row["topic"], row["key"]


def _as_kafka_error(error: BaseException) -> KafkaError:
    if isinstance(error, KafkaError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return KafkaError("The producer gave up a message.")
    raise error


def message_headers(row: Any) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 attributes as Kafka headers (binary content mode)."""
    return [
        ("ce_id", str(row["event_id"]).encode()),
        *_shared(row["type"], row["topic"], row["program_id"]),
        ("ce_time", _instant(row["occurred_at"])),
        ("ce_correlationid", row["correlation_id"].encode()),
        ("ce_traceparent", row["traceparent"].encode()),
    ]


@lru_cache(maxsize=1_024)
def _instant(at: datetime) -> bytes:
    """Events of one batch mostly happened at one instant."""
    return at.isoformat().encode()


@lru_cache(maxsize=1_024)
def _shared(type_: str, topic: str, program_id: UUID) -> tuple[tuple[str, bytes], ...]:
    """What all events of one type and programme say."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", type_.encode()),
        ("ce_source", f"/galleria/{topic}".encode()),
        ("ce_programid", str(program_id).encode()),
        ("content-type", b"application/json"),
    )

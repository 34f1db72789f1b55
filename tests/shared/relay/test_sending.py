"""What is marked when a part of what was handed to Kafka did not arrive."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.clock import utc_now
from shared.relay.sending import MESSAGE_BYTES_MAX, partition_of, send_rows
from tests.support.frame import PROGRAM, STRUCK, create_topics, open_producer


class _Producer:
    """Takes batches as it is told: a producer's failures cannot be had from a broker on demand.

    With `batch_bytes` of 1, each row is a batch of its own.
    """

    def __init__(
        self, refuse_at: int | None = None, fail: frozenset[int] = frozenset(), batch_bytes: int = 1
    ) -> None:
        self.refuse_at = refuse_at
        self.fail = fail
        self.batch_bytes = batch_bytes
        self.counts: list[int] = []

    async def partitions_for(self, _: str) -> set[int]:
        return {0}

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(self.batch_bytes, 0)

    async def send_batch(self, batch: BatchBuilder, *_: Any, **__: Any) -> "asyncio.Future[None]":
        place = len(self.counts)
        if place == self.refuse_at:
            raise KafkaTimeoutError
        self.counts.append(batch.record_count())
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if place in self.fail:
            future.set_exception(KafkaError("lost"))
        else:
            future.set_result(None)
        return future


def _rows(keys: str) -> list[dict[str, Any]]:
    common = {
        "topic": STRUCK,
        "data": "{}",
        "type": "bell.struck.v1",
        "event_id": PROGRAM,
        "program_id": PROGRAM,
        "occurred_at": utc_now(),
        "correlation_id": "",
        "traceparent": "",
    }
    return [{"id": place, "key": key, **common} for place, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("producer", "told", "failed"),
    [
        (_Producer(), [0, 1, 2, 3, 4, 5], False),
        (_Producer(refuse_at=0), [], True),
        (_Producer(refuse_at=3), [0, 1, 2], True),
        (_Producer(fail=frozenset({1})), [0, 2, 4], True),
        (_Producer(refuse_at=4, fail=frozenset({0})), [1, 3], True),
        (_Producer(batch_bytes=10_000), [0, 1, 2, 3, 4, 5], False),
        (_Producer(batch_bytes=10_000, fail=frozenset({0})), [], True),
    ],
)
async def test_what_kafka_has_is_told_up_to_each_keys_first_failure(
    producer: Any, told: list[int], failed: bool
) -> None:
    found, error = await send_rows(producer, _rows("ababab"), "")
    assert (found, error is not None) == (told, failed)


async def test_rows_of_a_partition_travel_together() -> None:
    producer: Any = _Producer(batch_bytes=10_000)
    await send_rows(producer, _rows("abcabc"), "")
    assert producer.counts == [6]


async def test_a_row_that_is_too_large_holds_back_its_key_and_no_other() -> None:
    rows = _rows("abab")
    rows[1]["data"] = "x" * MESSAGE_BYTES_MAX
    producer: Any = _Producer()
    found, error = await send_rows(producer, rows, "")
    assert found == [0, 2]
    assert isinstance(error, MessageSizeTooLargeError)


async def test_a_key_goes_where_any_producer_would_send_it(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    await create_topics(kafka_bootstrap, topic_prefix, 6)
    keys = [f"member {number}" for number in range(40)]
    async with open_producer(kafka_bootstrap) as producer:
        futures = [
            await producer.send(topic_prefix + STRUCK, b"{}", key=key.encode()) for key in keys
        ]
        there = [(await future).partition for future in futures]
    assert [partition_of(key, 6) for key in keys] == there

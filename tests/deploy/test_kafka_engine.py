"""The embedded Kafka as a stranger's machine treats it."""

import os
import socket
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.kafka import start_kafka
from deploy.local.kafka_ready import broker_answers
from tests.support.engines import OwnKafka


async def _create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        await admin.close()


async def _send(bootstrap: str, topic: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        for number in range(count):
            await producer.send(topic, str(number).encode())
        await producer.flush()
    finally:
        await producer.stop()


async def _end_offset(bootstrap: str, topic: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        return int((await consumer.end_offsets([partition]))[partition])
    finally:
        await consumer.stop()


async def test_acknowledged_messages_survive_a_kill_9(own_kafka: OwnKafka) -> None:
    await _create_topic(own_kafka.bootstrap, "receipts")
    for round_number in range(1, 3):
        await _send(own_kafka.bootstrap, "receipts", 500)
        own_kafka.kill()
        own_kafka.start()
        assert await _end_offset(own_kafka.bootstrap, "receipts") == 500 * round_number


async def test_data_is_found_again_when_both_ports_had_to_change(engine_folder: Path) -> None:
    first = start_kafka(engine_folder / "kafka")
    await _create_topic(first.bootstrap_servers, "receipts")
    await _send(first.bootstrap_servers, "receipts", 10)
    first.kill()
    said: list[str] = []
    with (
        socket.create_server(("127.0.0.1", first.port)),
        socket.create_server(("127.0.0.1", first.controller_port)),
    ):
        again = start_kafka(
            engine_folder / "kafka", first.port, first.controller_port, say=said.append
        )
    try:
        assert again.port != first.port
        assert any(f"port {first.port} is busy" in line for line in said)
        assert await _end_offset(again.bootstrap_servers, "receipts") == 10
    finally:
        again.kill()


def test_a_broker_left_over_from_a_killed_stack_is_stopped_first(engine_folder: Path) -> None:
    said: list[str] = []
    left_over = start_kafka(engine_folder / "kafka", say=said.append)
    server = start_kafka(
        engine_folder / "kafka", left_over.port, left_over.controller_port, say=said.append
    )
    server.kill()
    assert left_over.process.poll() is not None
    assert any(f"process {left_over.pid}" in line for line in said)


def test_a_stale_pid_file_that_names_another_program_harms_nobody(engine_folder: Path) -> None:
    (engine_folder / "kafka").mkdir()
    (engine_folder / "kafka" / "kafka.pid").write_text(str(os.getpid()))
    server = start_kafka(engine_folder / "kafka")
    server.kill()


def test_only_the_broker_that_is_meant_counts(kafka_bootstrap: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = silent.getsockname()[1]
    another = int(kafka_bootstrap.rpartition(":")[2])
    assert not broker_answers(nobody, "any")
    assert not broker_answers(another, "the cluster id of ours")

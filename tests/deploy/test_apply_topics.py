"""topics.yaml against a real Kafka."""

import dataclasses
import socket

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.kafka.apply_topics import TopicsDiffer, apply_topics, main
from deploy.kafka.topics import Topic, read_topics


def _changed(name: str, **changes: object) -> list[Topic]:
    return [
        dataclasses.replace(topic, **changes) if topic.name == name else topic  # type: ignore[arg-type]
        for topic in read_topics()
    ]


async def test_missing_topics_are_created_as_the_file_says(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    applied = await apply_topics(kafka_bootstrap, topic_prefix)
    assert set(applied.created) == {topic_prefix + topic.name for topic in read_topics()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(list(applied.created))
    finally:
        await admin.close()
    partitions = {entry["topic"]: len(entry["partitions"]) for entry in described}
    assert partitions == {topic_prefix + topic.name: topic.partitions for topic in read_topics()}


async def test_applying_twice_changes_nothing(kafka_bootstrap: str, topic_prefix: str) -> None:
    await apply_topics(kafka_bootstrap, topic_prefix)
    again = await apply_topics(kafka_bootstrap, topic_prefix)
    assert (again.created, again.corrected) == ((), ())
    await apply_topics(kafka_bootstrap, topic_prefix, check=True)


async def test_a_changed_partition_count_is_refused(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    await apply_topics(kafka_bootstrap, topic_prefix)
    wider = _changed("points.ledger", partitions=12)
    with pytest.raises(TopicsDiffer, match=r"points.ledger has 6 partitions, topics.yaml says 12"):
        await apply_topics(kafka_bootstrap, topic_prefix, topics=wider)


async def test_a_drifted_setting_is_told_by_a_check_and_corrected_otherwise(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    longer = _changed("points.ledger", retention_days=20)
    await apply_topics(kafka_bootstrap, topic_prefix, topics=longer)
    with pytest.raises(TopicsDiffer, match=r"points.ledger has retention.ms=1728000000 instead of"):
        await apply_topics(kafka_bootstrap, topic_prefix, check=True)
    applied = await apply_topics(kafka_bootstrap, topic_prefix)
    assert applied.corrected == (f"{topic_prefix}points.ledger",)
    await apply_topics(kafka_bootstrap, topic_prefix, check=True)


async def test_a_check_of_an_empty_kafka_creates_nothing(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    for _ in range(2):
        with pytest.raises(TopicsDiffer, match=r"pos.transactions is missing"):
            await apply_topics(kafka_bootstrap, topic_prefix, check=True)


def test_the_command_line_says_what_it_created(
    kafka_bootstrap: str, topic_prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--bootstrap", kafka_bootstrap, "--prefix", topic_prefix]
    assert main([*asked, "--check"]) == 1
    assert main(asked) == 0
    assert f"created {topic_prefix}pos.transactions" in capsys.readouterr().out


def test_a_kafka_that_is_not_there_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"127.0.0.1:{server.getsockname()[1]}"
    assert main(["--bootstrap", nobody]) == 1
    assert nobody in capsys.readouterr().err

"""Bring a Kafka in line with `topics.yaml`.

    python -m deploy.kafka.apply_topics --bootstrap 127.0.0.1:19092 [--check] [--prefix P]
        [--replication-factor N]

GALLERIA_KAFKA_SECURITY_PROTOCOL, …_SASL_MECHANISM, …_SASL_USERNAME, …_SASL_PASSWORD and …_CA_FILE
are for brokers that want TLS or a login, as the services' settings of these names are.

Creates missing topics and corrects their settings; with --check it only tells the differences.
A partition count that differs is refused either way. Exit code 0: in line, 1: not,
2: settings that do not fit together.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from deploy.kafka.topics import Topic, read_topics
from shared.settings import KafkaAccess

SETTLE_SECONDS_MAX = 30


class TopicsDiffer(Exception):
    """The broker's topics are not what the file says, and were left as they are."""


class TopicsAccess(KafkaAccess):
    """Read from GALLERIA_KAFKA_…: topics are nobody's of the four services."""

    model_config = SettingsConfigDict(env_prefix="GALLERIA_")


@dataclass(frozen=True)
class Applied:
    """What was done: names of created topics, and of those whose settings were corrected."""

    created: tuple[str, ...]
    corrected: tuple[str, ...]


async def apply_topics(
    bootstrap: str,
    prefix: str = "",
    *,
    check: bool = False,
    topics: Sequence[Topic] | None = None,
    replication_factor: int = 1,
    access: Mapping[str, Any] | None = None,
) -> Applied:
    """Create and correct; `prefix` comes before every name, `access` is `kafka_access()`.

    Raises TopicsDiffer with all reasons if a partition count differs or, with `check`, if anything
    does; then nothing was changed.
    """
    wanted = {prefix + topic.name: topic for topic in topics or read_topics()}
    async with AsyncExitStack() as stack:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **(access or {}))
        stack.push_async_callback(admin.close)
        await admin.start()
        found = await _compare(admin, wanted)
        reasons = [*found.repartitioned, *(found.to_do if check else ())]
        if reasons:
            raise TopicsDiffer("\n".join(reasons))
        await _create(admin, wanted, found.missing, replication_factor)
        await _correct(admin, {name: wanted[name].settings for name in found.drifted})
        await _until_in_line(admin, wanted)
    return Applied(tuple(found.missing), tuple(found.drifted))


@dataclass(frozen=True)
class _Comparison:
    missing: list[str]
    drifted: dict[str, str]
    repartitioned: list[str]

    @property
    def to_do(self) -> list[str]:
        lines = [f"{name} is missing" for name in self.missing]
        return lines + [f"{name} has {problem}" for name, problem in self.drifted.items()]


async def _compare(admin: AIOKafkaAdminClient, wanted: dict[str, Topic]) -> _Comparison:
    existing = await _existing(admin, list(wanted))
    return _Comparison(
        missing=[name for name in wanted if name not in existing],
        drifted={
            name: problem
            for name in existing
            if (problem := _drift(wanted[name].settings, existing[name].settings))
        },
        repartitioned=[
            f"{name} has {existing[name].partitions} partitions, topics.yaml says "
            f"{wanted[name].partitions}: keys would move and lose their order; make a new topic"
            for name in existing
            if existing[name].partitions != wanted[name].partitions
        ],
    )


async def _until_in_line(admin: AIOKafkaAdminClient, wanted: dict[str, Topic]) -> None:
    """What the controller was told reaches the broker a moment later; whoever comes next relies
    on topics that have their leaders."""
    async with asyncio.timeout(SETTLE_SECONDS_MAX):
        # The broker offers nothing to wait on, hence the question again and again.
        while (  # noqa: ASYNC110
            (await _compare(admin, wanted)).to_do or not await _led(admin, list(wanted))
        ):
            await asyncio.sleep(0.02)


async def _led(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    described = await admin.describe_topics(names)
    return all(partition["leader"] >= 0 for entry in described for partition in entry["partitions"])


@dataclass(frozen=True)
class _Found:
    partitions: int
    settings: dict[str, str]


async def _existing(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, _Found]:
    present = sorted(set(names) & set(await admin.list_topics()))
    if not present:
        return {}
    described = await admin.describe_topics(present)
    partitions = {entry["topic"]: len(entry["partitions"]) for entry in described}
    settings = await _settings(admin, present)
    return {name: _Found(partitions[name], settings[name]) for name in present}


async def _settings(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(asked):
        for code, message, _, name, entries in response.resources:
            if code:
                raise for_code(code)(message)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def _drift(wanted: dict[str, str], found: dict[str, str]) -> str:
    return ", ".join(
        f"{key}={found.get(key)} instead of {value}"
        for key, value in wanted.items()
        if found.get(key) != value
    )


async def _create(
    admin: AIOKafkaAdminClient, wanted: dict[str, Topic], names: list[str], factor: int
) -> None:
    if not names:
        return
    new = [
        NewTopic(name, wanted[name].partitions, factor, topic_configs=wanted[name].settings)
        for name in names
    ]
    response = await admin.create_topics(new)
    for name, code, *message in response.topic_errors:
        # Two that apply at the same time both want the same.
        if code and code != TopicAlreadyExistsError.errno:
            raise for_code(code)(f"{name}: {message}")


async def _correct(admin: AIOKafkaAdminClient, settings: dict[str, dict[str, str]]) -> None:
    if settings:
        await admin.alter_configs(
            [
                ConfigResource(ConfigResourceType.TOPIC, name, configs=values)
                for name, values in settings.items()
            ]
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deploy.kafka.apply_topics", description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="host:port of a broker")
    parser.add_argument("--prefix", default="", help="put before every topic's name")
    parser.add_argument("--check", action="store_true", help="tell differences, change nothing")
    parser.add_argument("--replication-factor", type=int, default=1)
    asked = parser.parse_args(arguments)
    try:
        applied = asyncio.run(
            apply_topics(
                asked.bootstrap,
                asked.prefix,
                check=asked.check,
                replication_factor=asked.replication_factor,
                access=TopicsAccess().kafka_access(),
            )
        )
    except ValidationError as wrong:
        for finding in wrong.errors(include_input=False, include_context=False):
            named = "_".join(str(part) for part in finding["loc"]).upper()
            sys.stderr.write(f"GALLERIA_{named}: {finding['msg']}\n")
        return 2
    except TopicsDiffer as difference:
        sys.stderr.write(f"{difference}\n")
        return 1
    except (KafkaError, TimeoutError) as error:
        sys.stderr.write(f"Kafka at {asked.bootstrap}: {error}\n")
        return 1
    for name in applied.created:
        sys.stdout.write(f"created {name}\n")
    for name in applied.corrected:
        sys.stdout.write(f"corrected the settings of {name}\n")
    sys.stdout.write("all topics are as topics.yaml says\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How far consumers are behind, from Kafka's own numbers: they commit after the effect."""

import asyncio
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

POLL_SECONDS = 0.02


class Lag:
    """Asks the broker. `groups` are consumer groups with the topics that they read."""

    def __init__(self, bootstrap_servers: str, groups: Mapping[str, Collection[str]]) -> None:
        self._bootstrap = bootstrap_servers
        self._groups = groups

    async def __aenter__(self) -> Self:
        """Connect."""
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        await self._admin.start()
        await self._consumer.start()
        topics = {topic for topics in self._groups.values() for topic in topics}
        described = await self._admin.describe_topics(sorted(topics))
        self._partitions = {
            topic["topic"]: [
                TopicPartition(topic["topic"], part["partition"]) for part in topic["partitions"]
            ]
            for topic in described
        }
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self._consumer.stop()
        await self._admin.close()

    async def read(self) -> tuple[int, int]:
        """(events that somebody has not worked yet, events ever sent), over all groups."""
        everything = [place for places in self._partitions.values() for place in places]
        ends = await self._consumer.end_offsets(everything)
        behind = 0
        for group, topics in self._groups.items():
            committed = await self._admin.list_consumer_group_offsets(group)
            for topic in topics:
                for place in self._partitions[topic]:
                    done = committed[place].offset if place in committed else 0
                    behind += ends[place] - max(done, 0)
        return behind, sum(ends.values())

    async def until_none(self, seconds_max: float) -> None:
        """Wait until nobody is behind."""
        async with asyncio.timeout(seconds_max):
            while True:
                behind, _ = await self.read()
                if not behind:
                    return
                await asyncio.sleep(POLL_SECONDS)

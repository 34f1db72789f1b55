"""How far behind each consumer group is, asked of Kafka itself."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata


@dataclass(frozen=True, slots=True)
class KafkaView:
    """Two connections that look on; neither joins a group."""

    admin: AIOKafkaAdminClient
    reader: AIOKafkaConsumer

    async def lags(self, groups: Sequence[str]) -> dict[str, int | None]:
        """Events that each group has not committed, over all that it subscribes to.

        None for a group without a member: it would never get on.
        """
        return {group: await self._lag(group) for group in groups}

    async def _lag(self, group: str) -> int | None:
        topics = await self._subscribed(group)
        if not topics:
            return None
        described = await self.admin.describe_topics(sorted(topics))
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        ends = await self.reader.end_offsets(places)
        committed = await self.admin.list_consumer_group_offsets(group, partitions=places)
        reached = {place: max(0, found.offset) for place, found in committed.items()}
        behind: list[int] = [
            max(0, int(end) - reached.get(place, 0)) for place, end in ends.items()
        ]
        return sum(behind)

    async def _subscribed(self, group: str) -> set[str]:
        (answer,) = await self.admin.describe_consumer_groups([group])
        topics: set[str] = set()
        for _, _, _, _, _, members, *_ in answer.groups:
            for _, _, _, metadata, _, *_ in members:
                if metadata:
                    decoded = ConsumerProtocolMemberMetadata.decode(metadata)
                    topics |= set(decoded.subscription)
        return topics


@asynccontextmanager
async def open_kafka_view(bootstrap_servers: str) -> AsyncIterator[KafkaView]:
    """The view of this broker."""
    view = KafkaView(
        AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers),
        AIOKafkaConsumer(bootstrap_servers=bootstrap_servers),
    )
    await view.admin.start()
    await view.reader.start()
    try:
        yield view
    finally:
        await view.reader.stop()
        await view.admin.close()

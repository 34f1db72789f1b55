"""What `topics.yaml` says, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TOPICS_FILE = Path(__file__).with_name("topics.yaml")
MILLISECONDS_PER_DAY = 86_400_000


@dataclass(frozen=True)
class Topic:
    """One topic; `events` maps an event type to the fields of its key, first non-empty wins."""

    name: str
    owner: str
    partitions: int
    retention_days: int
    cleanup_policy: str
    parked_key_blocks: bool
    events: Mapping[str, tuple[str, ...]]

    @property
    def settings(self) -> dict[str, str]:
        """The topic's settings as Kafka names them."""
        return {
            "cleanup.policy": self.cleanup_policy,
            "retention.ms": str(self.retention_days * MILLISECONDS_PER_DAY),
        }


def read_topics(path: Path = TOPICS_FILE) -> tuple[Topic, ...]:
    """All topics in the file's order; a missing or unknown field raises TypeError."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return tuple(_topic(name, said) for name, said in document["topics"].items())


def _topic(name: str, said: dict[str, Any]) -> Topic:
    events = {type_: tuple(key) for type_, key in said.pop("events").items()}
    return Topic(name=name, events=events, **said)

"""What every event has in common, and how it travels (CloudEvents 1.0, binary mode on Kafka)."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of an event. Unknown fields are ignored, so that a new optional one is free."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """News of one thing that happened in one programme.

    `TYPE` is the CloudEvents type, past tense with a version. `TOPIC` is where it is spoken.
    `KEY` names the fields whose order matters: the first that is not None is the Kafka key.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]

    program_id: UUID

    def key(self) -> str:
        """The Kafka key: events with the same key keep their order."""
        for name in self.KEY:
            value = getattr(self, name)
            if value is not None:
                return str(value)
        raise AssertionError(f"{self.TYPE} has no key")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "TYPE" in cls.__dict__:
            EVENT_TYPES[cls.TYPE] = cls


EVENT_TYPES: dict[str, type[Event]] = {}

# Topics on which an event that is put aside holds back the later ones of its key. Receipts and
# deliveries may overtake each other: their consumers are order-independent by design.
KEY_BLOCKING_TOPICS = frozenset(
    {
        "membership.lifecycle",
        "membership.directory",
        "points.ledger",
        "campaigns.rewards",
        "campaigns.directory",
    }
)

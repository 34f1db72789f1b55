"""A Kafka message, and the event inside of it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import EVENT_TYPES, Event
from shared.errors import Conflict, DomainError
from shared.ids import read_id

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it arrived, with the ids of what caused it."""

    event: Event
    event_id: UUID
    correlation_id: str
    traceparent: str


Handler = Callable[[AsyncSession, datetime, Sequence[Delivery]], Awaitable[None]]
Handlers = Mapping[type[Event], Handler]


class Undecodable(DomainError):
    """The bytes are not an event of the type that the headers name."""


class TooOld(DomainError):
    """The event is older than the inbox remembers, so nobody can say whether it was worked."""


class BehindParked(Conflict):
    """An earlier event of the same key is put aside, and order matters on this topic."""


# What `decode` and the frame ask of the headers; the others are kept for whoever looks into one.
_ASKED = ("ce_type", "ce_id", "ce_programid", "ce_correlationid", "ce_traceparent")


@dataclass(frozen=True, slots=True)
class Message:
    """What Kafka brought. `topic` is without the deployment's prefix; text has no NUL.

    `type` is the CloudEvents type or nothing, `program` what the headers say of the programme.
    Other headers stay the bytes that they are until somebody asks: most are never asked for.
    """

    record: Any
    topic: str
    type: str
    program: str | None
    raw_headers: Mapping[str, bytes | None]

    @property
    def headers(self) -> dict[str, str]:
        """All headers."""
        return {name: _text(value) for name, value in self.raw_headers.items()}

    @property
    def envelope(self) -> dict[str, str]:
        """The headers that say what the event is and what caused it."""
        raw = self.raw_headers
        return {name: _text(raw[name]) for name in _ASKED if name in raw}

    @property
    def key(self) -> str:
        """Events with the same key keep their order."""
        return _text(self.record.key)

    @property
    def program_id(self) -> UUID | None:
        """The programme that the headers name."""
        return _uuid_or_none(self.program)

    @property
    def event_id(self) -> UUID | None:
        """The event that the headers name."""
        return _uuid_or_none(_text(self.raw_headers.get("ce_id")))


def message_of(record: Any, prefix: str) -> Message:
    """The message in an aiokafka record, whatever its bytes are."""
    raw = dict(record.headers)
    program = _common(raw["ce_programid"]) if "ce_programid" in raw else None
    topic = record.topic.removeprefix(prefix)
    return Message(record, topic, _common(raw.get("ce_type")), program, raw)


def is_ours(message: Message, handlers: Handlers) -> bool:
    """Whether a handler may want it. Types that are well named and not handled are news for others:
    a newer version, spoken beside the one that this process knows, must not stop it."""
    event_class = EVENT_TYPES.get(message.type)
    if event_class is None:
        return _EVENT_TYPE.fullmatch(message.type) is None
    return event_class in handlers


def decode(headers: Mapping[str, str], value: bytes) -> Delivery:
    """The event inside a Kafka message. Raises `Undecodable`."""
    event_type = headers.get("ce_type", "")
    event_class = EVENT_TYPES.get(event_type)
    if event_class is None:
        raise Undecodable(f"The type {event_type!r} is not known.")
    try:
        event = event_class.model_validate_json(value)
        event_id = read_id(headers["ce_id"])
        named = headers.get("ce_programid")
        program_id = event.program_id if named is None else _program_id(named)
    except (ValidationError, ValueError, KeyError) as error:
        raise Undecodable(f"Not a {event_type}: {type(error).__name__}") from error
    if program_id != event.program_id:
        raise Undecodable(f"A {event_type} of another programme than its headers say.")
    return Delivery(
        event, event_id, headers.get("ce_correlationid", ""), headers.get("ce_traceparent", "")
    )


@lru_cache(maxsize=1_024)
def _program_id(named: str) -> UUID:
    return UUID(named)


@lru_cache(maxsize=1_024)
def _common(value: bytes | None) -> str:
    """Text that most messages share."""
    return _text(value)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace").replace("\x00", "\\0")


def _uuid_or_none(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None

"""The only maker of identifiers and of anything that must not be guessed."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DriverUUID

from shared.clock import unix_milliseconds

_DIGITS = "0123456789"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    """A UUIDv7: ordered by the millisecond it was made in, random after that (RFC 9562)."""
    return _uuid7(unix_milliseconds())


def _uuid7(milliseconds: int) -> UUID:
    made = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    made[6] = 0x70 | made[6] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return cast(UUID, DriverUUID(bytes(made)))


def quick_uuid(id_: UUID) -> UUID:
    """The same id in the database driver's own form, a subclass written in C.

    It hashes, compares, prints and travels several times faster: for ids on hot paths.
    """
    return cast(UUID, DriverUUID(id_.bytes))


def read_id(text: str) -> UUID:
    """The id written in `text`, in the driver's form. Raises ValueError."""
    return cast(UUID, DriverUUID(text))


def lowest_id_at(instant: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond: a bound for partitions and for age checks."""
    milliseconds = (instant - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62))


def new_member_number() -> str:
    """Eleven random digits and a Luhn check digit: not guessable in order, safe against a typo."""
    body = str(secrets.randbelow(9) + 1) + "".join(secrets.choice(_DIGITS) for _ in range(10))
    return body + luhn_digit(body)


def luhn_digit(body: str) -> str:
    """The check digit (ISO/IEC 7812-1) that makes `body` followed by it valid."""
    total = 0
    for position, char in enumerate(reversed(body)):
        digit = int(char)
        if position % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return str(-total % 10)


def new_secret() -> str:
    """Thirty-two random bytes, URL-safe: a client secret."""
    return secrets.token_urlsafe(32)


def new_bytes(count: int) -> bytes:
    """`count` random bytes, for keys and nonces."""
    return os.urandom(count)

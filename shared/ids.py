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


_STOCK_BYTES = 4_096


class _Stock:
    """Random bytes fetched many at a time: a call into the kernel costs more than an id."""

    def __init__(self) -> None:
        self.empty()
        # A child must not make the ids of its parent.
        os.register_at_fork(after_in_child=self.empty)

    def empty(self) -> None:
        self._left, self._place = b"", 0

    def take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._left):
            self._left, self._place, end = os.urandom(_STOCK_BYTES), 0, count
        taken = self._left[self._place : end]
        self._place = end
        return taken


_stock = _Stock()


def new_id() -> UUID:
    """A UUIDv7: ordered by the millisecond it was made in, random after that (RFC 9562)."""
    return _uuid7(unix_milliseconds())


def _uuid7(milliseconds: int) -> UUID:
    some = _stock.take(10)
    version, variant = 0x70 | some[0] & 0x0F, 0x80 | some[2] & 0x3F
    head = milliseconds.to_bytes(6, "big")
    made = b"%b%c%c%c%b" % (head, version, some[1], variant, some[3:])
    return cast(UUID, DriverUUID(made))


def new_trace_parent() -> str:
    """The `traceparent` of a trace that begins here (W3C Trace Context)."""
    made = _stock.take(24).hex()
    return f"00-{made[:32]}-{made[32:]}-01"


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

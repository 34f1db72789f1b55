"""What is refused whatever a request is about."""

from shared.errors import Rejected


class CursorInvalid(Rejected):
    """The cursor was not made by this list."""


class IdempotencyKeyReused(Rejected):
    """The same Idempotency-Key came with another body."""

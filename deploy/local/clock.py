"""The time as the stack's own log and status show it."""

from datetime import UTC, datetime


def now_text() -> str:
    """UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")

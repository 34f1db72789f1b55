"""The public halves of the keys that sign tokens (RFC 7517)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def read_jwks(session: AsyncSession, now: datetime) -> Mapping[str, Any]:
    """Keys in use, and retired ones whose tokens may still live."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT public_jwk FROM signing_key WHERE retired_at IS NULL OR tokens_until > $1 "
        "ORDER BY created_at, kid",
        now,
    )
    return {"keys": [row["public_jwk"] for row in rows]}

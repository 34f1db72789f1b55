"""Tokens that are refused from now on: here at once, elsewhere when the news is there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Revocation, keep_revocations
from shared.auth.revocations import RevokedBy
from shared.contracts.membership import TokensRevoked
from shared.db import driver
from shared.outbox import News, tell


async def count_revocations(session: AsyncSession, program_id: UUID, since: datetime) -> int:
    """How many of the programme are remembered."""
    connection = await driver(session)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM token_revocation WHERE program_id = $1 AND revoked_at > $2",
        program_id,
        since,
    )
    return count


async def revoke(
    session: AsyncSession, now: datetime, program_id: UUID, revoked_by: RevokedBy, value: str
) -> None:
    """Keep it for this service's processes, and tell the others."""
    await keep_revocations(session, program_id, [Revocation(revoked_by, value, now)])
    event = TokensRevoked(program_id=program_id, revoked_by=revoked_by, value=value, revoked_at=now)
    await tell(session, [News(event, now)])

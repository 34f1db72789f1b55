"""Holds whose time is over free their points, also when nobody asks for them again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.spending.holds import expire_holds_of


async def expire_holds(
    session: AsyncSession, now: datetime, program_id: UUID, hold_max: int
) -> int:
    """Free the holds of one programme that have run out, `hold_max` accounts' at most.

    Returns how many; 0 when none is due, or when somebody else is at work on their accounts.
    """
    return await expire_holds_of(session, program_id, now, hold_max)

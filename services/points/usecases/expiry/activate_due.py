"""Pending points become good when their time has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.expiry.night import activate_lots


async def activate_due(
    session: AsyncSession, now: datetime, program_id: UUID, lots_max: int
) -> int:
    """Activate lots of one programme whose time has come, `lots_max` or a few more at once.

    Returns how many; 0 when none is due.
    """
    return await activate_lots(session, program_id, now, lots_max)

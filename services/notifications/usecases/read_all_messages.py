"""A member has seen all that the inbox holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.storage.deliveries import mark_read


async def read_all_messages(
    session: AsyncSession, now: datetime, program_id: UUID, member_id: UUID
) -> int:
    """Mark everything visible now as read. Returns how many messages became so."""
    return await mark_read(session, program_id, member_id, now, None)

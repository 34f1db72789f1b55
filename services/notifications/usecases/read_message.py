"""A member has read a message of the inbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.storage.deliveries import mark_read


async def read_message(
    session: AsyncSession, now: datetime, program_id: UUID, member_id: UUID, message_id: UUID
) -> bool:
    """True when this made it read; False when it was read before or is not in this inbox."""
    return await mark_read(session, program_id, member_id, now, message_id) == 1

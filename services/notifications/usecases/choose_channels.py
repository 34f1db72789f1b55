"""Staff choose through which channels the programme tells its members."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import Channel
from services.notifications.storage.channels import upsert_channels


async def choose_channels(
    session: AsyncSession, now: datetime, program_id: UUID, channels: Sequence[Channel], by: str
) -> tuple[Channel, ...]:
    """Causes heard from now on are told through these. Returns them, each once, in house order."""
    chosen = tuple(channel for channel in Channel if channel in channels)
    await upsert_channels(session, program_id, chosen, now, by)
    return chosen

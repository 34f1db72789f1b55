"""Through which channels a programme tells its members."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.messages import DEFAULT_CHANNELS, Channel
from shared.db import driver


async def list_channels(session: AsyncSession, program_id: UUID) -> tuple[Channel, ...]:
    """The programme's choice, or the inbox alone."""
    connection = await driver(session)
    chosen = await connection.fetchval(
        "SELECT channels FROM channel_choice WHERE program_id = $1", program_id
    )
    return tuple(Channel(name) for name in chosen) if chosen else DEFAULT_CHANNELS


async def upsert_channels(
    session: AsyncSession, program_id: UUID, channels: Sequence[Channel], at: datetime, by: str
) -> None:
    """Replace the programme's choice; messages planned before keep their channel."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO channel_choice (program_id, channels, changed_at, changed_by)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (program_id) DO UPDATE SET channels = excluded.channels,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """,
        program_id,
        [channel.value for channel in channels],
        at,
        by,
    )

"""Membership tells the tiers: keep their names, which messages are worded with."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.directory import TierScheme
from services.notifications.storage.copies import upsert_tier_scheme


async def copy_tier_scheme(
    session: AsyncSession, _: datetime, program_id: UUID, schemes: Sequence[TierScheme]
) -> None:
    """Keep the programme's newest scheme, whatever the order of arrival."""
    await upsert_tier_scheme(session, program_id, max(schemes, key=lambda s: s.version))

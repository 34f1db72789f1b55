"""The directory tells of malls: keep name and time zone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.directory import Mall, check_time_zone
from services.notifications.storage.copies import upsert_malls


async def copy_malls(
    session: AsyncSession, _: datetime, program_id: UUID, malls: Sequence[Mall]
) -> None:
    """Keep each mall's highest revision. Raises `TimeZoneUnknown`."""
    for mall in malls:
        check_time_zone(mall.time_zone)
    newest: dict[UUID, Mall] = {}
    for mall in sorted(malls, key=lambda m: (m.mall_id, m.revision)):
        newest[mall.mall_id] = mall
    await upsert_malls(session, program_id, list(newest.values()))

"""A day has begun in a mall: its night is to be worked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry import first_instant
from services.points.domain.receipts.receipts import local_day
from services.points.storage.expiry.night import Night, insert_nights, list_zones


async def begin_nights(session: AsyncSession, now: datetime, program_id: UUID | None = None) -> int:
    """Write down the latest night of each zone in which a programme has malls, once.

    Nights that passed while nobody was there are not made up for: the latest does their work too.
    Returns how many are new.
    """
    nights = []
    for program, time_zone in await list_zones(session, program_id):
        today = local_day(now, time_zone)
        nights.append(Night(program, first_instant(today, time_zone), today, time_zone, "activate"))
    return await insert_nights(session, now, nights)

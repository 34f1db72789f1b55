"""A day of the past, written down again from the ledger."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import LiabilityDayUnknown
from services.points.storage.accounting.liability import lock_day, read_rows, replace_rows


async def rebuild_liability(
    session: AsyncSession, now: datetime, program_id: UUID, day: date
) -> bool:
    """Build the day's rows from every posting up to its end. Returns whether anything differed.

    The ledger is append-only, so that nothing should. Raises `LiabilityDayUnknown`.
    """
    found = await lock_day(session, program_id, day)
    if found is None:
        raise LiabilityDayUnknown("This day has not been written down.")
    before = await read_rows(session, program_id, day)
    await replace_rows(session, program_id, now, found)
    return await read_rows(session, program_id, day) != before

"""Each day of a programme is written down when it is over: what is owed to members, by vintage."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.liability import is_settled
from services.points.storage.accounting.liability import find_next_day, insert_day, list_programs


async def snapshot_liability(session: AsyncSession, now: datetime, only: UUID | None = None) -> int:
    """Write down the next day of the first programme that has one due. Returns 1, or 0 when all
    is done.

    A day is one transaction and one row that nobody can write twice: killed in the middle it was
    not begun. Days that were missed follow one by one.
    """
    for program_id in [only] if only is not None else await list_programs(session):
        day = await find_next_day(session, program_id)
        if day is not None and is_settled(day, now):
            await insert_day(session, program_id, now, day)
            return 1
    return 0

"""The job that clears holds away whose time is over, in every programme."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.spending.holds import expire_holds_of, list_programs_with_due_holds

_HOLDS_MAX = 500


async def expire_due_holds(session: AsyncSession, now: datetime) -> int:
    """One step of the job: returns how many holds were freed."""
    done = 0
    for program_id in await list_programs_with_due_holds(session, now):
        done += await expire_holds_of(session, program_id, now, _HOLDS_MAX)
    return done

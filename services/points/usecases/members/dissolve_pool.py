"""The owner ends a pool: everybody gets their unspent points back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.pools import JOINED, end_pool, return_points
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.pool_news import tell_returned
from services.points.storage.members.pools import (
    close_pool,
    find_pool,
    load_contributions,
    lock_household,
)
from shared.db import Collision


async def dissolve_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    owner_id: UUID,
    origin: tuple[str, str],
) -> None:
    """For ever. Raises `PoolUnknown`, `PoolClosed`, `PoolOwnerOnly`."""
    seen = await find_pool(session, program_id, pool_id)
    members = set(seen[1]) if seen is not None else set()
    household = await lock_household(session, program_id, pool_id, owner_id, members)
    household.check_owner(owner_id)
    joined = {m.member_id for m in household.members.values() if m.status == JOINED}
    if not joined <= members:
        raise Collision("Somebody joined meanwhile.")
    givers = await load_contributions(session, program_id, household)
    write = Write()
    write.books.origin = origin
    returned = return_points(write.books, household, givers, joined)
    end_pool(write.books, household, now)
    await close_pool(session, program_id, household.pool)
    await write_books(session, program_id, now, write)
    await tell_returned(session, program_id, household, joined, returned, "dissolved", now)

"""A member leaves a pool, or its owner sends them away: their unspent points go with them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.errors import PoolOwnerStays, PoolUnknown
from services.points.domain.members.pools import JOINED, LEFT, return_points
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.pool_news import tell_returned, who_is_in
from services.points.storage.members.pools import (
    load_contributions,
    lock_household,
    put_pool_member,
)


async def leave_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    member_id: UUID,
    sent_by: UUID,
    origin: tuple[str, str],
) -> None:
    """What others spent of the member's points stays spent.

    Raises `PoolUnknown`, `PoolOwnerOnly`, and `PoolOwnerStays` for the owner themselves.
    """
    household = await lock_household(session, program_id, pool_id, sent_by, {member_id})
    part = household.members.get(member_id)
    if part is None or part.status == LEFT:
        raise PoolUnknown("No such pool of this member.")
    if sent_by != member_id:
        household.check_owner(sent_by)
    if member_id == household.pool.owner_id:
        raise PoolOwnerStays("The owner dissolves the pool instead.")
    givers = await load_contributions(session, program_id, household)
    write = Write()
    write.books.origin = origin
    until_then, was_joined = who_is_in(household), part.status == JOINED
    returned = return_points(write.books, household, givers, {member_id})
    part.status, part.since = LEFT, now
    await put_pool_member(session, program_id, pool_id, part)
    await write_books(session, program_id, now, write)
    if was_joined:
        cause = "left" if sent_by == member_id else "sent_away"
        await tell_returned(session, program_id, household, until_then, returned, cause, now)

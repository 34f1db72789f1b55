"""Whom the owner invited joins the pool."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_giver
from services.points.domain.members.pools import JOINED
from services.points.storage.members.pools import check_in_no_pool, lock_household, put_pool_member


async def join_pool(
    session: AsyncSession, now: datetime, program_id: UUID, pool_id: UUID, member_id: UUID
) -> None:
    """Join; repeats are harmless. Raises `PoolUnknown`, `PoolClosed`, `MemberInPool`,
    `MemberUnknown`, `AccountFrozen`."""
    household = await lock_household(session, program_id, pool_id, member_id)
    part = household.members[member_id]
    if part.status == JOINED:
        return
    check_giver(household.accounts[member_id])
    await check_in_no_pool(session, program_id, member_id)
    part.status, part.since = JOINED, now
    await put_pool_member(session, program_id, pool_id, part)

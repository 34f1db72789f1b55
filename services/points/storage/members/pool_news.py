"""What moved in a household's pool, told so that the household can hear of it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.pools import JOINED, Household
from shared.contracts.points import PoolContributed, PoolReturned, PoolSpent
from shared.contracts.points_changes import PoolInvited
from shared.outbox import News, tell


def who_is_in(household: Household) -> tuple[UUID, ...]:
    """Those who have joined."""
    joined = (m.member_id for m in household.members.values() if m.status == JOINED)
    return tuple(sorted(joined))


async def tell_invited(
    session: AsyncSession, program_id: UUID, household: Household, member_id: UUID, now: datetime
) -> None:
    """The member may join."""
    pool = household.pool
    event = PoolInvited(
        program_id=program_id,
        pool_id=pool.pool_id,
        owner_id=pool.owner_id,
        member_id=member_id,
        invited_at=now,
    )
    await tell(session, [News(event, now)])


async def tell_contributed(
    session: AsyncSession,
    program_id: UUID,
    household: Household,
    member_id: UUID,
    points: int,
    now: datetime,
) -> None:
    """The member put points in."""
    same = _same(program_id, household, who_is_in(household), now)
    await tell(session, [News(PoolContributed(**same, member_id=member_id, points=points), now)])


async def tell_spent(
    session: AsyncSession,
    program_id: UUID,
    household: Household,
    spent: Mapping[str, Any],
    now: datetime,
) -> None:
    """The member spent points; `spent` has the event's own fields."""
    same = _same(program_id, household, who_is_in(household), now)
    await tell(session, [News(PoolSpent(**same, **spent), now)])


async def tell_returned(
    session: AsyncSession,
    program_id: UUID,
    household: Household,
    until_then: Collection[UUID],
    returned: Mapping[UUID, int],
    cause: str,
    now: datetime,
) -> None:
    """These points are these members' again. `until_then` were in the pool."""
    same = _same(program_id, household, tuple(sorted(until_then)), now)
    events = [
        PoolReturned.model_validate(
            {**same, "member_id": member_id, "points": points, "cause": cause}
        )
        for member_id, points in sorted(returned.items())
    ]
    await tell(session, [News(event, now) for event in events])


def _same(
    program_id: UUID, household: Household, who: tuple[UUID, ...], now: datetime
) -> dict[str, Any]:
    pool = household.pool
    return {
        "program_id": program_id,
        "pool_id": pool.pool_id,
        "name": pool.name,
        "owner_id": pool.owner_id,
        "household": who,
        "pool_balance": household.account.balance,
        "moved_at": now,
    }

"""The owner of a pool invites somebody, or says what a member may spend in a month."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.members.pools import INVITED, invited_part
from services.points.storage.members.pool_news import tell_invited
from services.points.storage.members.pools import lock_household, put_pool_member
from services.points.storage.receipts.directory import resolve_numbers


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom the owner invites, by id or member number, and what they may spend in a month."""

    member_id: UUID | None
    member_number: str | None
    month_points_max: int | None


async def invite_to_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    owner_id: UUID,
    invitation: Invitation,
    members_max: int,
) -> None:
    """Invite a member, and tell once; repeats are harmless.

    Raises `PoolUnknown`, `PoolClosed`, `PoolOwnerOnly`, `PoolFull`, `MemberUnknown`.
    """
    member_id = invitation.member_id
    if invitation.member_number is not None:
        numbers = [invitation.member_number]
        member_id = (await resolve_numbers(session, program_id, numbers))[numbers[0]]
    if member_id is None:
        raise MemberUnknown("No such member in this programme.")
    household = await lock_household(session, program_id, pool_id, owner_id, {member_id})
    household.check_owner(owner_id)
    if not household.accounts[member_id].is_open:
        raise MemberUnknown("No such member in this programme.")
    part = invited_part(household, member_id, invitation.month_points_max, members_max, now)
    known = household.members.get(member_id)
    await put_pool_member(session, program_id, pool_id, part)
    if part.status == INVITED and (known is None or known.status != INVITED):
        await tell_invited(session, program_id, household, member_id, now)

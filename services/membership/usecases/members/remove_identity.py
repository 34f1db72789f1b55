"""Forget one of a member's identities."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.members.errors import IdentityUnknown, PhoneNeeded
from services.membership.storage.members.members import delete_identity


async def remove_identity(
    session: AsyncSession, _now: datetime, program_id: UUID, member_id: UUID, identity_id: UUID
) -> None:
    """It is gone, and free for others. Raises `IdentityUnknown`, `PhoneNeeded`."""
    kind = await delete_identity(session, program_id, member_id, identity_id)
    if kind is None:
        raise IdentityUnknown("The member has no such identity.")
    if kind == "phone":
        raise PhoneNeeded("A member keeps a phone: add the new one, and it takes this one's place.")

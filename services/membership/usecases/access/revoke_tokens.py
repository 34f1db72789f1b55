"""Have tokens refused before they end."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.errors import ClientUnknown, TooManyRevocations
from services.membership.domain.members.errors import MemberUnknown
from services.membership.storage.access.clients import find_client
from services.membership.storage.access.revocations import count_revocations, revoke
from services.membership.storage.members.members import list_members_by_id

REVOCATIONS_MAX = 10_000
Holder = Literal["client", "member", "token", "subject"]


async def revoke_tokens(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    holder: Holder,
    name: str,
    lifetime: timedelta,
) -> None:
    """Refuse what was issued until now to a client or member of ours, to a subject of an outside
    provider, or the one token with this `jti`.

    Raises `ClientUnknown`, `MemberUnknown`, and `TooManyRevocations` when as many of the last
    `lifetime` are remembered.
    """
    if holder == "client":
        found = await find_client(session, name)
        if found is None or found[0].program_id != program_id:
            raise ClientUnknown("No client has this id.")
    elif holder == "member":
        # As tokens spell it.
        name = str(await _member_id(session, program_id, name))
    if await count_revocations(session, program_id, now - lifetime) >= REVOCATIONS_MAX:
        raise TooManyRevocations(
            "Too many revocations are remembered. Disable clients, or rotate the signing keys."
        )
    await revoke(session, now, program_id, "token" if holder == "token" else "subject", name)


async def _member_id(session: AsyncSession, program_id: UUID, name: str) -> UUID:
    try:
        member_id = UUID(name)
    except ValueError as error:
        raise MemberUnknown("No such member.") from error
    if not await list_members_by_id(session, program_id, [member_id]):
        raise MemberUnknown("No such member.")
    return member_id

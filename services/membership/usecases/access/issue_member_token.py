"""A member's token for a front end that vouches for the member (RFC 8693, token exchange)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.clients import FRONT_END, member_claims, token_claims
from services.membership.domain.access.errors import ClientNotAllowed, SubjectUnknown
from services.membership.storage.access.clients import get_proven_client
from services.membership.storage.access.signing_keys import get_active_key
from services.membership.storage.members.members import list_members_by_id
from shared.ids import new_id


async def issue_member_token(
    session: AsyncSession,
    now: datetime,
    sealing_key: bytes,
    issuer: str,
    lifetime_seconds: int,
    client_id: str,
    secret: str,
    member_id: UUID,
) -> str:
    """An access token that speaks for the member.

    Raises `ClientInvalid`, `ClientNotAllowed`, `SubjectUnknown`.
    """
    client = await get_proven_client(session, client_id, secret)
    if client.kind != "service" or FRONT_END not in client.roles:
        raise ClientNotAllowed("Only a service client with the role front_end vouches for members.")
    if not await list_members_by_id(session, client.program_id, [member_id]):
        raise SubjectUnknown("The subject token is not a member of this programme.")
    key = await get_active_key(session, sealing_key, now)
    who = member_claims(client.program_id, member_id, client.client_id)
    return key.sign(token_claims(issuer, now, lifetime_seconds, new_id(), who))

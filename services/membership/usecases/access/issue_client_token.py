"""A token for a client that knows its secret (RFC 6749, client credentials)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.clients import client_claims, token_claims
from services.membership.storage.access.clients import get_proven_client
from services.membership.storage.access.signing_keys import get_active_key
from shared.ids import new_id


async def issue_client_token(
    session: AsyncSession,
    now: datetime,
    sealing_key: bytes,
    issuer: str,
    lifetime_seconds: int,
    client_id: str,
    secret: str,
) -> str:
    """An access token that speaks for the client. Raises `ClientInvalid`."""
    client = await get_proven_client(session, client_id, secret)
    key = await get_active_key(session, sealing_key, now)
    return key.sign(token_claims(issuer, now, lifetime_seconds, new_id(), client_claims(client)))

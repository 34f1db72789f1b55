"""A long-lived token, for whoever can run commands on the deployment."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.clients import client_claims, token_claims
from services.membership.domain.access.errors import ClientUnknown
from services.membership.storage.access.clients import find_client
from services.membership.storage.access.signing_keys import extend_key, get_active_key
from shared.ids import new_id


async def issue_operator_token(
    session: AsyncSession,
    now: datetime,
    sealing_key: bytes,
    issuer: str,
    lifetime: timedelta,
    client_id: str,
) -> str:
    """An access token of the client without its secret. Raises `ClientUnknown`.

    The key that signs it stays published until it ends, however often keys are rotated.
    """
    found = await find_client(session, client_id)
    if found is None or found[0].disabled_at is not None:
        raise ClientUnknown("No client has this id, or it is disabled.")
    key = await get_active_key(session, sealing_key, now)
    await extend_key(session, key.kid, now + lifetime)
    seconds = int(lifetime.total_seconds())
    return key.sign(token_claims(issuer, now, seconds, new_id(), client_claims(found[0])))

"""Sign with a new key from now on."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.storage.access.signing_keys import get_active_key, retire_active_key


async def rotate_signing_keys(
    session: AsyncSession, now: datetime, sealing_key: bytes, token_lifetime: timedelta
) -> str:
    """The id of the new key. The old one stays in the JWKS until its last token has expired."""
    await retire_active_key(session, now, now + token_lifetime)
    return (await get_active_key(session, sealing_key, now)).kid

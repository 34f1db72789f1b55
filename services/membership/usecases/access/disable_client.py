"""Take a client out of use."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.errors import ClientUnknown
from services.membership.storage.access.clients import disable_client_row
from services.membership.storage.access.revocations import revoke


async def disable_client(
    session: AsyncSession, now: datetime, program_id: UUID, client_id: str
) -> None:
    """It gets no more tokens, and those it has are revoked. Raises `ClientUnknown`."""
    if not await disable_client_row(session, program_id, client_id, now):
        raise ClientUnknown("No client has this id.")
    await revoke(session, now, program_id, "subject", client_id)

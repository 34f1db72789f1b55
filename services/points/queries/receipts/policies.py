"""Reading earning policies."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import Policy
from services.points.storage.receipts.directory import load_directory


async def list_policies(session: AsyncSession, program_id: UUID) -> tuple[Policy, ...]:
    """All versions, oldest first, the built-in one included."""
    return (await load_directory(session, program_id, ())).policies

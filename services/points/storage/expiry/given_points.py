"""What decides until when points last that no purchase earned."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.given_points import GivenTerms
from services.points.storage.receipts.directory import load_directory
from services.points.storage.zones import load_zones


async def load_given_terms(session: AsyncSession, program_id: UUID) -> GivenTerms:
    """The programme's policies and zones."""
    policies = (await load_directory(session, program_id, ())).policies
    return GivenTerms(policies, await load_zones(session, program_id))

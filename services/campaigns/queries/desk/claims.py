"""Reading the desk's book."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.queries.pages import Page, page_of
from shared.db import driver


async def list_claims(
    session: AsyncSession,
    program_id: UUID,
    campaign_id: UUID,
    mall_ids: frozenset[UUID] | None,
    after: UUID | None,
    limit: int,
) -> Page:
    """A campaign's claims in order, of the named malls or of all."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT claim_id, campaign_id, staff, decided_at, member_id, receipts, gift_sku, quantity,
               mall_id, desk, decision, reason, grant_id
        FROM claim WHERE program_id = $1 AND campaign_id = $2
          AND ($3::uuid[] IS NULL OR mall_id = ANY ($3)) AND ($4::uuid IS NULL OR claim_id > $4)
        ORDER BY claim_id LIMIT $5
        """,
        program_id,
        campaign_id,
        None if mall_ids is None else list(mall_ids),
        after,
        limit + 1,
    )
    return page_of([dict(row) for row in rows], limit, "claim_id")

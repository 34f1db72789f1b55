"""Reading campaigns with their versions."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import CampaignUnknown
from services.campaigns.queries.pages import Page, page_of
from shared.db import driver

_SELECT = """
SELECT c.campaign_id, c.status, c.live_version, c.draft, c.created_at, c.created_by, c.ended_at,
    coalesce((SELECT json_agg(json_build_object('version', v.version, 'spec', v.spec,
                  'published_at', v.published_at, 'published_by', v.published_by)
                  ORDER BY v.version)
              FROM campaign_version v
              WHERE v.program_id = c.program_id AND v.campaign_id = c.campaign_id),
             '[]') AS versions
FROM campaign c WHERE c.program_id = $1
"""


async def get_campaign(
    session: AsyncSession, program_id: UUID, campaign_id: UUID
) -> dict[str, Any]:
    """The campaign with draft and versions. Raises `CampaignUnknown`."""
    connection = await driver(session)
    row = await connection.fetchrow(_SELECT + "AND c.campaign_id = $2", program_id, campaign_id)
    if row is None:
        raise CampaignUnknown("No campaign has this id.")
    return dict(row)


async def list_campaigns(
    session: AsyncSession,
    program_id: UUID,
    status: str | None,
    after: UUID | None,
    limit: int,
) -> Page:
    """Campaigns in the order of their making."""
    connection = await driver(session)
    rows = await connection.fetch(
        _SELECT + "AND ($2::text IS NULL OR c.status = $2) "
        "AND ($3::uuid IS NULL OR c.campaign_id > $3) ORDER BY c.campaign_id LIMIT $4",
        program_id,
        status,
        after,
        limit + 1,
    )
    return page_of([dict(row) for row in rows], limit, "campaign_id")

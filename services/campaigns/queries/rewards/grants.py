"""Reading grants with what explains them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rewards.errors import GrantUnknown
from services.campaigns.queries.pages import Page, page_of
from shared.db import driver

_SELECT = """
SELECT g.grant_id, g.campaign_id, g.version AS campaign_version, g.origin, g.member_id, g.kind,
    g.points, g.points_revoked, g.gift_sku, t.name_zh AS gift_name_zh, t.name_en AS gift_name_en,
    g.status, g.shortfall_minor, g.mall_id, g.shop_id, g.receipt_id, g.granted_at, g.decided_at,
    g.issued_at, g.issued_by, g.issued_mall_id, g.claim_id, g.inputs, g.explanation,
    coalesce((SELECT json_agg(json_build_object('revocation_id', r.revocation_id,
                  'points', r.points, 'reason', r.reason, 'revoked_at', r.revoked_at)
                  ORDER BY r.revoked_at, r.revocation_id)
              FROM reward_revocation r
              WHERE r.program_id = g.program_id AND r.grant_id = g.grant_id), '[]') AS revocations
FROM reward_grant g
LEFT JOIN gift t ON t.program_id = g.program_id AND t.sku = g.gift_sku
WHERE g.program_id = $1
"""


async def get_grant(session: AsyncSession, program_id: UUID, grant_id: UUID) -> dict[str, Any]:
    """The grant. Raises `GrantUnknown`."""
    connection = await driver(session)
    row = await connection.fetchrow(_SELECT + "AND g.grant_id = $2", program_id, grant_id)
    if row is None:
        raise GrantUnknown("No grant has this id.")
    return dict(row)


async def list_member_grants(
    session: AsyncSession, program_id: UUID, member_id: UUID, after: UUID | None, limit: int
) -> Page:
    """A member's grants, the newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        _SELECT + "AND g.member_id = $2 AND ($3::uuid IS NULL OR g.grant_id < $3) "
        "ORDER BY g.grant_id DESC LIMIT $4",
        program_id,
        member_id,
        after,
        limit + 1,
    )
    return page_of([dict(row) for row in rows], limit, "grant_id")


async def list_member_withheld(
    session: AsyncSession, program_id: UUID, member_id: UUID
) -> list[dict[str, Any]]:
    """Thresholds that the member reached without getting anything; the latest 100."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT campaign_id, version AS campaign_version, local_day, reason, decided_at "
        "FROM reward_withheld WHERE program_id = $1 AND member_id = $2 "
        "ORDER BY local_day DESC, campaign_id LIMIT 100",
        program_id,
        member_id,
    )
    return [dict(row) for row in rows]

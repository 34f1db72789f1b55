"""Whose rewards a receipt may move: its member's, and those of whoever claimed it at a desk."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_parties(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> set[UUID]:
    """Members to lock before these receipts. Not locked itself: look again under the lock."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT member_id FROM receipt
        WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]) AND member_id IS NOT NULL
        UNION
        SELECT member_id FROM reward_grant
        WHERE program_id = $1 AND status <> 'revoked' AND member_id IS NOT NULL
          AND grant_id IN (SELECT grant_id FROM desk_receipt
                           WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]))
        """,
        program_id,
        receipt_ids,
    )
    return {row["member_id"] for row in rows}

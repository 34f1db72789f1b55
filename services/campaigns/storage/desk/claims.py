"""The desk's book: every claim with who, when, member, receipts, gift, quantity and desk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt as it is printed: what a desk can type or scan."""

    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date

    def as_json(self) -> dict[str, str]:
        """As plain JSON values."""
        return {
            "shop_id": str(self.shop_id),
            "till_id": self.till_id,
            "receipt_number": self.receipt_number,
            "business_date": self.business_date.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One decision of the desk. `quantity` is 1 when granted, else 0."""

    claim_id: UUID
    campaign_id: UUID
    staff: str
    decided_at: datetime
    member_id: UUID | None
    receipts: Sequence[dict[str, Any]]
    gift_sku: str | None
    quantity: int
    mall_id: UUID
    desk: str | None
    decision: str
    reason: str | None
    grant_id: UUID | None


async def insert_claim(session: AsyncSession, program_id: UUID, claim: ClaimRow) -> None:
    """Write the book's next line; it is never changed."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO claim (program_id, claim_id, campaign_id, staff, decided_at, member_id,
            receipts, gift_sku, quantity, mall_id, desk, decision, reason, grant_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        program_id,
        claim.claim_id,
        claim.campaign_id,
        claim.staff,
        claim.decided_at,
        claim.member_id,
        json.dumps(list(claim.receipts)),
        claim.gift_sku,
        claim.quantity,
        claim.mall_id,
        claim.desk,
        claim.decision,
        claim.reason,
        claim.grant_id,
    )


async def find_by_paper(
    session: AsyncSession, program_id: UUID, papers: Sequence[Paper]
) -> dict[Paper, UUID]:
    """The receipts' ids; papers that are not known are left out."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT r.receipt_id, n.place FROM receipt r
        JOIN unnest($2::uuid[], $3::text[], $4::text[], $5::date[]) WITH ORDINALITY
             AS n (shop_id, till_id, receipt_number, business_date, place)
          ON r.shop_id = n.shop_id AND r.till_id = n.till_id
         AND r.receipt_number = n.receipt_number AND r.business_date = n.business_date
        WHERE r.program_id = $1
        """,
        program_id,
        [p.shop_id for p in papers],
        [p.till_id for p in papers],
        [p.receipt_number for p in papers],
        [p.business_date for p in papers],
    )
    return {papers[row["place"] - 1]: row["receipt_id"] for row in rows}

"""Somebody has seen to a receipt that differs from what points paid of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.receipts.payment_mismatches import settle_mismatch


@dataclass(frozen=True, slots=True)
class Settlement:
    """Which receipt, what was done about it, and who says so."""

    transaction_id: UUID
    note: str
    made_by: str


async def settle_payment_mismatch(
    session: AsyncSession, now: datetime, program_id: UUID, settlement: Settlement
) -> bool:
    """It is off the list of the open ones. Nothing else moves: what was paid too much is reversed
    by a till of the shop. What was settled before stays as it is; returns whether this is new."""
    return await settle_mismatch(
        session,
        program_id,
        settlement.transaction_id,
        note=settlement.note,
        settled_by=settlement.made_by,
        now=now,
    )

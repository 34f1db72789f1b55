"""A programme says which reasons there are for adjustments, and from where two must agree."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.adjustments import AdjustmentRules, ReasonCode
from services.points.storage.ledger.adjustments import find_rules, insert_rules


async def set_adjustment_rules(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    points_unchecked_max: int,
    reason_codes: tuple[ReasonCode, ...],
    made_by: str,
) -> AdjustmentRules:
    """Keep them as the next version; what is in force already is not kept twice."""
    current = await find_rules(session, program_id)
    version = current.version if current is not None else 0
    if current == AdjustmentRules(version, points_unchecked_max, reason_codes):
        return current
    made = AdjustmentRules(version + 1, points_unchecked_max, reason_codes)
    await insert_rules(session, program_id, made, made_by, now)
    return made

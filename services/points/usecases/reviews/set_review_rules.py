"""A programme says which receipts somebody must look at before they earn."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.reviews.review import ReviewRules, read_review
from services.points.storage.reviews.reviews import insert_review_rules, load_review


async def set_review_rules(
    session: AsyncSession, now: datetime, program_id: UUID, spec: dict[str, Any], made_by: str
) -> ReviewRules:
    """Keep them as the next version; what is in force already is not kept twice."""
    current = await load_review(session, program_id)
    if read_review(current.version, spec) == current:
        return current
    made = read_review(current.version + 1, spec)
    await insert_review_rules(session, program_id, made.version, spec, made_by, now)
    return made

"""Write down a new campaign, to be published later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.storage.request_keys import RequestKey, keep_answer, take_request_key
from services.campaigns.storage.rules.campaigns import insert_campaign
from shared.ids import new_id


async def draft_campaign(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    request: RequestKey,
    spec: Mapping[str, Any],
    staff: str,
) -> UUID:
    """The new campaign's id; the same request again gets the same one.

    Raises `IdempotencyKeyReused`.
    """
    stored = await take_request_key(session, program_id, now, request)
    if stored is not None:
        return UUID(stored["campaign_id"])
    campaign_id = new_id()
    await insert_campaign(session, program_id, now, campaign_id, spec, staff)
    await keep_answer(session, program_id, request, {"campaign_id": str(campaign_id)})
    return campaign_id

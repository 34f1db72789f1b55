"""Replace a campaign's draft: its first, or the next version of a live one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.campaigns import family_of
from services.campaigns.domain.rules.errors import CampaignHasEnded, KindIsFixed
from services.campaigns.storage.rules.campaigns import get_spec, lock_campaign, set_draft


async def change_draft(
    session: AsyncSession, program_id: UUID, campaign_id: UUID, spec: Mapping[str, Any]
) -> None:
    """What is live stays as it is until the draft is published.

    Raises `CampaignUnknown`, `CampaignHasEnded`, and `KindIsFixed` when a published campaign
    would become another kind or change its family: its receipts' usage is kept by family.
    """
    campaign = await lock_campaign(session, program_id, campaign_id)
    if campaign.status == "ended":
        raise CampaignHasEnded("This campaign has ended. Make a new one.")
    if campaign.live_version is not None:
        live = await get_spec(session, program_id, campaign_id, campaign.live_version)
        same_kind = live["rule"]["kind"] == spec["rule"]["kind"]
        if not same_kind or family_of(campaign_id, live) != family_of(campaign_id, spec):
            raise KindIsFixed("A published campaign keeps its kind and family. Make a new one.")
    await set_draft(session, program_id, campaign_id, spec)

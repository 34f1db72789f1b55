"""End a live campaign: it decides nothing that is bought from now on."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import CampaignNotPublished
from services.campaigns.storage.receipts.rescores import insert_rescore
from services.campaigns.storage.rules.campaigns import end_locked_campaign, lock_campaign
from services.campaigns.storage.rules.handbook import renew_handbook
from shared.contracts.campaigns import CampaignEnded
from shared.outbox import News, tell


async def end_campaign(
    session: AsyncSession, now: datetime, program_id: UUID, campaign_id: UUID
) -> None:
    """A repeat changes nothing. Raises `CampaignUnknown`, `CampaignNotPublished`."""
    await renew_handbook(session, program_id)
    campaign = await lock_campaign(session, program_id, campaign_id)
    if campaign.status == "ended":
        return
    if campaign.live_version is None:
        raise CampaignNotPublished("Only a live campaign can be ended.")
    await end_locked_campaign(session, program_id, now, campaign_id)
    # A till's clock may run ahead of ours: what it sold after the end is judged again.
    await insert_rescore(session, program_id, "campaign_ended", now, now + timedelta(days=1))
    event = CampaignEnded(
        program_id=program_id,
        campaign_id=campaign_id,
        version=campaign.live_version,
        ended_at=now,
    )
    await tell(session, [News(event, now)])

"""What campaigns does by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.settings import CampaignsSettings
from services.campaigns.storage.request_keys import forget_request_keys
from services.campaigns.usecases.receipts.score_stored_receipts import score_stored_receipts
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """Receipts to be judged again are taken order by order, each by whoever gets its lock."""
    assert isinstance(settings, CampaignsSettings)
    kept = timedelta(days=settings.request_key_days)

    async def score_stored(session: AsyncSession, now: datetime) -> int:
        return await score_stored_receipts(session, now, settings.rescore_batch_receipts_max)

    async def forget_keys(session: AsyncSession, now: datetime) -> int:
        return await forget_request_keys(session, now - kept)

    return (
        Job(
            "score_stored_receipts",
            timedelta(seconds=settings.rescore_every_seconds),
            score_stored,
            once_a_period=False,
        ),
        Job("forget_request_keys", timedelta(hours=6), forget_keys),
    )

"""What membership does by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.settings import MembershipSettings
from services.membership.storage.idempotency import forget_answers
from services.membership.usecases.tiers.reassess_tiers import reassess_tiers
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """Tiers end at midnight of the programme's zone, whichever it is, so the job looks hourly."""
    assert isinstance(settings, MembershipSettings)
    kept = timedelta(hours=settings.idempotency_hours)

    async def forget_old_answers(session: AsyncSession, now: datetime) -> int:
        return await forget_answers(session, now - kept)

    return (
        Job("reassess_tiers", timedelta(hours=1), reassess_tiers),
        Job("forget_answers", timedelta(hours=1), forget_old_answers),
    )

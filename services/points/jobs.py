"""What points does by the clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.settings import PointsSettings
from services.points.usecases.begin_nights import begin_nights
from services.points.usecases.expire_holds import expire_due_holds
from services.points.usecases.run_night import NightRules, run_night
from services.points.usecases.sweep_waiting import sweep_waiting
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """The jobs of a process with the jobs role."""
    assert isinstance(settings, PointsSettings)
    rules = NightRules(settings.night_chunk_accounts, settings.reminder_lead_days)

    async def night(session: AsyncSession, now: datetime) -> int:
        return await run_night(session, now, rules)

    return (
        Job("begin_nights", timedelta(minutes=1), begin_nights),
        Job("run_night", timedelta(minutes=1), night, once_a_period=False),
        Job("sweep_waiting", timedelta(minutes=1), sweep_waiting),
        Job("expire_holds", timedelta(minutes=1), expire_due_holds),
    )

"""What points does by the clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.settings import PointsSettings
from services.points.storage.accounting.exports import LEDGER, STATEMENT
from services.points.usecases.accounting.drop_files import drop_files
from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from services.points.usecases.accounting.work_import import work_import
from services.points.usecases.accounting.write_export import write_export
from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from services.points.usecases.members.expire_transfers import expire_transfers
from services.points.usecases.receipts.sweep_waiting import sweep_waiting
from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.schedule import Job
from shared.settings import ServiceSettings


def jobs(settings: ServiceSettings) -> Sequence[Job]:
    """The jobs of a process with the jobs role."""
    assert isinstance(settings, PointsSettings)
    rules = NightRules(settings.night_chunk_accounts, settings.reminder_lead_days)

    async def night(session: AsyncSession, now: datetime) -> int:
        return await run_night(session, now, rules)

    async def drop(session: AsyncSession, now: datetime) -> int:
        return await drop_files(session, now, timedelta(days=settings.files_kept_days))

    async def ledger(session: AsyncSession, now: datetime) -> int:
        return await write_export(session, now, LEDGER)

    async def statement(session: AsyncSession, now: datetime) -> int:
        return await write_export(session, now, STATEMENT)

    return (
        Job("begin_nights", timedelta(minutes=1), begin_nights),
        Job(
            "run_night",
            timedelta(minutes=1),
            night,
            once_a_period=False,
            workers=settings.night_workers,
        ),
        Job("sweep_waiting", timedelta(minutes=1), sweep_waiting),
        Job("expire_transfers", timedelta(minutes=1), expire_transfers),
        Job("expire_holds", timedelta(minutes=1), expire_due_holds),
        Job("snapshot_liability", timedelta(minutes=10), snapshot_liability),
        Job("write_export", timedelta(seconds=5), ledger, once_a_period=False),
        Job("write_statement", timedelta(seconds=5), statement, once_a_period=False),
        Job("work_import", timedelta(seconds=5), work_import, once_a_period=False),
        Job("drop_files", timedelta(hours=6), drop),
    )

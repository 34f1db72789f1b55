"""Members are told what of their points ends soon: one digest a member and month."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry import reminder_month
from services.points.domain.receipts.receipts import local_day
from services.points.storage.expiry.night import Chunk
from services.points.storage.expiry.reminders import EndingLots, insert_reminders, lock_ending_lots
from shared.contracts.points import ExpiringOn, PointsExpiringSoon
from shared.outbox import News, tell

_INSTANT = timedelta(microseconds=1)


async def remind_expiring(
    session: AsyncSession, now: datetime, chunk: Chunk, lead_days: int
) -> tuple[int, int]:
    """Tell the chunk's members who were not told of the month yet. Returns (accounts, points)."""
    night = chunk.night
    month, since, until = reminder_month(night.night_on, lead_days, night.time_zone)
    since = max(since, night.due_at)
    lots = await lock_ending_lots(session, night.program_id, chunk.account_ids, since, until)
    digests = {
        account_id: _digest(night.program_id, now, night.time_zone, list(its))
        for account_id, its in groupby(lots, key=lambda lot: lot.account_id)
    }
    totals = {account_id: digest.points for account_id, digest in digests.items()}
    new = await insert_reminders(session, night.program_id, month, now, totals)
    told = [digests[account_id] for account_id in sorted(new)]
    await tell(session, [News(digest, now) for digest in told])
    return len(told), sum(digest.points for digest in told)


def _digest(
    program_id: UUID, now: datetime, time_zone: str, lots: Sequence[EndingLots]
) -> PointsExpiringSoon:
    deadlines = tuple(
        ExpiringOn(on=local_day(lot.expires_at - _INSTANT, time_zone), points=lot.points)
        for lot in lots
    )
    return PointsExpiringSoon(
        program_id=program_id,
        account_id=lots[0].account_id,
        member_id=lots[0].member_id,
        wallet=lots[0].wallet,
        month=deadlines[0].on.replace(day=1),
        points=sum(lot.points for lot in lots),
        deadlines=deadlines,
        told_at=now,
    )

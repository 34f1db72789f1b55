"""Members are told what of their points ends soon: one digest a member and month."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry import ending_lots_window
from services.points.domain.expiry.expiry_changes import ZoneOf
from services.points.domain.receipts.receipts import local_day
from services.points.storage.expiry.night import Chunk
from services.points.storage.expiry.reminders import EndingLots, insert_reminders, lock_ending_lots
from services.points.storage.zones import load_wallet_zones
from shared.contracts.points import ExpiringOn, PointsExpiringSoon
from shared.outbox import News, tell

_INSTANT = timedelta(microseconds=1)


async def remind_expiring(
    session: AsyncSession, now: datetime, chunk: Chunk, lead_days: int
) -> tuple[int, int]:
    """Tell the chunk's members who were not told of the month yet. Returns (accounts, points).

    A day, and so its month, is that of the mall that gave the points; of another wallet than the
    points it is the programme's own.
    """
    night = chunk.night
    month, since, until = ending_lots_window(
        night.night_on, lead_days, night.time_zone, night.due_at
    )
    lots = await lock_ending_lots(session, night.program_id, chunk.account_ids, since, until)
    zones = {
        wallet: await load_wallet_zones(session, night.program_id, wallet)
        for wallet in {lot.wallet for lot in lots}
    }
    digests = {
        account_id: digest
        for account_id, its in groupby(lots, key=lambda lot: lot.account_id)
        if (digest := _digest(night.program_id, now, month, zones, list(its))) is not None
    }
    totals = {account_id: digest.points for account_id, digest in digests.items()}
    new = await insert_reminders(session, night.program_id, month, now, totals)
    told = [digests[account_id] for account_id in sorted(new)]
    await tell(session, [News(digest, now) for digest in told])
    return len(told), sum(digest.points for digest in told)


def _digest(
    program_id: UUID,
    now: datetime,
    month: date,
    zones: Mapping[str, ZoneOf],
    lots: Sequence[EndingLots],
) -> PointsExpiringSoon | None:
    """What ends in the month, or None when nothing does."""
    ending: dict[date, int] = {}
    for lot in lots:
        on = local_day(lot.expires_at - _INSTANT, zones[lot.wallet](lot.mall_id))
        if on.replace(day=1) == month:
            ending[on] = ending.get(on, 0) + lot.points
    if not ending:
        return None
    return PointsExpiringSoon(
        program_id=program_id,
        account_id=lots[0].account_id,
        member_id=lots[0].member_id,
        wallet=lots[0].wallet,
        month=month,
        points=sum(ending.values()),
        deadlines=tuple(ExpiringOn(on=on, points=ending[on]) for on in sorted(ending)),
        told_at=now,
    )

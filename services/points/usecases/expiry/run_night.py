"""The night of a programme, a small transaction at a time, in a fixed order.

1. activate: pending points whose time has come become good; they must be before anything ends.
2. release: holds that have run out free their points, so that they protect nothing that ended.
3. expire: lots that ended go, except for what an open hold still keeps.
4. remind: what is left and ends in the coming month is told, once a member and month.

Whoever is killed leaves whole steps behind and nothing else: the next one goes on from there.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry import ending_lots_window
from services.points.storage.expiry.night import (
    Chunk,
    Night,
    add_to_night,
    expire_lots,
    finish_chunk,
    insert_expiry_chunks,
    insert_reminder_chunks,
    lock_free_chunk,
    lock_open_night,
    set_step,
)
from services.points.usecases.expiry.activate_due import activate_due
from services.points.usecases.expiry.remind_expiring import remind_expiring
from services.points.usecases.spending.expire_holds import expire_holds


@dataclass(frozen=True, slots=True)
class NightRules:
    """`chunk_accounts`: how many accounts a transaction locks. `reminder_lead_days`: how long
    before its first day a month's digest is told; 0 tells none."""

    chunk_accounts: int = 300
    reminder_lead_days: int = 7


async def run_night(
    session: AsyncSession, now: datetime, rules: NightRules, program_id: UUID | None = None
) -> int:
    """One step of the oldest night that is not done: of one programme, or of any.

    Several processes may do this at once. Returns 0 when there is nothing to do, or when somebody
    else does it.
    """
    chunk = await lock_free_chunk(session, program_id)
    if chunk is not None:
        await _work(session, now, rules, chunk)
        return len(chunk.account_ids)
    night = await lock_open_night(session, program_id)
    if night is None:
        return 0
    await _go_on(session, now, rules, night)
    return 1


async def _work(session: AsyncSession, now: datetime, rules: NightRules, chunk: Chunk) -> None:
    if chunk.night.step == "expire":
        await expire_lots(session, now, chunk)
    else:
        accounts, points = await remind_expiring(session, now, chunk, rules.reminder_lead_days)
        await finish_chunk(session, chunk, now, accounts, points)


async def _go_on(session: AsyncSession, now: datetime, rules: NightRules, night: Night) -> None:
    match night.step:
        case "activate":
            done = await activate_due(session, now, night.program_id, rules.chunk_accounts)
            await _again_or(session, night, "activated", done, "release")
        case "release":
            done = await expire_holds(session, now, night.program_id, rules.chunk_accounts)
            if not await _again_or(session, night, "released", done, "expire"):
                await insert_expiry_chunks(session, night, rules.chunk_accounts)
        case "expire":
            await set_step(session, night, "remind")
            await _choose_whom_to_remind(session, rules, night)
        case "remind":
            await set_step(session, night, "done", finished_at=now)


async def _again_or(
    session: AsyncSession, night: Night, column: str, done: int, next_step: str
) -> bool:
    """Whether the step, which did something, must be done again; else the next one begins."""
    if done:
        await add_to_night(session, night, column, done)
        return True
    await set_step(session, night, next_step)
    return False


async def _choose_whom_to_remind(session: AsyncSession, rules: NightRules, night: Night) -> None:
    if rules.reminder_lead_days == 0:
        return
    month, since, until = ending_lots_window(
        night.night_on, rules.reminder_lead_days, night.time_zone, night.due_at
    )
    await insert_reminder_chunks(session, night, rules.chunk_accounts, month, since, until)

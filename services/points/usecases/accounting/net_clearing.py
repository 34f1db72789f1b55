"""A period is over: what malls owe each other for points is netted and written down."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.clearing import net
from services.points.domain.accounting.errors import ClearingPeriodNotOver
from services.points.domain.accounting.liability import is_settled, programme_day
from services.points.storage.accounting.clearing import (
    find_last_end,
    insert_lines,
    insert_statement,
    list_burned_of_statement,
    lock_program_clearing,
)
from services.points.storage.accounting.liability import find_program_zone


async def net_clearing(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    statement_id: UUID,
    last_day: date,
    made_by: str,
) -> bool:
    """Make the statement that ends with `last_day`. False when there is one that does.

    It holds every entry recorded until then that no statement has, also one that came late for
    the period before: none is lost and none counts twice. Raises `ClearingPeriodNotOver`,
    `ClearingPriceMissing`.
    """
    await lock_program_clearing(session, program_id)
    day = programme_day(last_day, await find_program_zone(session, program_id))
    last_end = await find_last_end(session, program_id)
    if last_end == day.ends_at:
        return False
    if not is_settled(day, now) or (last_end is not None and day.ends_at < last_end):
        raise ClearingPeriodNotOver(
            "A period can be netted a quarter of an hour after its end, and after those before it.",
            netted_until=None if last_end is None else last_end.isoformat(),
        )
    await insert_statement(session, program_id, statement_id, day.ends_at, now, made_by)
    burned = await list_burned_of_statement(session, program_id, statement_id)
    await insert_lines(session, program_id, statement_id, net(burned))
    return True

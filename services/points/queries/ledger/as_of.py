"""What the member saw at an instant that is over, or at the end of a day in the mall."""

from datetime import date, datetime, timedelta
from uuid import UUID

from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.ledger.errors import AsOfInFuture
from services.points.domain.receipts.receipts import local_day
from shared.db import Driver, Statements

_INSTANT = timedelta(microseconds=1)


async def instant_of(
    reads: Statements | Driver, program_id: UUID, as_of: date | datetime, now: datetime
) -> datetime:
    """The instant, or the last one of the day in the programme's malls; of today what was so until
    now. Raises `AsOfInFuture`."""
    if isinstance(as_of, datetime):
        if as_of > now:
            raise AsOfInFuture("This instant has not come yet.", now=now.isoformat())
        return as_of
    row = await reads.fetchrow("SELECT zone_of_shop($1, NULL) AS zone", program_id)
    today = local_day(now, row["zone"])
    if as_of > today:
        raise AsOfInFuture("This day has not come yet.", today=today.isoformat())
    return min(now, end_of_day(as_of, row["zone"]) - _INSTANT)


async def find_balance_at(
    reads: Statements | Driver, program_id: UUID, account_id: UUID, instant: datetime
) -> tuple[int, int] | None:
    """(balance, version) by what was recorded until then; (0, 0) before the first posting. None
    when there is no such account. When a purchase was made does not count: what the books said
    does."""
    row = await reads.fetchrow(
        """
        SELECT p.balance_after, p.version FROM account a
        LEFT JOIN LATERAL (
            SELECT x.balance_after, x.version FROM posting x
            WHERE x.program_id = $1 AND x.account_id = $2 AND x.recorded_at <= $3
            ORDER BY x.version DESC LIMIT 1) p ON true
        WHERE a.program_id = $1 AND a.account_id = $2 AND a.status IN ('open', 'merged')
        """,
        program_id,
        account_id,
        instant,
    )
    return None if row is None else (row["balance_after"] or 0, row["version"] or 0)

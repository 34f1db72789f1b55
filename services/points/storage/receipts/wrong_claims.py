"""Claims that did not fit their receipt: who guesses is stopped, and a hit after many is looked at
first."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.errors import TooManyWrongClaims
from shared.db import driver

# A wrong total of one receipt: some are slips; after so many a right one is looked at first.
_OF_RECEIPT_MAX = 5
# Of a member, for whatever receipts, with less than 24 hours between those of one; then nothing can
# be claimed for a while.
_OF_LATE_MAX = 20
_DAY = timedelta(days=1)


class WrongClaims(NamedTuple):
    """How often a member claimed wrongly: this receipt, and any of late."""

    of_receipt: int
    of_late: int

    def check(self) -> None:
        """Raise `TooManyWrongClaims` when the next claim must wait."""
        if self.of_late >= _OF_LATE_MAX:
            raise TooManyWrongClaims(
                "Too many claims did not fit their receipts. Try again tomorrow.",
                wrong_claims_a_day_max=_OF_LATE_MAX,
            )

    def why(self) -> list[dict[str, object]]:
        """Why somebody must look at a claim that fits at last, or nothing."""
        if self.of_receipt < _OF_RECEIPT_MAX:
            return []
        return [{"code": "guessed", "wrong_claims": self.of_receipt}]


async def find_wrong_claims(
    session: AsyncSession, program_id: UUID, member_id: UUID, receipt_id: UUID, now: datetime
) -> WrongClaims:
    """Of the member, whose account is locked."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT coalesce(sum(wrong) FILTER (WHERE receipt_id = $3), 0)::bigint AS of_receipt, "
        "coalesce(sum(wrong_of_late) FILTER (WHERE last_at > $4), 0)::bigint AS of_late "
        "FROM wrong_claim WHERE program_id = $1 AND member_id = $2",
        program_id,
        member_id,
        receipt_id,
        now - _DAY,
    )
    return WrongClaims(row["of_receipt"], row["of_late"])


async def count_wrong_claim(
    session: AsyncSession, program_id: UUID, member_id: UUID, receipt_id: UUID, now: datetime
) -> None:
    """One more. The member's account is locked."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO wrong_claim AS w "
        "(program_id, member_id, receipt_id, wrong, wrong_of_late, last_at) "
        "VALUES ($1, $2, $3, 1, 1, $4) ON CONFLICT (program_id, member_id, receipt_id) "
        "DO UPDATE SET wrong = w.wrong + 1, last_at = excluded.last_at, wrong_of_late = "
        "CASE WHEN w.last_at > $5 THEN w.wrong_of_late + 1 ELSE 1 END",
        program_id,
        member_id,
        receipt_id,
        now,
        now - _DAY,
    )

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
# Of a member within 24 hours, for whatever receipts; then nothing can be claimed for a while.
_A_DAY_MAX = 20


class WrongClaims(NamedTuple):
    """How often a member claimed wrongly: this receipt, and any within 24 hours."""

    of_receipt: int
    of_day: int

    def check(self) -> None:
        """Raise `TooManyWrongClaims` when the next claim must wait."""
        if self.of_day >= _A_DAY_MAX:
            raise TooManyWrongClaims(
                "Too many claims did not fit their receipts. Try again tomorrow.",
                wrong_claims_a_day_max=_A_DAY_MAX,
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
        "coalesce(sum(wrong) FILTER (WHERE last_at > $4), 0)::bigint AS of_day "
        "FROM wrong_claim WHERE program_id = $1 AND member_id = $2",
        program_id,
        member_id,
        receipt_id,
        now - timedelta(days=1),
    )
    return WrongClaims(row["of_receipt"], row["of_day"])


async def count_wrong_claim(
    session: AsyncSession, program_id: UUID, member_id: UUID, receipt_id: UUID, now: datetime
) -> None:
    """One more. The member's account is locked."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO wrong_claim AS w (program_id, member_id, receipt_id, wrong, last_at) "
        "VALUES ($1, $2, $3, 1, $4) ON CONFLICT (program_id, member_id, receipt_id) "
        "DO UPDATE SET wrong = w.wrong + 1, last_at = excluded.last_at",
        program_id,
        member_id,
        receipt_id,
        now,
    )

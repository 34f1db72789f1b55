"""Orders to judge stored receipts again, worked by a job in batches."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver
from shared.ids import new_id

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Rescore:
    """Receipts bought from the cursor on, before `until_at`, of one shop or of all."""

    program_id: UUID
    rescore_id: UUID
    cause: str
    shop_id: UUID | None
    until_at: datetime | None
    cursor_at: datetime
    cursor_id: UUID


async def insert_rescore(
    session: AsyncSession,
    program_id: UUID,
    cause: str,
    from_at: datetime,
    until_at: datetime | None = None,
    shop_id: UUID | None = None,
) -> None:
    """Order that what is stored of this interval is judged again; none is made for nothing.

    Call it under the programme's named row (`renew_handbook`): what is stored later is judged by
    the new rules anyway. So the order ends with the last purchase stored by now, and does not run
    after the receipts of an open till for ever.
    """
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO rescore (program_id, rescore_id, cause, shop_id, until_at, cursor_at, cursor_id)
        SELECT $1, $2, $3, $4, purchased_at + interval '1 microsecond', $5, $6 FROM receipt
        WHERE program_id = $1 AND purchased_at >= $5
          AND ($7::timestamptz IS NULL OR purchased_at < $7)
        ORDER BY purchased_at DESC LIMIT 1
        """,
        program_id,
        new_id(),
        cause,
        shop_id,
        from_at,
        _NO_ID,
        until_at,
    )


async def take_rescore(session: AsyncSession) -> Rescore | None:
    """The oldest open order that nobody works on, locked. Looks across programmes, as jobs do."""
    connection = await driver(session)
    row = await connection.fetchrow(
        """
        SELECT program_id, rescore_id, cause, shop_id, until_at, cursor_at, cursor_id
        FROM rescore WHERE done_at IS NULL ORDER BY rescore_id LIMIT 1 FOR UPDATE SKIP LOCKED
        """
    )
    return None if row is None else Rescore(**dict(row))


async def list_next_receipts(
    session: AsyncSession, rescore: Rescore, limit: int
) -> list[tuple[datetime, UUID]]:
    """Instant and id of the next receipts in order of purchase."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT purchased_at, receipt_id FROM receipt
        WHERE program_id = $1 AND (purchased_at, receipt_id) > ($2, $3)
          AND ($4::timestamptz IS NULL OR purchased_at < $4)
          AND ($5::uuid IS NULL OR shop_id = $5)
        ORDER BY purchased_at, receipt_id LIMIT $6
        """,
        rescore.program_id,
        rescore.cursor_at,
        rescore.cursor_id,
        rescore.until_at,
        rescore.shop_id,
        limit,
    )
    return [(row["purchased_at"], row["receipt_id"]) for row in rows]


async def move_rescore(
    session: AsyncSession, now: datetime, rescore: Rescore, done: list[tuple[datetime, UUID]]
) -> None:
    """Put the cursor behind what was done; an order without further receipts is finished."""
    connection = await driver(session)
    if not done:
        await connection.execute(
            "UPDATE rescore SET done_at = $3 WHERE program_id = $1 AND rescore_id = $2",
            rescore.program_id,
            rescore.rescore_id,
            now,
        )
        return
    await connection.execute(
        "UPDATE rescore SET cursor_at = $3, cursor_id = $4, receipts_done = receipts_done + $5 "
        "WHERE program_id = $1 AND rescore_id = $2",
        rescore.program_id,
        rescore.rescore_id,
        *done[-1],
        len(done),
    )

"""Where a receipt and what points paid of it differ: settled once, by one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def settle_mismatch(
    session: AsyncSession,
    program_id: UUID,
    transaction_id: UUID,
    *,
    note: str,
    settled_by: str,
    now: datetime,
) -> bool:
    """Settle it unless it is settled; returns whether it was open. Of two at once the first one
    stands: the other waits for its row."""
    connection = await driver(session)
    found = await connection.fetchval(
        "UPDATE payment_mismatch SET settled_by = $3, settled_at = $4, note = $5 "
        "WHERE program_id = $1 AND transaction_id = $2 AND settled_at IS NULL RETURNING 1",
        program_id,
        transaction_id,
        settled_by,
        now,
        note,
    )
    return found is not None

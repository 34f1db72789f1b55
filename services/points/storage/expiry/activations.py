"""Pending lots and the events that they wait for."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_awaited_events(
    session: AsyncSession, program_id: UUID, account_id: UUID
) -> dict[int, str]:
    """What the account's pending lots wait for, by the lot's version: those that wait for an event.

    The reason that first made the points says it, on whatever account that was.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT l.version, coalesce(first.reason, p.reason) ->> 'awaits' AS event
        FROM lot l JOIN posting p USING (program_id, account_id, version)
        LEFT JOIN posting first ON first.program_id = l.program_id
             AND first.source_kind IN ('sale', 'rerate', 'activity')
             AND first.source_id = l.origin_id
        WHERE l.program_id = $1 AND l.account_id = $2 AND l.state = 'pending' AND l.remaining > 0
          AND l.activates_at IS NULL AND coalesce(first.reason, p.reason) ->> 'awaits' IS NOT NULL
        """,
        program_id,
        account_id,
    )
    return {row["version"]: row["event"] for row in rows}

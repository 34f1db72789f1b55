"""What waits beside what it waits for: looked up across programmes, for the sweep."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def list_members_waited_for(
    session: AsyncSession, limit: int
) -> dict[UUID, list[tuple[str, UUID]]]:
    """Open accounts for which receipts wait: (member number, member id) by programme."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT DISTINCT t.program_id, a.member_id, coalesce(n.member_number, '') AS number
        FROM pos_transaction t
        LEFT JOIN member_number n
          ON n.program_id = t.program_id AND n.member_number = t.awaited_number
        JOIN account a ON a.program_id = t.program_id
         AND a.account_id = coalesce(t.member_id, n.member_id) AND a.status = 'open'
        WHERE t.status = 'waiting_member' AND t.kind = 'sale'
        ORDER BY t.program_id, a.member_id LIMIT $1
        """,
        limit,
    )
    found: dict[UUID, list[tuple[str, UUID]]] = {}
    for row in rows:
        found.setdefault(row["program_id"], []).append((row["number"], row["member_id"]))
    return found


async def list_sales_waited_for(
    session: AsyncSession, limit: int
) -> dict[UUID, dict[UUID, UUID | None]]:
    """Stored sales whose refunds still wait: sale to its member, by programme."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT DISTINCT s.program_id, s.transaction_id, s.member_id
        FROM pos_transaction r
        JOIN pos_transaction s
          ON s.program_id = r.program_id AND s.transaction_id = r.receipt_id
        WHERE r.status = 'waiting_sale' AND s.status <> 'awaited'
        ORDER BY s.program_id, s.transaction_id LIMIT $1
        """,
        limit,
    )
    found: dict[UUID, dict[UUID, UUID | None]] = {}
    for row in rows:
        found.setdefault(row["program_id"], {})[row["transaction_id"]] = row["member_id"]
    return found

"""Pages of a programme's clients."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.clients import Client
from services.membership.storage.access.clients import COLUMNS, client_of
from shared.db import driver


async def list_clients(
    session: AsyncSession, program_id: UUID, after: str, limit: int
) -> list[Client]:
    """Up to `limit` clients with an id greater than `after`."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM client WHERE program_id = $1 AND client_id > $2 "
        "ORDER BY client_id LIMIT $3",
        program_id,
        after,
        limit,
    )
    return [client_of(row) for row in rows]

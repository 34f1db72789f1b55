"""Reading gifts and their shelves."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import GiftUnknown
from shared.db import driver


async def get_gift(session: AsyncSession, program_id: UUID, sku: str) -> dict[str, Any]:
    """The gift with its shelves. Raises `GiftUnknown`."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT sku, name_zh, name_en FROM gift WHERE program_id = $1 AND sku = $2",
        program_id,
        sku,
    )
    if row is None:
        raise GiftUnknown("No gift has this number.")
    shelves = await connection.fetch(
        "SELECT mall_id, initial, remaining FROM gift_stock "
        "WHERE program_id = $1 AND sku = $2 ORDER BY stock_id",
        program_id,
        sku,
    )
    return {**dict(row), "stock": [dict(shelf) for shelf in shelves]}

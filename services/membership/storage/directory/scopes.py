"""Which malls and shops exist, for those who hand out scopes."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


async def find_mall_ids(
    session: AsyncSession, program_id: UUID, mall_ids: Collection[UUID]
) -> set[UUID]:
    """Those of the malls that exist."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT mall_id FROM mall WHERE program_id = $1 AND mall_id = ANY ($2::uuid[])",
        program_id,
        list(mall_ids),
    )
    return {row["mall_id"] for row in rows}


async def find_shop_malls(
    session: AsyncSession, program_id: UUID, shop_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """The malls of those of the shops that exist."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT shop_id, mall_id FROM shop WHERE program_id = $1 AND shop_id = ANY ($2::uuid[])",
        program_id,
        list(shop_ids),
    )
    return {row["shop_id"]: row["mall_id"] for row in rows}


async def find_malls_by_code(
    session: AsyncSession, program_id: UUID, codes: Collection[str]
) -> dict[str, UUID]:
    """The ids of those of the malls that exist."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT code, mall_id FROM mall WHERE program_id = $1 AND code = ANY ($2::text[])",
        program_id,
        list(codes),
    )
    return {row["code"]: row["mall_id"] for row in rows}

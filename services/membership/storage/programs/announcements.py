"""Everything of a programme, to be told again. Members are held while they are read."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Label, Mall, Shop, Till
from services.membership.domain.directory.directory_plan import Directory
from services.membership.storage.directory.directory import LABEL, MALL, SHOP, TILL
from shared.db import driver


async def list_program_ids(session: AsyncSession) -> list[UUID]:
    """All programmes, oldest first."""
    connection = await driver(session)
    rows = await connection.fetch("SELECT program_id FROM program ORDER BY created_at, program_id")
    return [row["program_id"] for row in rows]


async def list_whole_directory(session: AsyncSession, program_id: UUID) -> Directory:
    """Everything in the programme's directory."""
    connection = await driver(session)

    async def rows(columns: str, table: str) -> list[Any]:
        return await connection.fetch(
            f"SELECT {columns} FROM {table} WHERE program_id = $1 ORDER BY {columns}", program_id
        )

    return Directory(
        malls={row["code"]: Mall(**row) for row in await rows(MALL, "mall")},
        brands={row["code"]: Label(**row) for row in await rows(LABEL, "brand")},
        categories={row["code"]: Label(**row) for row in await rows(LABEL, "category")},
        shops={row["code"]: Shop(**row) for row in await rows(SHOP, "shop")},
        tills={(r["shop_id"], r["till_id"]): Till(**r) for r in await rows(TILL, "till")},
    )


async def list_member_page(
    session: AsyncSession, program_id: UUID, after: UUID, limit: int
) -> list[Any]:
    """The next members with their tiers, in order of id; held, so that no move overtakes."""
    connection = await driver(session)
    return await connection.fetch(
        "SELECT m.member_id, m.member_number, m.enrolled_at, m.channel, m.locale, "
        "m.home_mall_id, t.version, t.tier, t.since, t.timeline "
        "FROM member_tier t JOIN member m USING (program_id, member_id) "
        "WHERE t.program_id = $1 AND t.member_id > $2 "
        "ORDER BY t.member_id LIMIT $3 FOR NO KEY UPDATE OF t",
        program_id,
        after,
        limit,
    )

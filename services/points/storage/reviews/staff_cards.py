"""The member cards of those who work at tills."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


@dataclass(frozen=True, slots=True)
class StaffCard:
    """Whose card the cashier of a shop has."""

    shop_id: UUID
    cashier_id: str
    member_id: UUID


async def list_cards(session: AsyncSession, program_id: UUID, shop_id: UUID) -> list[StaffCard]:
    """The cards of the shop's staff."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT shop_id, cashier_id, member_id FROM staff_card "
        "WHERE program_id = $1 AND shop_id = $2 ORDER BY cashier_id",
        program_id,
        shop_id,
    )
    return [StaffCard(**dict(row)) for row in rows]


async def upsert_card(
    session: AsyncSession, program_id: UUID, card: StaffCard, made_by: str, now: datetime
) -> None:
    """The cashier's card is this one now."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO staff_card (program_id, shop_id, cashier_id, member_id, recorded_by,
                                recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (program_id, shop_id, cashier_id) DO UPDATE
        SET member_id = excluded.member_id, recorded_by = excluded.recorded_by,
            recorded_at = excluded.recorded_at
        """,
        program_id,
        card.shop_id,
        card.cashier_id,
        card.member_id,
        made_by,
        now,
    )


async def delete_card(
    session: AsyncSession, program_id: UUID, shop_id: UUID, cashier_id: str
) -> bool:
    """The cashier has no card any more. Returns whether there was one."""
    connection = await driver(session)
    rows = await connection.fetch(
        "DELETE FROM staff_card WHERE program_id = $1 AND shop_id = $2 AND cashier_id = $3 "
        "RETURNING 1",
        program_id,
        shop_id,
        cashier_id,
    )
    return bool(rows)

"""The member cards of those who work at tills."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


@dataclass(frozen=True, slots=True)
class StaffCard:
    """Whose card the cashier of a shop has."""

    shop_id: UUID
    cashier_id: str
    member_id: UUID


class CardChange(NamedTuple):
    """Who says so, and when."""

    change_id: UUID
    recorded_by: str
    recorded_at: datetime


class CardChanged(NamedTuple):
    """Whose card a cashier had since then; None for nobody's."""

    change_id: UUID
    member_id: UUID | None
    recorded_by: str
    recorded_at: datetime


async def list_cards(
    session: AsyncSession, program_id: UUID, shop_id: UUID, after: str | None, limit: int
) -> list[StaffCard]:
    """The cards of the shop's staff by cashier, after this one."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT shop_id, cashier_id, member_id FROM staff_card "
        "WHERE program_id = $1 AND shop_id = $2 AND cashier_id > $3 ORDER BY cashier_id LIMIT $4",
        program_id,
        shop_id,
        after or "",
        limit,
    )
    return [StaffCard(**dict(row)) for row in rows]


async def upsert_card(
    session: AsyncSession, program_id: UUID, card: StaffCard, change: CardChange
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
        change.recorded_by,
        change.recorded_at,
    )
    await _insert_change(session, program_id, card.shop_id, card.cashier_id, card.member_id, change)


async def delete_card(
    session: AsyncSession, program_id: UUID, shop_id: UUID, cashier_id: str, change: CardChange
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
    if rows:
        await _insert_change(session, program_id, shop_id, cashier_id, None, change)
    return bool(rows)


async def _insert_change(
    session: AsyncSession,
    program_id: UUID,
    shop_id: UUID,
    cashier_id: str,
    member_id: UUID | None,
    change: CardChange,
) -> None:
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO staff_card_change (program_id, change_id, shop_id, cashier_id, member_id, "
        "recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        program_id,
        change.change_id,
        shop_id,
        cashier_id,
        member_id,
        change.recorded_by,
        change.recorded_at,
    )


async def list_card_changes(
    session: AsyncSession,
    program_id: UUID,
    shop_id: UUID,
    cashier_id: str,
    before: UUID | None,
    limit: int,
) -> list[CardChanged]:
    """Whose card the cashier had, the newest first, older than the change `before`."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT c.change_id, c.member_id, c.recorded_by, c.recorded_at FROM staff_card_change c
        WHERE c.program_id = $1 AND c.shop_id = $2 AND c.cashier_id = $3
          AND ($4::uuid IS NULL OR (c.recorded_at, c.change_id) < (
              SELECT x.recorded_at, x.change_id FROM staff_card_change x
              WHERE x.program_id = $1 AND x.change_id = $4))
        ORDER BY c.recorded_at DESC, c.change_id DESC LIMIT $5
        """,
        program_id,
        shop_id,
        cashier_id,
        before,
        limit,
    )
    return [CardChanged(*row) for row in rows]

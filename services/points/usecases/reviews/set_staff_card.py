"""Whose member card a cashier of a shop has."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_open
from services.points.domain.receipts.errors import ShopUnknown
from services.points.storage.receipts.directory import load_directory
from services.points.storage.receipts.pos_transactions import lock_accounts
from services.points.storage.reviews.staff_cards import (
    CardChange,
    StaffCard,
    upsert_card,
)
from shared.ids import new_id


async def set_staff_card(
    session: AsyncSession, now: datetime, program_id: UUID, card: StaffCard, made_by: str
) -> None:
    """Keep it, in place of the one before. Raises `ShopUnknown`, `MemberUnknown`,
    `AccountMerged`."""
    directory = await load_directory(session, program_id, [card.shop_id])
    if card.shop_id not in directory.shops:
        raise ShopUnknown("No such shop in this programme.")
    accounts = await lock_accounts(session, program_id, {card.member_id})
    check_open(accounts[card.member_id])
    await upsert_card(session, program_id, card, CardChange(new_id(), made_by, now))

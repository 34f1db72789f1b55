"""A cashier of a shop has no member card any more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.reviews.errors import StaffCardUnknown
from services.points.storage.reviews.staff_cards import CardChange, delete_card
from shared.ids import new_id


async def remove_staff_card(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    shop_id: UUID,
    cashier_id: str,
    made_by: str,
) -> None:
    """Forget it; that it was there, who said so and when is kept. Raises `StaffCardUnknown`."""
    change = CardChange(new_id(), made_by, now)
    if not await delete_card(session, program_id, shop_id, cashier_id, change):
        raise StaffCardUnknown("No card is known of this cashier.")

"""Staff state what a point, or a unit of another wallet, is worth between malls from when on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import ClearingPriceInPast
from services.points.storage.accounting.clearing import (
    Price,
    find_last_end,
    insert_price,
    lock_program_clearing,
)
from services.points.storage.wallets.wallets import get_wallet


async def set_clearing_price(
    session: AsyncSession, now: datetime, program_id: UUID, price: Price, recorded_by: str
) -> None:
    """Add the price. It may begin in the past, but not in what was netted, and no price is ever
    replaced. Raises `WalletUnknown`, `ClearingPriceInPast`."""
    await get_wallet(session, program_id, price.wallet)
    await lock_program_clearing(session, program_id)
    last_end = await find_last_end(session, program_id)
    if last_end is not None and price.effective_from < last_end:
        raise ClearingPriceInPast(
            "Everything before the last statement's end is netted.",
            netted_until=last_end.isoformat(),
        )
    if not await insert_price(session, program_id, now, price, recorded_by):
        raise ClearingPriceInPast(
            f"There is a price for {price.wallet} from this instant on already."
        )

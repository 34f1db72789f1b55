"""Membership's directory changed: keep our copy of shops and tills."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.receipts.directory import upsert_shops, upsert_tills
from shared.consumer import Delivery
from shared.contracts.membership import ShopChanged, TillChanged


async def apply_directory(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Take newer revisions; older ones, replayed or late, change nothing."""
    del now
    shops = [d.event for d in deliveries if isinstance(d.event, ShopChanged)]
    tills = [d.event for d in deliveries if isinstance(d.event, TillChanged)]
    if shops:
        await upsert_shops(session, program_id, shops)
    if tills:
        await upsert_tills(session, program_id, tills)

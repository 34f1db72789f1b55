"""What membership hears: receipts that are some member's."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.purchases import Purchase
from services.membership.usecases.tiers.apply_purchases import apply_purchases
from shared.consumer import Delivery, Handlers
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded
from shared.ids import quick_uuid


async def _on_receipts(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Both events are one handler's, so that a batch of them stays one batch."""
    purchases = [p for p in map(_purchase, deliveries) if p is not None]
    if purchases:
        program_id = deliveries[0].event.program_id
        await apply_purchases(session, now, program_id, purchases)


def _purchase(delivery: Delivery) -> Purchase | None:
    """Nobody's receipts are of no interest; they are told again if they become somebody's."""
    event = cast(PosTransactionRecorded | PosTransactionAttributed, delivery.event)
    if event.member_id is None:
        return None
    return Purchase(
        quick_uuid(event.member_id),
        quick_uuid(event.transaction_id),
        event.kind,
        event.purchased_at,
        event.total_minor,
        event.currency,
        delivery.correlation_id,
        delivery.traceparent,
    )


HANDLERS: Handlers = {
    PosTransactionRecorded: _on_receipts,
    PosTransactionAttributed: _on_receipts,
}

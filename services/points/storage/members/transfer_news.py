"""What became of transfers, told so that both members can hear of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.members.transfers import (
    ACCEPTED,
    CANCELLED,
    DECLINED,
    EXPIRED,
    OFFERED,
    Transfer,
)
from shared.contracts.event import Event
from shared.contracts.points import (
    TransferAccepted,
    TransferCancelled,
    TransferDeclined,
    TransferExpired,
    TransferOffered,
)
from shared.outbox import News, tell

_CLOSED: dict[str, type[Event]] = {
    ACCEPTED: TransferAccepted,
    DECLINED: TransferDeclined,
    EXPIRED: TransferExpired,
}


async def tell_transfers(
    session: AsyncSession, program_id: UUID, transfers: Sequence[Transfer], now: datetime
) -> None:
    """Tell what each is now: last in the transaction that made it so, under the giver's lock."""
    await tell(session, [News(_event(program_id, transfer), now) for transfer in transfers])


def _event(program_id: UUID, transfer: Transfer) -> Event:
    same: dict[str, Any] = {
        "program_id": program_id,
        "transfer_id": transfer.transfer_id,
        "from_member_id": transfer.from_member_id,
        "to_member_id": transfer.to_member_id,
        "points": transfer.points,
    }
    if transfer.status == OFFERED:
        return TransferOffered(
            **same,
            offered_at=transfer.offered_at,
            accept_until=transfer.accept_until,
        )
    if transfer.status == CANCELLED:
        by_staff = transfer.closed_by != f"member {transfer.from_member_id}"
        return TransferCancelled(**same, by_staff=by_staff, closed_at=transfer.closed_at)
    return _CLOSED[transfer.status](**same, closed_at=transfer.closed_at)

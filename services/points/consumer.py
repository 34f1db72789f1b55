"""Events to use cases."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.usecases.expiry.extend_lots import extend_lots
from services.points.usecases.ledger.credit_rewards import credit_rewards
from services.points.usecases.ledger.open_accounts import open_accounts
from services.points.usecases.receipts.apply_directory import apply_directory
from services.points.usecases.receipts.apply_tier_changes import apply_tier_changes
from services.points.usecases.spending.work_order_points import work_order_points
from shared.consumer import Delivery, Handler, hear_revocations
from shared.contracts.campaigns import (
    ExpiryChangeGranted,
    OrderPointsCancelRequested,
    OrderPointsCaptureRequested,
    OrderPointsHoldRequested,
    RewardGranted,
    RewardRevoked,
)
from shared.contracts.event import Event
from shared.contracts.membership import (
    MemberEnrolled,
    MemberTierChanged,
    ShopChanged,
    TillChanged,
    TokensRevoked,
)

UseCase = Callable[[AsyncSession, datetime, UUID, Sequence[Delivery]], Awaitable[None]]


def _handler(use_case: UseCase) -> Handler:
    """The frame hands over one programme's events at a time; the use case wants it by name."""

    async def handle(session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]) -> None:
        await use_case(session, now, deliveries[0].event.program_id, deliveries)

    return handle


_directory = _handler(apply_directory)
_rewards = _handler(credit_rewards)
_orders = _handler(work_order_points)

HANDLERS: dict[type[Event], Handler] = {
    ShopChanged: _directory,
    TillChanged: _directory,
    MemberEnrolled: _handler(open_accounts),
    MemberTierChanged: _handler(apply_tier_changes),
    RewardGranted: _rewards,
    RewardRevoked: _rewards,
    ExpiryChangeGranted: _handler(extend_lots),
    OrderPointsHoldRequested: _orders,
    OrderPointsCaptureRequested: _orders,
    OrderPointsCancelRequested: _orders,
    TokensRevoked: hear_revocations,
}

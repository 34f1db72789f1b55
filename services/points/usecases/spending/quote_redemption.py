"""What could points pay of a receipt? By the code that lets them pay; nothing is kept."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.ledger import Books
from services.points.domain.receipts.receipts import Bounds
from services.points.domain.spending import holding, tariffs
from services.points.domain.spending.tariffs import Tariff
from services.points.storage.spending.till_payments import (
    RedemptionRequest,
    find_account,
    look_at_payment,
    read_terms,
)


class Offer(NamedTuple):
    """What a member may pay now, under which rules."""

    member_id: UUID
    available: int
    points_max: int
    amount_minor_max: int
    tariff: Tariff
    policy_version: int


async def quote_redemption(
    session: AsyncSession, now: datetime, bounds: Bounds, request: RedemptionRequest
) -> Offer:
    """The most that may pay. Raises why points do not pay this receipt here."""
    look, shop = await look_at_payment(session, now, request, is_locking=False)
    account = find_account(look, request)
    paying = (look, account, shop)
    terms = await read_terms(session, now, bounds, request.till.program_id, paying, request.bill)
    tariff = terms.tariff
    holding.expire_due(Books(), account, look.holds.values(), now)
    available = account.available(now)
    points = tariffs.most_points(tariff, terms.payment, available)
    amount_minor = points // tariff.step_points * tariff.step_minor
    return Offer(account.account_id, available, points, amount_minor, tariff, terms.policy.version)

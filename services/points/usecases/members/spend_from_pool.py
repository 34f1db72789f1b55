"""A member spends points of their household's pool, within a cap each month of the mall."""

from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger import ledger
from services.points.domain.ledger.ledger import Cause
from services.points.domain.members.pools import check_month
from services.points.domain.receipts.caps import NewUsage
from services.points.domain.receipts.errors import ShopUnknown
from services.points.domain.receipts.receipts import local_day
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.pool_news import tell_spent
from services.points.storage.members.pools import (
    find_place,
    find_spent,
    insert_spending,
    lock_joined,
)
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.request_keys import find_answer, hash_request, keep_answer


@dataclass(frozen=True, slots=True)
class Spending:
    """Who spends how much of which pool, where and for what; once for their key."""

    pool_id: UUID
    member_id: UUID
    points: int
    shop_id: UUID
    reference: str
    idempotency_key: str


async def spend_from_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    redemption_id: UUID,
    asked: Spending,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Spend points of the pool in a shop, whoever put them in. Returns the answer, and whether it
    is new. The month is the one of the shop's mall.

    Raises `PoolUnknown`, `PoolClosed`, `ShopUnknown`, `PoolCapReached`, `AccountFrozen`,
    `InsufficientPoints`.
    """
    household = await lock_joined(session, program_id, asked.pool_id, asked.member_id)
    operation, key = f"pool spending of {asked.member_id}", asked.idempotency_key
    hash_ = hash_request(asked.pool_id, asked.points, asked.reference, asked.shop_id)
    answer = await find_answer(session, program_id, operation, key, hash_)
    if answer is not None:
        return answer, False
    mall_id, time_zone = await _place_of(session, program_id, asked.shop_id)
    period = local_day(now, time_zone).strftime("%Y-%m")
    usage = NewUsage(asked.pool_id, f"pool:{asked.member_id}", period, asked.points, 1, now)
    spent = await find_spent(session, program_id, asked.pool_id, usage.cap, usage.period)
    left = check_month(household, asked.member_id, asked.points, spent)
    pool = household.account
    await load_lots(session, program_id, {pool.account_id: pool})
    write = Write()
    write.books.usages, write.books.origin = [usage], origin
    posting = write.books.spend(pool, asked.points, _cause(asked, redemption_id, mall_id), now)
    answer = {
        "redemption_id": str(redemption_id),
        "points": asked.points,
        "pool_balance": pool.balance,
        "month_left": left,
    }
    await keep_answer(session, program_id, operation, key, hash_, answer, now)
    await write_books(session, program_id, now, write)
    await insert_spending(session, program_id, posting, asked.reference, now)
    spent_now = {
        "member_id": asked.member_id,
        "points": asked.points,
        "redemption_id": redemption_id,
        "shop_id": asked.shop_id,
        "mall_id": mall_id,
        "reference": asked.reference,
    }
    await tell_spent(session, program_id, household, spent_now, now)
    return answer, True


async def _place_of(session: AsyncSession, program_id: UUID, shop_id: UUID) -> tuple[UUID, str]:
    place = await find_place(session, program_id, shop_id)
    if place is None:
        raise ShopUnknown("No such shop in this programme.")
    return place


def _cause(asked: Spending, redemption_id: UUID, mall_id: UUID) -> Cause:
    reason = {
        "rule": "pool_spending",
        "pool_id": str(asked.pool_id),
        "member_id": str(asked.member_id),
        "reference": asked.reference,
    }
    return Cause(
        "redeem",
        ledger.REDEMPTION,
        "pool_spending",
        redemption_id,
        dumps(reason),
        mall_id=mall_id,
        shop_id=asked.shop_id,
    )

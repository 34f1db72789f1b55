"""Members put points into their household's pool, and spend from it within a cap each month."""

from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors, ledger
from services.points.domain.caps import NewUsage
from services.points.domain.ledger import Cause
from services.points.domain.moves import Move, move_lots, pick_spendable
from services.points.domain.receipts import local_day
from services.points.storage.books import Write, write_books
from services.points.storage.pools import (
    JOINED,
    find_place,
    find_spent,
    insert_contributions,
    insert_spending,
)
from services.points.storage.pos_transactions import load_lots
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.usecases.offer_transfer import check_giver
from services.points.usecases.pool_members import Household, lock_household


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """What a member does with a pool, once for their key."""

    pool_id: UUID
    member_id: UUID
    points: int
    idempotency_key: str
    reference: str = ""
    shop_id: UUID | None = None


async def contribute(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    move_id: UUID,
    asked: PoolRequest,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Move points of the member into the pool: lots keep their expiry. Returns the answer, and
    whether it is new. Raises `PoolUnknown`, `PoolClosed`, `AccountFrozen`, `InsufficientPoints`."""
    household = await _lock_joined(session, program_id, asked)
    operation, hash_ = (
        f"contribution of {asked.member_id}",
        hash_request(asked.pool_id, asked.points),
    )
    answer = await find_answer(session, program_id, operation, asked.idempotency_key, hash_)
    if answer is not None:
        return answer, False
    giver, pool = household.accounts[asked.member_id], household.account
    await load_lots(session, program_id, {giver.account_id: giver})
    parts = pick_spendable(giver, asked.points, now)
    write = Write()
    write.books.origin = origin
    facts = {"pool_id": str(asked.pool_id), "member_id": str(asked.member_id)}
    move = Move("pool_contribution", move_id, facts)
    made = move_lots(write.books, giver, pool, parts, move)
    answer = {"points": asked.points, "pool_balance": pool.balance, "month_left": None}
    await keep_answer(session, program_id, operation, asked.idempotency_key, hash_, answer, now)
    await write_books(session, program_id, now, write)
    versions = [posting.version for posting in made]
    await insert_contributions(session, program_id, asked.pool_id, asked.member_id, versions)
    return answer, True


async def spend_from_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    redemption_id: UUID,
    asked: PoolRequest,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Spend points of the pool in a shop, whoever put them in. Returns the answer, and whether it
    is new. The month is the one of the shop's mall.

    Raises `PoolUnknown`, `PoolClosed`, `ShopUnknown`, `PoolCapReached`, `AccountFrozen`,
    `InsufficientPoints`.
    """
    assert asked.shop_id is not None
    household = await _lock_joined(session, program_id, asked)
    operation = f"pool spending of {asked.member_id}"
    hash_ = hash_request(asked.pool_id, asked.points, asked.reference, asked.shop_id)
    answer = await find_answer(session, program_id, operation, asked.idempotency_key, hash_)
    if answer is not None:
        return answer, False
    place = await find_place(session, program_id, asked.shop_id)
    if place is None:
        raise errors.ShopUnknown("No such shop in this programme.")
    mall_id, time_zone = place
    period = local_day(now, time_zone).strftime("%Y-%m")
    usage = NewUsage(asked.pool_id, f"pool:{asked.member_id}", period, asked.points, 1, now)
    left = await _check_cap(session, program_id, household, asked, usage)
    pool = household.account
    await load_lots(session, program_id, {pool.account_id: pool})
    write = Write()
    write.books.usages.append(usage)
    write.books.origin = origin
    cause = Cause(
        "redeem",
        ledger.REDEMPTION,
        "pool_spending",
        redemption_id,
        _reason(asked),
        None,
        mall_id,
        asked.shop_id,
    )
    posting = write.books.spend(pool, asked.points, cause, now)
    answer = {"points": asked.points, "pool_balance": pool.balance, "month_left": left}
    await keep_answer(session, program_id, operation, asked.idempotency_key, hash_, answer, now)
    await write_books(session, program_id, now, write)
    await insert_spending(session, program_id, posting, asked.reference, now)
    return answer, True


async def _lock_joined(session: AsyncSession, program_id: UUID, asked: PoolRequest) -> Household:
    household = await lock_household(session, program_id, asked.pool_id, asked.member_id)
    if household.members[asked.member_id].status != JOINED:
        raise errors.PoolUnknown("The member has not joined this pool.")
    check_giver(household.accounts[asked.member_id])
    return household


async def _check_cap(
    session: AsyncSession,
    program_id: UUID,
    household: Household,
    asked: PoolRequest,
    usage: NewUsage,
) -> int | None:
    """What is left of the month's cap afterwards; None without a cap."""
    most = household.members[asked.member_id].month_points_max or household.pool.month_points_max
    if most is None:
        return None
    spent = await find_spent(session, program_id, asked.pool_id, usage.cap, usage.period)
    left = max(0, most - spent)
    if asked.points > left:
        raise errors.PoolCapReached(
            f"{left} points can be spent this month.", month_points_max=most, left=left
        )
    return left - asked.points


def _reason(asked: PoolRequest) -> str:
    return dumps(
        {
            "rule": "pool_spending",
            "pool_id": str(asked.pool_id),
            "member_id": str(asked.member_id),
            "reference": asked.reference,
        }
    )

"""A member puts points into their household's pool."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.moves import Move, move_lots, pick_spendable
from services.points.domain.receipts.receipt_books import derived_id
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.members.pool_news import tell_contributed
from services.points.storage.members.pools import insert_contributions, lock_joined
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.request_keys import find_answer, hash_request, keep_answer


async def contribute_to_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    member_id: UUID,
    points: int,
    idempotency_key: str,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Move the points that end first, each lot as it is. Returns the answer, and whether it is new.

    Raises `PoolUnknown`, `PoolClosed`, `AccountFrozen`, `InsufficientPoints`,
    `IdempotencyKeyReused`.
    """
    household = await lock_joined(session, program_id, pool_id, member_id)
    operation = f"contribution of {member_id}"
    hash_ = hash_request(pool_id, points)
    answer = await find_answer(session, program_id, operation, idempotency_key, hash_)
    if answer is not None:
        return answer, False
    giver, pool = household.accounts[member_id], household.account
    await load_lots(session, program_id, {giver.account_id: giver})
    parts = pick_spendable(giver, points, now)
    write = Write()
    write.books.origin = origin
    facts = {"pool_id": str(pool_id), "member_id": str(member_id)}
    # The giver's next version makes it the only one of its kind.
    move_id = derived_id(pool_id, "contribution", member_id, giver.version)
    made = move_lots(write.books, giver, pool, parts, Move("pool_contribution", move_id, facts))
    answer = {
        "redemption_id": None,
        "points": points,
        "pool_balance": pool.balance,
        "month_left": None,
    }
    await keep_answer(session, program_id, operation, idempotency_key, hash_, answer, now)
    await write_books(session, program_id, now, write)
    versions = [posting.version for posting in made]
    await insert_contributions(session, program_id, pool_id, member_id, versions)
    await tell_contributed(session, program_id, household, member_id, points, now)
    return answer, True

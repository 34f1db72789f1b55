"""A member opens a household pool, and is its owner and first member."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_giver
from services.points.domain.members.pools import Pool
from services.points.storage.members.pools import check_in_no_pool, insert_pool
from services.points.storage.receipts.pos_transactions import lock_accounts
from services.points.storage.request_keys import find_answer, hash_request, keep_answer


async def open_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    made: Pool,
    idempotency_key: str,
) -> tuple[UUID, bool]:
    """Open a pool with its owner in it, once for their key. Returns its id, and whether it is new.

    Raises `MemberInPool`, `MemberUnknown`, `AccountMerged`, `AccountFrozen`.
    """
    accounts = await lock_accounts(session, program_id, {made.owner_id})
    operation = f"pool of {made.owner_id}"
    asked = hash_request(made.name, made.month_points_max)
    answer = await find_answer(session, program_id, operation, idempotency_key, asked)
    if answer is not None:
        return UUID(answer["pool_id"]), False
    check_giver(accounts[made.owner_id])
    await check_in_no_pool(session, program_id, made.owner_id)
    await insert_pool(session, program_id, made)
    answer = {"pool_id": str(made.pool_id)}
    await keep_answer(session, program_id, operation, idempotency_key, asked, answer, now)
    return made.pool_id, True

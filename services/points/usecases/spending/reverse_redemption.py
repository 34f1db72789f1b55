"""A payment by points is undone, whole or in part: its lots get back what they gave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.spending import redeeming
from services.points.domain.spending.errors import RedemptionUnknown
from services.points.domain.spending.redeeming import Return, Spent
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.directory import load_directory
from services.points.storage.receipts.paid_receipts import moment_of_return
from services.points.storage.receipts.pos_batch import check_till
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts, survivor_of
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.storage.spending.redemptions import find_spent, set_returned
from shared.auth import Till

_OPERATION = "redemption_reversal"


@dataclass(frozen=True, slots=True)
class ReversalRequest:
    """`points` None for all that has not come back. A till undoes what its shop did."""

    redemption_id: UUID
    points: int | None
    why: str
    key: str
    till: Till
    origin: tuple[str, str] = ("", "")


async def reverse_redemption(
    session: AsyncSession, now: datetime, request: ReversalRequest
) -> tuple[dict[str, Any], bool]:
    """Give points back, once for the key. Returns the answer, and whether it is new.

    Raises `RedemptionUnknown`, `ReversalExceedsRedemption`, `IdempotencyKeyReused`.
    """
    till, program_id = request.till, request.till.program_id
    directory = await load_directory(session, program_id, [till.shop_id])
    check_till(directory, till.shop_id, till.till_id, till.key_version, now)
    spent = await _find(session, program_id, request)
    accounts = await lock_accounts(session, program_id, {spent.account_id})
    key = f"{request.redemption_id}/{request.key}"
    asked = hash_request(request.points, request.why)
    done = await find_answer(session, program_id, _OPERATION, key, asked)
    if done is not None:
        return done, False
    spent = await _find(session, program_id, request)
    account = survivor_of(accounts, spent.account_id)
    assert account is not None
    await load_lots(session, program_id, accounts)
    points = spent.points - spent.returned if request.points is None else request.points
    write = Write()
    write.books.origin = request.origin
    if points:
        reason = {"why": request.why, "asked_by": f"till {till.shop_id}/{till.till_id}"}
        why = Return(request.key, "redemption_reversed", reason)
        moment = await moment_of_return(session, program_id, now)
        redeeming.give_back(write.books, account, spent, points, why, moment)
        await write_books(session, program_id, now, write)
        await set_returned(session, program_id, [spent])
    answer = {
        "redemption_id": str(spent.redemption_id),
        # A household's pool is nobody's.
        "member_id": None if account.member_id is None else str(account.member_id),
        "points": points,
        "returned": spent.returned,
        "balance": account.balance,
    }
    await keep_answer(session, program_id, _OPERATION, key, asked, answer, now)
    return answer, True


async def _find(session: AsyncSession, program_id: UUID, request: ReversalRequest) -> Spent:
    spent = await find_spent(session, program_id, request.redemption_id)
    if spent is None or request.till.shop_id != spent.shop_id:
        raise RedemptionUnknown("This shop has no such redemption.")
    return spent

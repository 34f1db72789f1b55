"""Staff correct a balance by hand, with a reason that stays."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import ledger
from services.points.domain.errors import IdempotencyKeyReused, MemberUnknown
from services.points.domain.ledger import Cause
from services.points.domain.lots import LotTerms
from services.points.storage.adjustments import Adjustment, find_adjustment, insert_adjustment
from services.points.storage.books import Write, write_books
from services.points.storage.pos_transactions import load_lots, lock_accounts


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """What staff ask for: `points` may be negative, then the balance must cover it."""

    member_id: UUID
    points: int
    reason_code: str
    note: str
    made_by: str
    idempotency_key: str

    @property
    def fingerprint(self) -> bytes:
        """A hash of what was asked, to tell a repeat from another request with the same key."""
        asked = [str(self.member_id), self.points, self.reason_code, self.note]
        return hashlib.blake2b(json.dumps(asked).encode(), digest_size=16).digest()


async def adjust_points(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    adjustment_id: UUID,
    request: AdjustmentRequest,
    origin: tuple[str, str],
) -> tuple[Adjustment, bool]:
    """Post the adjustment once for its idempotency key. Returns it, and whether it is new.

    Raises `MemberUnknown`, `InsufficientPoints`, `IdempotencyKeyReused`.
    """
    accounts = await lock_accounts(session, program_id, {request.member_id})
    account = accounts[request.member_id]
    stored = await find_adjustment(session, program_id, request.idempotency_key)
    if stored is not None:
        if stored.request_hash != request.fingerprint:
            raise IdempotencyKeyReused("This Idempotency-Key came with another body before.")
        return stored, False
    if not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    write = Write()
    write.books.origin = origin
    reason = {
        "rule": "adjustment",
        "reason_code": request.reason_code,
        "note": request.note,
        "made_by": request.made_by,
    }
    cause = Cause("adjustment", ledger.ADJUSTMENT, "adjustment", adjustment_id, json.dumps(reason))
    if request.points > 0:
        posting = write.books.credit(account, request.points, cause, LotTerms())
    else:
        await load_lots(session, program_id, accounts)
        posting = write.books.spend(account, -request.points, cause, now)
    made = Adjustment(
        adjustment_id,
        request.member_id,
        request.points,
        posting.version,
        posting.balance_after,
        request.reason_code,
        request.note,
        request.made_by,
        request.fingerprint,
        now,
    )
    await insert_adjustment(session, program_id, request.idempotency_key, made)
    await write_books(session, program_id, now, write)
    return made, True

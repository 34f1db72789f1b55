"""Staff correct a balance or write off a debt by hand, with a reason that stays.

Above the programme's threshold, by what one person gives or takes of one member within 24 hours,
nothing moves until a second person has looked at it.
"""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_open
from services.points.domain.ledger.adjustments import (
    ADJUSTMENT,
    AWAITS_CHECK,
    POSTED,
    Adjustment,
    AdjustmentRules,
    Asked,
    post_adjustment,
)
from services.points.domain.ledger.errors import IdempotencyKeyReused, MoreThanOwed
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.ledger.adjustments import (
    find_adjustment_by_key,
    find_rules,
    insert_adjustment,
    sum_unchecked,
)
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.wallets.wallets import Target, lock_target


async def adjust_points(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    adjustment_id: UUID,
    asked: Asked,
    points_unchecked_max: int,
    origin: tuple[str, str],
) -> tuple[Adjustment, bool]:
    """Post it, or have it wait for a check: once for its maker's idempotency key. Returns it, and
    whether it is new. `points_unchecked_max` holds where the programme has set no rules.

    What is asked of somebody who was merged into another is done to the other.

    Raises `MemberUnknown`, `AccountFrozen`, `InsufficientPoints`,
    `WalletUnknown`, `WalletFull`, `MoreThanOwed`, `ReasonCodeUnknown`, `EvidenceMissing`,
    `IdempotencyKeyReused`.
    """
    rules = await find_rules(session, program_id) or AdjustmentRules(0, points_unchecked_max)
    target = await lock_target(session, program_id, asked.member_id, asked.wallet)
    stored = await find_adjustment_by_key(session, program_id, asked.made_by, asked.idempotency_key)
    if stored is not None:
        if stored.request_hash != _fingerprint(asked):
            raise IdempotencyKeyReused("This Idempotency-Key came with another body before.")
        return stored, False
    check_open(target.member)
    rules.check(asked.reason_code, asked.evidence)
    made = _made(adjustment_id, target, asked, now)
    if made.points < 0:
        await load_lots(session, program_id, {target.account.account_id: target.account})
    write = Write()
    write.books.origin = origin
    # Also what waits is tried now: nobody should check what cannot be posted.
    wallet, zone = target.wallet, target.time_zone
    posted = post_adjustment(write.books, target.account, made, wallet, zone, now)
    unchecked = await sum_unchecked(session, program_id, made.member_id, made.made_by, now)
    if rules.needs_check(made.points, unchecked):
        made.status = AWAITS_CHECK
        await insert_adjustment(session, program_id, asked.idempotency_key, made)
        return made, True
    made.status, (made.version, made.balance_after) = POSTED, posted
    await insert_adjustment(session, program_id, asked.idempotency_key, made)
    await write_books(session, program_id, now, write)
    return made, True


def _made(adjustment_id: UUID, target: Target, asked: Asked, now: datetime) -> Adjustment:
    points = asked.points
    if points is None:
        points = max(0, -target.account.balance)
        if not points:
            raise MoreThanOwed("Nothing is owed.", owed=0)
    return Adjustment(
        adjustment_id,
        target.member.account_id,
        asked.kind,
        AWAITS_CHECK,
        points,
        asked.reason_code,
        asked.note,
        asked.evidence,
        asked.made_by,
        _fingerprint(asked),
        now,
        wallet=asked.wallet,
    )


def _fingerprint(asked: Asked) -> bytes:
    """A hash of what was asked, to tell a repeat from another request with the same key."""
    parts = [str(asked.member_id), asked.points, asked.reason_code, asked.note]
    if (asked.kind, asked.evidence) != (ADJUSTMENT, None):
        parts += [asked.kind, asked.evidence]
    if asked.wallet != POINTS:
        parts += ["wallet", asked.wallet]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()

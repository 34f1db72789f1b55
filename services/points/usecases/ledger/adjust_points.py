"""Staff correct a balance or write off a debt by hand, with a reason that stays.

Above the programme's threshold, by what one person gives or takes of one member within 24 hours,
nothing moves until a second person has looked at it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
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
from services.points.domain.receipts.errors import MallUnknown, ShopUnknown
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.expiry.given_points import load_given_terms
from services.points.storage.ledger.adjustments import (
    find_adjustment_by_key,
    find_rules,
    insert_adjustment,
    sum_unchecked,
)
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.directory import is_mall_known
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.wallets.wallets import Target, find_mall, lock_target


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
    `IdempotencyKeyReused`, `ShopUnknown`, `MallUnknown`.
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
    made.terms = await _placed(session, program_id, asked.terms)
    if made.points < 0:
        await load_lots(session, program_id, {target.account.account_id: target.account})
    write = Write()
    write.books.origin = origin
    # Also what waits is tried now: nobody should check what cannot be posted.
    wallet, zone = target.wallet, target.time_zone
    given = await load_given_terms(session, program_id)
    posted = post_adjustment(write.books, target.account, made, wallet, zone, given, now)
    unchecked = await sum_unchecked(session, program_id, made.member_id, made.made_by, now)
    if rules.needs_check(made.points, unchecked):
        made.status = AWAITS_CHECK
        await insert_adjustment(session, program_id, asked.idempotency_key, made)
        return made, True
    made.status, (made.version, made.balance_after) = POSTED, posted
    await insert_adjustment(session, program_id, asked.idempotency_key, made)
    await write_books(session, program_id, now, write)
    return made, True


async def _placed(
    session: AsyncSession, program_id: UUID, said: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """A shop issues for its mall. Raises `ShopUnknown`, also of another mall, or `MallUnknown`."""
    if said is None:
        return None
    if said["shop_id"] is not None:
        mall_id = await find_mall(session, program_id, UUID(said["shop_id"]))
        if said["mall_id"] not in {None, str(mall_id)}:
            raise ShopUnknown("No such shop in this mall.")
        return {**said, "mall_id": str(mall_id)}
    if said["mall_id"] and not await is_mall_known(session, program_id, UUID(said["mall_id"])):
        raise MallUnknown("No such mall in this programme.")
    return said


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
    if asked.terms is not None:
        parts += ["terms", json.dumps(asked.terms, sort_keys=True)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()

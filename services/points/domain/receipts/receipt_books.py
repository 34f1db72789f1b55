"""Receipts into the books: a sale earns, a refund claws back, a changed tier re-rates.

All three work on copies of locked rows (`Stored`, `Account`) and leave postings in `Books`.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from json import dumps
from uuid import UUID

from services.points.domain.expiry.expiry import expiry_of
from services.points.domain.expiry.pending import awaited_event, pending_until, told_at
from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books, Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts import refunds
from services.points.domain.receipts.caps import Grant, count_usage, grant
from services.points.domain.receipts.clawbacks import most_to_claw
from services.points.domain.receipts.earning import points_of
from services.points.domain.receipts.earning_reasons import (
    is_cooled_down,
    minimum_note,
    rating_reason,
)
from services.points.domain.receipts.errors import OriginalIsRefund
from services.points.domain.receipts.pos_records import ANONYMOUS, POSTED, WAITING_MEMBER, Stored
from services.points.domain.receipts.tiers import tier_at


def derived_id(*parts: object) -> UUID:
    """A UUIDv8 made from `parts`: the same cause has the same id, so that it posts once."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).digest()
    number = int.from_bytes(digest, "big")
    mask = (0xF << 76) | (0b11 << 62)
    return UUID(int=(number & ~mask) | (0x8 << 76) | (0b10 << 62))


def post_sale(books: Books, account: Account | None, sale: Stored, now: datetime) -> None:
    """Give the sale to the account, or leave it waiting or anonymous, and earn."""
    if account is None or not account.is_open:
        waits = account is not None or sale.awaited_number is not None
        sale.status = WAITING_MEMBER if waits else ANONYMOUS
        sale.member_id = account.member_id if account is not None else None
        return
    assert sale.rating is not None
    sale.status, sale.member_id, sale.awaited_number = POSTED, account.member_id, None
    tier = tier_at(account.timeline, sale.purchased_at)
    worth = points_of(sale.rating, tier)
    sale.earned = sale.points = worth
    limits = sale.rating.policy.limits
    if limits and worth:
        granted = grant(limits, worth, sale.purchased_at, sale.time_zone, account.used)
        _keep_grant(sale, worth, granted)
        if granted.points:
            _count(books, account, sale, granted, granted.points, 1)
        sale.points = sale.earned
    elif sale.rating.is_below_minimum:
        sale.notes = dumps([minimum_note(sale.rating)])
    if sale.earned:
        cause = Cause(
            "earn",
            ledger.ISSUANCE,
            "sale",
            sale.transaction_id,
            rating_reason(sale.rating, tier, _more(account, sale)),
            sale.purchased_at,
        )
        books.credit(account, sale.earned, cause, _terms(account, sale, now))
    sale.balance_after = account.balance


def _keep_grant(sale: Stored, worth: int, granted: Grant) -> None:
    sale.earned, sale.trimmed = granted.points, worth - granted.points
    sale.notes = dumps(granted.notes) if granted.notes else None


def _count(
    books: Books, account: Account, sale: Stored, granted: Grant, points: int, times: int
) -> None:
    books.usages += count_usage(
        account.used, account.account_id, granted.counted, points, times, sale.purchased_at
    )


def _more(account: Account, sale: Stored) -> str:
    """What a reason tells beside the rating: the currency, what the limits took, and what the
    points wait for, or when that was told."""
    assert sale.rating is not None
    awaits = awaited_event(sale.rating.policy.pending)
    awaited = f',"awaits":"{awaits}"' if awaits is not None else ""
    if (told := _told_at(account, sale)) is not None:
        awaited += f',"told_at":"{told.isoformat()}"'
    if not sale.trimmed:
        return f',"currency":"{sale.currency}"{awaited}'
    limited = f'"trimmed":{sale.trimmed},"limits":{sale.notes}'
    return f',"currency":"{sale.currency}",{limited}{awaited}'


def _told_at(account: Account, sale: Stored) -> datetime | None:
    assert sale.rating is not None
    source, bought = sale.transaction_id, sale.purchased_at
    return told_at(account.told, sale.rating.policy.pending, account.account_id, source, bought)


def _terms(account: Account, sale: Stored, now: datetime) -> LotTerms:
    assert sale.rating is not None
    policy = sale.rating.policy
    expires_at, sliding_months = expiry_of(policy.expiry, sale.purchased_at, sale.time_zone)
    is_pending, activates_at = pending_until(policy.pending, sale.purchased_at, sale.time_zone, now)
    is_pending = is_pending and _told_at(account, sale) is None
    return LotTerms(
        expires_at=expires_at,
        mall_id=sale.mall_id,
        shop_id=sale.shop_id,
        pending=is_pending,
        activates_at=activates_at,
        sliding_months=sliding_months,
    )


def check_fits(sale: Stored, refund: Stored, earlier: Sequence[Stored]) -> None:
    """Raise when the refund cannot be one of this sale after the `earlier` ones."""
    if sale.kind != "sale":
        raise OriginalIsRefund("The receipt that the refund names is itself a refund.")
    sold = [refunds.SoldLine(line.line_number, line.amount_minor) for line in sale.lines]
    done = refunds.refunded_by_line(r.lines for r in earlier)
    refunds.check_refund(sold, done, refund.lines)


def apply_refund(
    books: Books,
    account: Account | None,
    sale: Stored,
    refund: Stored,
    earlier: Sequence[Stored],
    now: datetime,
    buyer: Account | None = None,
) -> None:
    """Take back the refund's share of the sale's points; it follows the sale to its owner.

    As much as the mode of the sale's policy lets be taken of what is there `now`, for the refund
    may have waited; `forgiven` is the rest. `buyer` is whose tier the sale earned by, where that is
    not the account: it was merged into it.
    """
    refund.status, refund.member_id = sale.status, sale.member_id
    if sale.status != POSTED:
        return
    assert account is not None
    assert sale.rating is not None
    done = refunds.refunded_by_line([*(r.lines for r in earlier), refund.lines])
    tier = tier_at((buyer or account).timeline, sale.purchased_at)
    # Refunds may have taken more by rules that were in force before: that is not asked for again.
    target = max(sale.clawed, refunds.clawed_total(sale.earned, sale.rating, done, tier))
    wanted, mode = target - sale.clawed, sale.rating.policy.clawback
    taken = most_to_claw(mode, account, wanted, now)
    refund.points, refund.forgiven = -taken, wanted - taken
    if refund.forgiven:
        # Never dropped in silence: the till is told, and the receipt keeps it.
        refund.add_note({"code": "clawback_forgiven", "mode": mode, "points": refund.forgiven})
    if taken:
        cause = _why_clawed(sale, refund, target)
        books.claw_back(account, taken, cause, own_source=sale.transaction_id)
    # What was forgiven counts as taken back: a later refund does not come back to it.
    sale.clawed, sale.forgiven = target, sale.forgiven + refund.forgiven
    refund.balance_after = account.balance


def _why_clawed(sale: Stored, refund: Stored, target: int) -> Cause:
    assert sale.rating is not None
    reason = {
        "rule": "refund_in_proportion",
        "receipt_id": str(sale.transaction_id),
        "earned": sale.earned,
        "clawed_before": sale.clawed,
        "clawed_after": target,
        "mode": sale.rating.policy.clawback,
        "forgiven": refund.forgiven,
    }
    source_id, bought = refund.transaction_id, refund.purchased_at
    return Cause("refund", ledger.CLAWBACK, "refund", source_id, dumps(reason), bought)


def rerate_sale(
    books: Books,
    account: Account,
    sale: Stored,
    refunded: Sequence[Stored],
    tier_version: int,
    now: datetime,
) -> bool:
    """Post the difference that the tier now known for the purchase time makes.

    Caps count what the sale earns now in place of what it earned; a cooldown that took its points
    keeps them. Returns whether anything changed.
    """
    assert sale.rating is not None
    tier = tier_at(account.timeline, sale.purchased_at)
    worth = points_of(sale.rating, tier)
    before = (sale.earned, sale.trimmed)
    limits = sale.rating.policy.limits
    if is_cooled_down(sale.notes):
        sale.trimmed = worth
    elif limits:
        granted = grant(limits, worth, sale.purchased_at, sale.time_zone, account.used, sale.earned)
        _count(books, account, sale, granted, granted.points - sale.earned, 0)
        _keep_grant(sale, worth, granted)
    else:
        sale.earned = worth
    if (sale.earned, sale.trimmed) == before:
        return False
    _post_difference(books, account, sale, refunded, before[0], (tier, tier_version), now)
    return True


def _post_difference(
    books: Books,
    account: Account,
    sale: Stored,
    refunded: Sequence[Stored],
    earned_before: int,
    tier: tuple[str | None, int],
    now: datetime,
) -> None:
    assert sale.rating is not None
    done = refunds.refunded_by_line(r.lines for r in refunded)
    clawed = refunds.clawed_total(sale.earned, sale.rating, done, tier[0])
    difference = (sale.earned - clawed) - (earned_before - sale.clawed)
    sale.clawed = clawed
    changed = f'{_more(account, sale)},"earned_before":{earned_before},"earned_after":{sale.earned}'
    cause = Cause(
        "rerate",
        ledger.ISSUANCE,
        "rerate",
        derived_id(sale.transaction_id, "rerate", tier[1]),
        rating_reason(sale.rating, tier[0], changed),
        sale.purchased_at,
    )
    if difference > 0:
        books.credit(account, difference, cause, _terms(account, sale, now))
    elif difference < 0:
        books.claw_back(account, -difference, cause, own_source=sale.transaction_id)

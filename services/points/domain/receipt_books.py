"""Receipts into the books: a sale earns, a refund claws back, a changed tier re-rates.

All three work on copies of locked rows (`Stored`, `Account`) and leave postings in `Books`.
"""

import hashlib
from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from json import dumps
from uuid import UUID

from services.points.domain import ledger, refunds
from services.points.domain.earning import Rating, points_of
from services.points.domain.errors import OriginalIsRefund
from services.points.domain.ledger import Account, Books, Cause
from services.points.domain.lots import LotTerms
from services.points.domain.pos_records import ANONYMOUS, POSTED, WAITING_MEMBER, Stored
from services.points.domain.receipts import zone
from services.points.domain.tiers import tier_at


def derived_id(*parts: object) -> UUID:
    """A UUIDv8 made from `parts`: the same cause has the same id, so that it posts once."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=16).digest()
    number = int.from_bytes(digest, "big")
    mask = (0xF << 76) | (0b11 << 62)
    return UUID(int=(number & ~mask) | (0x8 << 76) | (0b10 << 62))


def expiry_of(purchased_at: datetime, time_zone: str, months: int | None) -> datetime | None:
    """The first instant at which points bought then are gone; None for never.

    The last day is the same day `months` later, or the month's last where that day is missing
    (31 January and one month is 28 February); they go when that day ends in the mall.
    """
    if months is None:
        return None
    local = purchased_at.astimezone(zone(time_zone))
    year, month0 = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month0 + 1)[1])
    last_day = local.date().replace(year=year, month=month0 + 1, day=day)
    end = datetime.combine(last_day + timedelta(days=1), time(), zone(time_zone))
    return end.astimezone(purchased_at.tzinfo)


def post_sale(books: Books, account: Account | None, sale: Stored) -> None:
    """Give the sale to the account, or leave it waiting or anonymous, and earn."""
    if account is None or not account.is_open:
        waits = account is not None or sale.awaited_number is not None
        sale.status = WAITING_MEMBER if waits else ANONYMOUS
        sale.member_id = account.member_id if account is not None else None
        return
    assert sale.rating is not None
    sale.status, sale.member_id, sale.awaited_number = POSTED, account.member_id, None
    tier = tier_at(account.timeline, sale.purchased_at)
    sale.earned = sale.points = points_of(sale.rating, tier)
    if sale.earned:
        cause = Cause(
            "earn",
            ledger.ISSUANCE,
            "sale",
            sale.transaction_id,
            rating_reason(sale.rating, tier),
            sale.purchased_at,
        )
        books.credit(account, sale.earned, cause, _terms(sale))
    sale.balance_after = account.balance


def rating_reason(rating: Rating, tier: str | None, more: str = "") -> str:
    """The inputs of an earning as JSON, for whoever asks why; `more` are further members.

    Written by hand, for it is made with every sale; tier codes need no escaping.
    """
    named = "null" if tier is None else f'"{tier}"'
    return (
        f'{{"rule":"earning_policy","policy_version":{rating.policy.version},"tier":{named},'
        f'"multiplier_milli":{rating.multiplier_milli(tier)},"weight":{rating.total_weight},'
        f'"denominator":{rating.policy.denominator},"rounding":"{rating.policy.rounding}"{more}}}'
    )


def _terms(sale: Stored) -> LotTerms:
    assert sale.rating is not None
    months = sale.rating.policy.expires_months
    return LotTerms(
        expires_at=expiry_of(sale.purchased_at, sale.time_zone, months),
        mall_id=sale.mall_id,
        shop_id=sale.shop_id,
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
) -> None:
    """Take back the refund's share of the sale's points; it follows the sale to its owner."""
    refund.status, refund.member_id = sale.status, sale.member_id
    if sale.status != POSTED:
        return
    assert account is not None
    assert sale.rating is not None
    done = refunds.refunded_by_line([*(r.lines for r in earlier), refund.lines])
    target = refunds.clawed_total(sale.earned, sale.rating, done)
    refund.points = sale.clawed - target
    if refund.points:
        reason = {
            "rule": "refund_in_proportion",
            "receipt_id": str(sale.transaction_id),
            "earned": sale.earned,
            "clawed_before": sale.clawed,
            "clawed_after": target,
        }
        cause = Cause(
            "refund",
            ledger.CLAWBACK,
            "refund",
            refund.transaction_id,
            dumps(reason),
            refund.purchased_at,
        )
        books.claw_back(account, -refund.points, cause, own_source=sale.transaction_id)
    sale.clawed = target
    refund.balance_after = account.balance


def rerate_sale(
    books: Books, account: Account, sale: Stored, refunded: Sequence[Stored], tier_version: int
) -> bool:
    """Post the difference that the tier now known for the purchase time makes.

    Returns whether anything changed.
    """
    assert sale.rating is not None
    tier = tier_at(account.timeline, sale.purchased_at)
    earned = points_of(sale.rating, tier)
    if earned == sale.earned:
        return False
    done = refunds.refunded_by_line(r.lines for r in refunded)
    clawed = refunds.clawed_total(earned, sale.rating, done)
    difference = (earned - clawed) - (sale.earned - sale.clawed)
    cause = Cause(
        "rerate",
        ledger.ISSUANCE,
        "rerate",
        derived_id(sale.transaction_id, "rerate", tier_version),
        rating_reason(sale.rating, tier, f',"earned_before":{sale.earned},"earned_after":{earned}'),
        sale.purchased_at,
    )
    if difference > 0:
        books.credit(account, difference, cause, _terms(sale))
    elif difference < 0:
        books.claw_back(account, -difference, cause, own_source=sale.transaction_id)
    sale.earned, sale.clawed = earned, clawed
    return True

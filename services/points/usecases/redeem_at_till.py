"""Points pay a part of a receipt at a till, by the policy in force."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors, holding, redeeming
from services.points.domain.ledger import Account
from services.points.domain.receipt_books import derived_id
from services.points.domain.receipts import ReceiptKey, Shop, transaction_id_of
from services.points.domain.redeeming import AtTill, Payment, RedemptionPolicy, Tariff
from services.points.storage.holds import (
    Captured,
    HoldLook,
    HoldWrite,
    Redemption,
    Wanted,
    look_at_holds,
    write_holds,
)
from services.points.storage.pos_batch import check_till
from services.points.storage.redemptions import (
    find_tier,
    list_redemption_policies,
    lock_paid_receipt,
    look_at_paid_receipt,
)
from shared.auth import Till
from shared.db import driver


@dataclass(frozen=True, slots=True)
class RedemptionRequest:
    """What a till asks: a member, named by id or number, pays `points` of a receipt."""

    till: Till
    member_id: UUID | None
    member_number: str | None
    receipt: ReceiptKey
    receipt_total_minor: int
    currency: str
    points: int = 0
    key: str = ""
    origin: tuple[str, str] = ("", "")

    @property
    def redemption_id(self) -> UUID:
        """The same for the same key of the shop."""
        return derived_id("redemption", self.till.program_id, self.till.shop_id, self.key)

    @property
    def transaction_id(self) -> UUID:
        """The receipt's id, which it will have when it is recorded."""
        return transaction_id_of(self.till.program_id, self.receipt)

    @property
    def fingerprint(self) -> bytes:
        """A hash of what is asked, to tell a repeat from another request with the same key."""
        asked = (
            self.member_id,
            self.member_number,
            self.receipt,
            self.receipt_total_minor,
            self.currency,
            self.points,
        )
        return hashlib.blake2b(repr(asked).encode(), digest_size=16).digest()


class Offer(NamedTuple):
    """What a member may pay now, under which rules."""

    member_id: UUID
    available: int
    points_max: int
    amount_minor_max: int
    tariff: Tariff
    policy_version: int


class _Terms(NamedTuple):
    shop: Shop
    policy: RedemptionPolicy
    tier: str | None
    tariff: Tariff
    payment: Payment


async def redeem_at_till(
    session: AsyncSession, now: datetime, request: RedemptionRequest
) -> tuple[Captured, bool]:
    """Spend the points, once for the key. Returns what is answered, and whether it is new.

    Raises why the policy, the receipt or the balance does not allow it, and `Collision`.
    """
    await lock_paid_receipt(session, request.transaction_id)
    look = await _look(session, now, request, is_locking=True)
    shop = _check_till(look, request, now)
    known = look.captures.get(request.redemption_id)
    if known is not None:
        if known.request_hash != request.fingerprint:
            raise errors.IdempotencyKeyReused("This key came with another request before.")
        return known, False
    account = _find_account(look, request)
    terms = await _read_terms(session, now, request, shop, account)
    write = HoldWrite()
    write.books.origin = request.origin
    for hold in holding.expire_due(write.books, account, look.holds.values(), now):
        write.changed[hold.hold_id] = hold
    amount_minor = redeeming.amount_of(terms.tariff, terms.payment, request.points)
    made = _post(write, account, request, terms, amount_minor, now)
    await write_holds(session, request.till.program_id, now, write)
    return made, True


async def quote_redemption(
    session: AsyncSession, now: datetime, request: RedemptionRequest
) -> Offer:
    """What could be paid, without doing it; nothing is kept."""
    look = await _look(session, now, request, is_locking=False)
    shop = _check_till(look, request, now)
    account = _find_account(look, request)
    terms = await _read_terms(session, now, request, shop, account)
    scratch = HoldWrite()
    holding.expire_due(scratch.books, account, look.holds.values(), now)
    available = account.available(now)
    points = redeeming.most_points(terms.tariff, terms.payment, available)
    amount_minor = points // terms.tariff.step_points * terms.tariff.step_minor
    return Offer(
        account.account_id, available, points, amount_minor, terms.tariff, terms.policy.version
    )


async def _look(
    session: AsyncSession, now: datetime, request: RedemptionRequest, *, is_locking: bool
) -> HoldLook:
    wanted = Wanted(
        [request.till.shop_id],
        [] if request.member_id is None else [request.member_id],
        [] if request.member_number is None else [request.member_number],
        [],
        [request.redemption_id],
    )
    connection = await driver(session)
    return await look_at_holds(
        connection, request.till.program_id, now, wanted, is_locking=is_locking
    )


def _check_till(look: HoldLook, request: RedemptionRequest, now: datetime) -> Shop:
    till = request.till
    return check_till(look.directory, till.shop_id, till.till_id, till.key_version, now)


def _find_account(look: HoldLook, request: RedemptionRequest) -> Account:
    member_id = request.member_id
    if request.member_number is not None:
        member_id = look.numbers.get(request.member_number)
    account = look.accounts.get(member_id) if member_id is not None else None
    if account is None or not account.is_open:
        raise errors.MemberUnknown("No such member in this programme.")
    return account


async def _read_terms(
    session: AsyncSession,
    now: datetime,
    request: RedemptionRequest,
    shop: Shop,
    account: Account,
) -> _Terms:
    program_id = request.till.program_id
    policies = await list_redemption_policies(session, program_id)
    policy = redeeming.policy_in_force(policies, now)
    if policy is None or not policy.is_offered(shop.mall_id, shop.shop_id):
        raise errors.RedemptionNotOffered("Points do not pay in this shop.")
    if request.currency != shop.currency:
        raise errors.CurrencyMismatch(
            f"This mall trades in {shop.currency}.", expected=shop.currency
        )
    paid = await look_at_paid_receipt(session, program_id, request.transaction_id)
    if paid.is_recorded:
        raise errors.ReceiptAlreadyRecorded("Points pay before the receipt is recorded.")
    tier = await find_tier(session, program_id, account.account_id, now)
    payment = Payment(request.receipt_total_minor, paid.paid_minor)
    return _Terms(shop, policy, tier, policy.tariff_of(tier), payment)


def _post(
    write: HoldWrite,
    account: Account,
    request: RedemptionRequest,
    terms: _Terms,
    amount_minor: int,
    now: datetime,
) -> Captured:
    reference, shop = request.receipt.receipt_number, terms.shop
    at_till = AtTill(
        now,
        shop.mall_id,
        shop.shop_id,
        terms.policy.version,
        terms.tier,
        terms.tariff,
        terms.payment,
        amount_minor,
        request.currency,
        reference,
    )
    redemption_id = request.redemption_id
    posting = redeeming.redeem(write.books, account, redemption_id, request.points, at_till)
    write.redemptions.append(
        Redemption(
            redemption_id,
            account.account_id,
            posting.version,
            request.points,
            amount_minor,
            request.currency,
            reference,
            request.transaction_id,
            None,
            None,
            shop.mall_id,
            shop.shop_id,
            request.fingerprint,
        )
    )
    return Captured(
        redemption_id,
        account.account_id,
        request.points,
        posting.balance_after,
        None,
        None,
        request.fingerprint,
        now,
        amount_minor,
        request.currency,
    )

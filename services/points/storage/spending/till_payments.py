"""A receipt that points shall pay: what its quote and its payment both need to know."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.ledger import Account
from services.points.domain.receipts.errors import CurrencyMismatch
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import ReceiptKey, Shop, transaction_id_of
from services.points.domain.spending import redeeming
from services.points.domain.spending.errors import ReceiptAlreadyRecorded, RedemptionNotOffered
from services.points.domain.spending.redeeming import Payment, RedemptionPolicy, Tariff
from services.points.storage.receipts.pos_batch import check_till
from services.points.storage.receipts.pos_transactions import survivor_of
from services.points.storage.spending.holds import HoldLook, Wanted, look_at_holds
from services.points.storage.spending.redemptions import (
    find_tier,
    list_redemption_policies,
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


class PaymentTerms(NamedTuple):
    """Who would pay where, and under which rules."""

    account: Account
    shop: Shop
    policy: RedemptionPolicy
    tier: str | None
    tariff: Tariff
    payment: Payment


async def look_at_payment(
    session: AsyncSession, now: datetime, request: RedemptionRequest, *, is_locking: bool
) -> tuple[HoldLook, Shop]:
    """What is stored, and the shop of the till. Raises why the till may not speak."""
    till = request.till
    wanted = Wanted(
        [till.shop_id],
        [] if request.member_id is None else [request.member_id],
        [] if request.member_number is None else [request.member_number],
        [],
        [request.redemption_id],
    )
    connection = await driver(session)
    look = await look_at_holds(connection, till.program_id, now, wanted, is_locking=is_locking)
    return look, check_till(look.directory, till.shop_id, till.till_id, till.key_version, now)


async def read_terms(
    session: AsyncSession, now: datetime, request: RedemptionRequest, look: HoldLook, shop: Shop
) -> PaymentTerms:
    """The policy in force for the member. Raises why points do not pay this receipt here."""
    account = _find_account(look, request)
    program_id = request.till.program_id
    policies = await list_redemption_policies(session, program_id)
    policy = redeeming.policy_in_force(policies, now)
    if policy is None or not policy.is_offered(shop.mall_id, shop.shop_id):
        raise RedemptionNotOffered("Points do not pay in this shop.")
    if request.currency != shop.currency:
        raise CurrencyMismatch(f"This mall trades in {shop.currency}.", expected=shop.currency)
    paid = await look_at_paid_receipt(session, program_id, request.transaction_id)
    if paid.is_recorded:
        raise ReceiptAlreadyRecorded("Points pay before the receipt is recorded.")
    tier = await find_tier(session, program_id, account.account_id, now)
    payment = Payment(request.receipt_total_minor, paid.paid_minor)
    return PaymentTerms(account, shop, policy, tier, policy.tariff_of(tier), payment)


def _find_account(look: HoldLook, request: RedemptionRequest) -> Account:
    member_id = request.member_id
    if request.member_number is not None:
        member_id = look.numbers.get(request.member_number)
    account = survivor_of(look.accounts, member_id)
    if account is None or not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    return account

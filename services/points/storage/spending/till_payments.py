"""A receipt that points shall pay: what its quote and its payment both need to know."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.receipts.errors import CurrencyMismatch, UnknownTill
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import (
    Bounds,
    ReceiptKey,
    Shop,
    check_business_date,
)
from services.points.domain.spending import tariffs
from services.points.domain.spending.bills import Bill
from services.points.domain.spending.errors import ReceiptAlreadyRecorded, RedemptionNotOffered
from services.points.domain.spending.redeeming import AtTill
from services.points.domain.spending.tariffs import Payment, RedemptionPolicy, Tariff
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
        return self.bill.transaction_id(self.till.program_id)

    @property
    def bill(self) -> Bill:
        """What is paid."""
        return Bill(self.receipt, self.receipt_total_minor, self.currency)

    @property
    def fingerprint(self) -> bytes:
        """A hash of what is asked, to tell a repeat from another request with the same key.

        It is stored and compared for ever: its text is written out as it first was.
        """
        key = self.receipt
        said = (
            f"({self.member_id!r}, {self.member_number!r}, "
            f"ReceiptKey(shop_id={key.shop_id!r}, till_id={key.till_id!r}, "
            f"receipt_number={key.receipt_number!r}, business_date={key.business_date!r}), "
            f"{self.receipt_total_minor}, {self.currency!r}, {self.points})"
        )
        return hashlib.blake2b(said.encode(), digest_size=16).digest()


class PaymentTerms(NamedTuple):
    """Who would pay where, and under which rules."""

    account: Account
    shop: Shop
    policy: RedemptionPolicy
    tier: str | None
    tariff: Tariff
    payment: Payment

    def at_till(self, now: datetime, points: int, bill: Bill, reference: str) -> AtTill:
        """What so many points pay of the bill. Raises why they may not."""
        return AtTill(
            now,
            self.shop.mall_id,
            self.shop.shop_id,
            self.policy.version,
            self.tier,
            self.tariff,
            self.payment,
            tariffs.amount_of(self.tariff, self.payment, points),
            bill.currency,
            reference,
        )


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
    session: AsyncSession,
    now: datetime,
    bounds: Bounds,
    program_id: UUID,
    paying: tuple[HoldLook, Account, Shop],
    bill: Bill,
) -> PaymentTerms:
    """The policy in force for who pays. Raises why points do not pay this receipt here.

    Whoever pays holds the locks of the account and then of the receipt.
    """
    look, account, shop = paying
    if (shop.shop_id, bill.receipt.till_id) not in look.directory.tills:
        raise UnknownTill("The shop has no such till in the directory.")
    check_business_date(bill.receipt.business_date, shop, now, bounds)
    policies = await list_redemption_policies(session, program_id)
    policy = tariffs.policy_in_force(policies, now)
    if policy is None or not policy.is_offered(shop.mall_id, shop.shop_id):
        raise RedemptionNotOffered("Points do not pay in this shop.")
    if bill.currency != shop.currency:
        raise CurrencyMismatch(f"This mall trades in {shop.currency}.", expected=shop.currency)
    paid = await look_at_paid_receipt(session, program_id, bill.transaction_id(program_id))
    if paid.is_recorded:
        raise ReceiptAlreadyRecorded("Points pay before the receipt is recorded.")
    tier = await find_tier(session, program_id, account.account_id, now)
    payment = Payment(bill.total_minor, paid.paid_minor)
    return PaymentTerms(account, shop, policy, tier, policy.tariff_of(tier), payment)


def find_account(look: HoldLook, request: RedemptionRequest) -> Account:
    """The open account of whom the till named. Raises `MemberUnknown`."""
    member_id = request.member_id
    if request.member_number is not None:
        member_id = look.numbers.get(request.member_number)
    account = survivor_of(look.accounts, member_id)
    if account is None or not account.is_open:
        raise MemberUnknown("No such member in this programme.")
    return account

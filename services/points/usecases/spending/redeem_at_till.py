"""Points pay a part of a receipt at a till, by the policy in force."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.errors import IdempotencyKeyReused
from services.points.domain.spending import holding, redeeming
from services.points.domain.spending.redeeming import AtTill
from services.points.storage.spending.holds import Captured, HoldWrite, Redemption, write_holds
from services.points.storage.spending.redemptions import lock_paid_receipt
from services.points.storage.spending.till_payments import (
    PaymentTerms,
    RedemptionRequest,
    look_at_payment,
    read_terms,
)


async def redeem_at_till(
    session: AsyncSession, now: datetime, request: RedemptionRequest
) -> tuple[Captured, bool]:
    """Spend the points, once for the key. Returns what is answered, and whether it is new.

    Lock order: the account, then the receipt that is paid. Raises why the policy, the receipt or
    the balance does not allow it, `IdempotencyKeyReused`, and `Collision`: do it again.
    """
    look, shop = await look_at_payment(session, now, request, is_locking=True)
    known = look.captures.get(request.redemption_id)
    if known is not None:
        if known.request_hash != request.fingerprint:
            raise IdempotencyKeyReused("This key came with another request before.")
        return known, False
    await lock_paid_receipt(session, request.till.program_id, request.transaction_id)
    terms = await read_terms(session, now, request, look, shop)
    write = HoldWrite()
    write.books.origin = request.origin
    for hold in holding.expire_due(write.books, terms.account, look.holds.values(), now):
        write.changed[hold.hold_id] = hold
    amount_minor = redeeming.amount_of(terms.tariff, terms.payment, request.points)
    made = _post(write, request, terms, amount_minor, now)
    await write_holds(session, request.till.program_id, now, write)
    return made, True


def _post(
    write: HoldWrite,
    request: RedemptionRequest,
    terms: PaymentTerms,
    amount_minor: int,
    now: datetime,
) -> Captured:
    reference, shop = request.receipt.receipt_number, terms.shop
    account, redemption_id = terms.account, request.redemption_id
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

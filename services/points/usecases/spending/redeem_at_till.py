"""Points pay a part of a receipt at a till, by the policy in force."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import IdempotencyKeyReused
from services.points.domain.receipts.receipts import Bounds
from services.points.domain.spending import holding, redeeming
from services.points.domain.spending.redeeming import AtTill
from services.points.storage.spending.holds import Captured, HoldWrite, Redemption, write_holds
from services.points.storage.spending.redemptions import lock_paid_receipt
from services.points.storage.spending.till_payments import (
    RedemptionRequest,
    find_account,
    look_at_payment,
    read_terms,
)


async def redeem_at_till(
    session: AsyncSession, now: datetime, bounds: Bounds, request: RedemptionRequest
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
    program_id, account = request.till.program_id, find_account(look, request)
    await lock_paid_receipt(session, program_id, request.transaction_id)
    paying = (look, account, shop)
    terms = await read_terms(session, now, bounds, program_id, paying, request.bill)
    write = HoldWrite()
    write.books.origin = request.origin
    for hold in holding.expire_due(write.books, account, look.holds.values(), now):
        write.changed[hold.hold_id] = hold
    reference = request.receipt.receipt_number
    at_till = terms.at_till(now, request.points, request.bill, reference)
    made = _post(write, request, account, at_till)
    await write_holds(session, program_id, now, write)
    return made, True


def _post(
    write: HoldWrite, request: RedemptionRequest, account: Account, at_till: AtTill
) -> Captured:
    redemption_id = request.redemption_id
    posting = redeeming.redeem(write.books, account, redemption_id, request.points, at_till)
    write.redemptions.append(
        Redemption(
            redemption_id,
            account.account_id,
            posting.version,
            request.points,
            at_till.amount_minor,
            request.currency,
            at_till.reference,
            request.transaction_id,
            None,
            None,
            at_till.mall_id,
            at_till.shop_id,
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
        at_till.now,
        at_till.amount_minor,
        request.currency,
    )

"""A desk takes stars (or whatever a wallet holds) for something that its shop hands out."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger import ledger
from services.points.domain.ledger.account_checks import check_giver
from services.points.domain.ledger.ledger import Cause
from services.points.domain.wallets.errors import WalletIsBuiltIn
from services.points.domain.wallets.wallets import POINTS, check_redeemable
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.storage.wallets.wallets import find_mall, insert_redemption, lock_target

_OPERATION = "wallet_redemption"


@dataclass(frozen=True, slots=True)
class WalletRedemption:
    """What is taken from whom, where and for what."""

    member_id: UUID
    wallet: str
    points: int
    shop_id: UUID
    reference: str
    made_by: str
    key: str


async def redeem_wallet(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    redemption_id: UUID,
    asked: WalletRedemption,
    origin: tuple[str, str],
) -> tuple[dict[str, Any], bool]:
    """Spend at once, what ends first before the rest; once for the key of who asks. A till of the
    shop can undo it as any other redemption. Returns the answer, and whether it is new.

    Raises `WalletIsBuiltIn` (points are spent at tills), `WalletUnknown`, `WalletNotRedeemable`,
    `ShopUnknown`, `MemberUnknown`, `AccountFrozen`, `AccountMerged`, `InsufficientPoints`,
    `IdempotencyKeyReused`.
    """
    if asked.wallet == POINTS:
        raise WalletIsBuiltIn("Points are spent at tills.")
    target = await lock_target(session, program_id, asked.member_id, asked.wallet)
    account = target.account
    asked_hash = hash_request(
        asked.member_id, asked.wallet, asked.points, asked.shop_id, asked.reference
    )
    operation = f"{_OPERATION} of {asked.made_by}"
    done = await find_answer(
        session, program_id, operation, asked.key, asked_hash, former=_OPERATION
    )
    if done is not None:
        return done, False
    check_redeemable(target.wallet)
    check_giver(target.named)
    mall_id = await find_mall(session, program_id, asked.shop_id)
    await load_lots(session, program_id, {account.account_id: account})
    reason = {
        "rule": "wallet_redeemed",
        "reference": asked.reference,
        "made_by": asked.made_by,
    }
    cause = Cause(
        "redeem",
        ledger.REDEMPTION,
        "redemption",
        redemption_id,
        json.dumps(reason),
        mall_id=mall_id,
        shop_id=asked.shop_id,
    )
    write = Write()
    write.books.origin = origin
    posting = write.books.spend(account, asked.points, cause, now)
    await write_books(session, program_id, now, write)
    await insert_redemption(session, program_id, redemption_id, posting, asked.reference, now)
    answer = {
        "redemption_id": str(redemption_id),
        "wallet": asked.wallet,
        "points": asked.points,
        "version": posting.version,
        "balance": posting.balance_after,
    }
    await keep_answer(session, program_id, operation, asked.key, asked_hash, answer, now)
    return answer, True

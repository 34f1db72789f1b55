"""Paying with points: nothing is kept of what is refused."""

import pytest

from services.points.domain.ledger.errors import InsufficientPoints
from services.points.domain.receipts.receipts import ReceiptKey
from services.points.storage.spending.till_payments import RedemptionRequest
from services.points.usecases.spending.redeem_at_till import redeem_at_till
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.samples import BOUNDS
from tests.points.spending import held, member_with, set_redemption_policy, spendable


def request_of(mall: Mall, member_id: object, points: int) -> RedemptionRequest:
    """A till asks for so many points of a receipt over 1,000.00."""
    key = ReceiptKey(mall.shop_id, "T1", "R1", mall.clock().date())
    return RedemptionRequest(mall.till, member_id, None, key, 100_000, "CNY", points, "k")  # type: ignore[arg-type]


async def test_a_refusal_leaves_a_hold_that_ran_out_for_the_next(mall: Mall) -> None:
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 300)
    await held(mall, member_id, 100, ttl_seconds=60)
    mall.clock.advance(seconds=60)
    with pytest.raises(InsufficientPoints):
        async with transaction(mall.engine) as session:
            await redeem_at_till(session, mall.clock(), BOUNDS, request_of(mall, member_id, 400))
    assert await mall.rows("SELECT status FROM hold WHERE program_id = :p") == [("open",)]
    async with transaction(mall.engine) as session:
        made, is_new = await redeem_at_till(
            session, mall.clock(), BOUNDS, request_of(mall, member_id, 300)
        )
    assert (made.amount_minor, made.balance_after, is_new) == (300, 0, True)
    assert await mall.rows("SELECT status FROM hold WHERE program_id = :p") == [("expired",)]
    assert await spendable(mall, member_id) == (0, 0, 0)

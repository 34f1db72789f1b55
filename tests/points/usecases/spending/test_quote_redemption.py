"""A quote promises what a payment then does."""

from services.points.usecases.spending.quote_redemption import quote_redemption
from services.points.usecases.spending.redeem_at_till import redeem_at_till
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.samples import BOUNDS
from tests.points.spending import held, member_with, set_redemption_policy, spendable
from tests.points.usecases.spending.test_redeem_at_till import request_of


async def test_what_is_quoted_is_there_and_changes_nothing(mall: Mall) -> None:
    await set_redemption_policy(mall, step_points=7, step_minor=10, share_percent_max=30)
    member_id = await member_with(mall, 1_000)
    await held(mall, member_id, 333)
    before = await mall.rows("SELECT held, version, xmin::text FROM account WHERE program_id = :p")
    async with transaction(mall.engine) as session:
        offer = await quote_redemption(
            session, mall.clock(), BOUNDS, request_of(mall, member_id, 0)
        )
    assert (offer.available, offer.points_max, offer.amount_minor_max) == (667, 665, 950)
    rows = await mall.rows("SELECT held, version, xmin::text FROM account WHERE program_id = :p")
    assert rows == before
    async with transaction(mall.engine) as session:
        asked = request_of(mall, member_id, offer.points_max)
        made, _ = await redeem_at_till(session, mall.clock(), BOUNDS, asked)
    assert made.amount_minor == offer.amount_minor_max
    assert await spendable(mall, member_id) == (335, 2, 333)

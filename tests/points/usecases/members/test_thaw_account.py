"""What was frozen is free again, and what ended meanwhile lasts some days more."""

from datetime import UTC, datetime

from tests.points.mall import Mall
from tests.points.members import freeze, thaw
from tests.points.spending import redeem, reverse, set_redemption_policy, spendable


async def test_what_ended_while_frozen_lasts_some_days_after_the_thaw(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    member_id, other = await mall.enrol(), await mall.enrol()
    for owner in (member_id, other):
        await mall.sold(10_000, member_id=owner)
    whole = await freeze(mall, member_id)
    one = await freeze(mall, other, lot_version=1)
    mall.clock.advance(days=60)
    await thaw(mall, member_id, whole.json()["case_id"])
    await thaw(mall, other, one.json()["case_id"])
    ends = await mall.rows("SELECT DISTINCT expires_at FROM lot WHERE program_id = :p")
    # Sixty days on it is 9 May in the mall; the seventh day after that is the last.
    assert ends == [(datetime(2026, 5, 16, 16, tzinfo=UTC),)]
    assert (await mall.adjust(member_id, -100, "out")).status_code == 201
    assert (await mall.adjust(other, -100, "other out")).status_code == 201


async def test_what_comes_back_to_a_lot_that_was_emptied_while_frozen_is_free(mall: Mall) -> None:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    paid = (await redeem(mall, mall.sale(100_000), member_id, 40)).json()
    case = await freeze(mall, member_id, lot_version=1)
    refunded = await mall.push(mall.refund(sale, (1, 6_000)))
    assert refunded.json()["balance"] == 0
    await thaw(mall, member_id, case.json()["case_id"])
    assert (await reverse(mall, paid["redemption_id"])).status_code == 201
    assert (await spendable(mall, member_id))[:2] == (40, 40)

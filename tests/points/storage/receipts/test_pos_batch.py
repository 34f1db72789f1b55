"""Refunds through the till's door: of which line, and from which lots, they take."""

from datetime import timedelta

from tests.points.mall import Mall
from tests.points.members import merged
from tests.points.spending import dated_lots

STEPS = {"points": 5, "per_minor": 1_000, "step_minor": 1_000}
BY_LINE = {"programme": STEPS, "rounding_level": "line"}


async def test_with_steps_by_line_a_refund_takes_what_its_line_earned(mall: Mall) -> None:
    await mall.set_policy(**BY_LINE)
    member_id = await mall.enrol()
    sale = await mall.sold(1_999, 900, member_id=member_id)
    assert await mall.balance(member_id) == 5
    assert (await mall.push(mall.refund(sale, (2, 900)))).json()["points"] == 0
    assert (await mall.push(mall.refund(sale, (1, 1_999)))).json()["points"] == -5
    assert await mall.balance(member_id) == 0


async def test_after_a_merge_a_refund_still_goes_by_the_tier_of_who_bought(mall: Mall) -> None:
    await mall.set_policy(rounding_level="line", tier_multipliers_milli={"gold": 1_500})
    buyer, survivor = await mall.enrol("gold"), await mall.enrol()
    # 1.5 and 1.5 of 1.00 are 1 each; 3.00 are 4.5, so 4; without the tier 3 of 5 points.
    sale = await mall.sold(100, 100, 300, member_id=buyer)
    assert await mall.balance(buyer) == 6
    await merged(mall, buyer, survivor)
    assert (await mall.push(mall.refund(sale, (3, 300)))).json()["points"] == -4
    assert (await mall.push(mall.refund(sale, (1, 100)))).json()["points"] == -1


async def test_a_refund_takes_pending_points_first_and_of_either_kind_its_own(mall: Mall) -> None:
    member_id = await mall.enrol()
    good = await mall.sold(10_000, member_id=member_id)
    mall.clock.advance(days=1)
    await mall.set_policy(
        effective_from=(mall.clock() - timedelta(hours=1)).isoformat(),
        pending={"mode": "days", "days": 7},
    )
    waits = await mall.sold(5_000, member_id=member_id)
    await mall.sold(2_000, member_id=member_id)

    async def points() -> tuple[int, int]:
        found = (await mall.get(f"/v1/members/{member_id}/points", member_id)).json()
        return found["balance"], found["pending"]

    assert await points() == (170, 70)
    await mall.push(mall.refund(good, (1, 3_000)))
    assert await points() == (140, 40)
    # Of what is pending, its own before the other's.
    await mall.push(mall.refund(waits, (1, 2_000)))
    assert [lot for lot, _ in await dated_lots(mall, member_id)] == [100, 20]
    # What is not pending any more comes from what is good.
    await mall.push(mall.refund(waits, (1, 3_000)))
    assert await points() == (90, 0)
    assert [lot for lot, _ in await dated_lots(mall, member_id)] == [90]

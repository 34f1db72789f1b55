"""What a version of how points pay says, and where and when it counts."""

from datetime import timedelta
from uuid import uuid4

from tests.points.mall import Mall
from tests.points.spending import member_with, redeem, set_redemption_policy


async def test_a_tier_has_a_tariff_of_its_own(mall: Mall) -> None:
    gold = {"step_points": 50, "step_minor": 100}
    await set_redemption_policy(mall, share_percent_max=10, tiers={"gold": gold})
    member_id = await mall.enrol("gold")
    await mall.adjust(member_id, 1_000, "k")
    answer = await redeem(mall, mall.sale(1_000), member_id, 450)
    assert (answer.status_code, answer.json()["amount_minor"]) == (201, 900)


async def test_points_pay_only_where_and_when_the_policy_says(mall: Mall) -> None:
    member_id = await member_with(mall, 500)
    assert (await redeem(mall, mall.sale(500), member_id, 100)).json()["code"] == (
        "redemption_not_offered"
    )
    await set_redemption_policy(mall, shop_ids=[str(uuid4())])
    assert (await redeem(mall, mall.sale(500), member_id, 100)).json()["code"] == (
        "redemption_not_offered"
    )
    soon = mall.clock() + timedelta(hours=1)
    answer = await set_redemption_policy(
        mall, mall_ids=[str(mall.mall_id)], effective_from=soon.isoformat()
    )
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    mall.clock.advance(seconds=3_600)
    assert (await redeem(mall, mall.sale(500), member_id, 100)).status_code == 201
    earlier = await set_redemption_policy(mall)
    assert (earlier.status_code, earlier.json()["code"]) == (422, "policy_in_past")
    assert [p["version"] for p in (await mall.get("/v1/redemption-policies")).json()] == [1, 2]

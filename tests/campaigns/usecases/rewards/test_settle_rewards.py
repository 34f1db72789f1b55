"""Both kinds together, and the explanation that stays."""

from tests.campaigns.world import World, multiply, points_for


async def test_a_receipt_may_earn_by_both_kinds_and_each_grant_explains_itself(
    world: World,
) -> None:
    await world.publish(multiply())
    await world.publish(points_for(50))
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    await world.tell(sale)
    grants = {g["points"]: g for g in await world.grants(member.member_id)}
    assert set(grants) == {50, 1800}
    assert grants[1800]["inputs"] == {
        "receipts": [{"receipt_id": str(sale.receipt_id), "base_micro": 1_800_000_000}],
        "factor_thousandths": 2000,
        "tier": "basic",
    }
    assert grants[50]["inputs"]["receipts"] == [
        {"receipt_id": str(sale.receipt_id), "amount_minor": 179900}
    ]
    assert "满 1,799.00 CNY" in grants[50]["explanation"]["zh-CN"]


async def test_a_refund_that_waits_for_its_sale_gives_nothing(world: World) -> None:
    await world.publish(multiply())
    member = await world.enrol()
    sale = world.sale(10000, member.member_id)
    await world.tell(world.refund(sale, (1, 10000)))
    assert await world.grants(member.member_id) == []
    await world.tell(sale)
    assert await world.grants(member.member_id) == []

"""Back-dated campaigns find the receipts that are there."""

import asyncio

from tests.campaigns.world import World, at, multiply, points_for


async def test_a_campaign_of_the_past_scores_what_is_stored_in_batches(world: World) -> None:
    member = await world.enrol()
    await world.tell(*(world.sale(10000, member.member_id, at(9, i)) for i in range(25)))
    assert await world.net_points(member.member_id) == 0
    await world.publish(multiply())
    assert await world.net_points(member.member_id) == 2500
    assert await world.rescore() == 0


async def test_steps_are_as_small_as_told_and_an_empty_order_ends(world: World) -> None:
    member = await world.enrol()
    await world.tell(*(world.sale(10000, member.member_id, at(9, i)) for i in range(5)))
    await world.draft_and_publish(multiply())
    assert await world.rescore(batch_receipts_max=2) == 4


async def test_receipts_that_arrive_while_a_campaign_is_published_are_not_lost(
    world: World,
) -> None:
    members = [await world.enrol() for _ in range(10)]
    await asyncio.gather(
        world.publish(points_for(50)),
        *(world.tell(world.sale(180000, member.member_id)) for member in members),
    )
    await world.rescore()
    assert [await world.net_points(m.member_id) for m in members] == [50] * 10


async def test_what_is_bought_after_the_publication_is_judged_once(world: World) -> None:
    member = await world.enrol()
    await world.tell(world.sale(10000, member.member_id, at(9)))
    await world.draft_and_publish(multiply())
    await world.tell(*(world.sale(10000, member.member_id, at(10, i)) for i in range(5)))
    assert await world.net_points(member.member_id) == 500
    assert await world.rescore() == 2  # One step for what was there, one to see the end.
    assert await world.net_points(member.member_id) == 600


async def test_a_campaign_without_a_past_orders_nothing(world: World) -> None:
    await world.draft_and_publish(multiply())
    assert await world.rescore() == 0

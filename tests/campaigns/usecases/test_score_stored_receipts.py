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
    drafted = await world.client.post(
        "/v1/campaigns",
        json={
            "name": {"zh": "x", "en": "x"},
            "starts_at": "2026-03-01T00:00:00Z",
            "ends_at": "2026-04-01T00:00:00Z",
            "rule": multiply(),
        },
        headers={**world.staff(), "Idempotency-Key": "k"},
    )
    await world.client.post(
        f"/v1/campaigns/{drafted.json()['campaign_id']}/publish", headers=world.staff()
    )
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

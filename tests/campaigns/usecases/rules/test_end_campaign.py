"""The end of a campaign."""

from datetime import timedelta

from shared.contracts.campaigns import CampaignEnded
from tests.campaigns.usecases.rules.test_draft_campaign import SPEC
from tests.campaigns.world import World, at, multiply


async def test_what_is_bought_after_the_end_does_not_count_and_what_came_before_does(
    world: World,
) -> None:
    world.clock.now = at(12)
    campaign = await world.publish(multiply())
    member = await world.enrol()
    ahead = world.sale(10000, member.member_id, at(12) + timedelta(minutes=2))
    await world.tell(ahead)
    for _ in range(2):
        ended = await world.client.post(f"/v1/campaigns/{campaign}/end", headers=world.staff())
        assert (ended.status_code, ended.json()["status"]) == (200, "ended")
    await world.rescore()
    assert await world.net_points(member.member_id) == 0
    await world.tell(world.sale(10000, member.member_id, at(11)))
    assert await world.net_points(member.member_id) == 100
    assert len(await world.told(CampaignEnded)) == 1


async def test_a_draft_cannot_be_ended(world: World) -> None:
    drafted = await world.client.post(
        "/v1/campaigns", json=SPEC, headers={**world.staff(), "Idempotency-Key": "k"}
    )
    answer = await world.client.post(
        f"/v1/campaigns/{drafted.json()['campaign_id']}/end", headers=world.staff()
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_not_published")

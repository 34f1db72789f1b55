"""A new listener hears which campaigns are live."""

from services.campaigns.usecases.rules.announce_campaigns import announce_campaigns
from shared.contracts.campaigns import CampaignPublished
from shared.db import transaction
from tests.campaigns.world import World, multiply


async def test_live_campaigns_are_told_again_and_ended_ones_are_not(world: World) -> None:
    live = await world.publish(multiply())
    ended = await world.publish(multiply())
    await world.client.post(f"/v1/campaigns/{ended}/end", headers=world.staff())
    async with transaction(world.engine) as session:
        assert await announce_campaigns(session, world.clock()) >= 1
    told = [event.campaign_id for event in await world.told(CampaignPublished)]
    assert (told.count(live), told.count(ended)) == (2, 1)

"""Drafts change freely; what is published keeps its kind and family."""

from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.campaigns.usecases.rules.test_draft_campaign import SPEC
from tests.campaigns.world import World, multiply, points_for


async def change(world: World, campaign_id: UUID, **values: Any) -> tuple[int, Any]:
    answer = await world.client.put(
        f"/v1/campaigns/{campaign_id}/draft", json={**SPEC, **values}, headers=world.staff()
    )
    return answer.status_code, answer.json()


async def test_a_live_campaign_keeps_its_version_beside_the_draft(world: World) -> None:
    campaign = await world.publish(multiply(2000))
    status, body = await change(world, campaign, rule=multiply(3000))
    assert status == 200
    assert body["draft"]["rule"]["factor_thousandths"] == 3000
    assert body["versions"][0]["spec"]["rule"]["factor_thousandths"] == 2000


async def test_kind_and_family_of_a_published_campaign_are_fixed(world: World) -> None:
    campaign = await world.publish(multiply())
    assert (await change(world, campaign, rule=points_for(5)))[1]["code"] == "kind_is_fixed"
    assert (await change(world, campaign, family="spring"))[1]["code"] == "kind_is_fixed"


async def test_unknown_and_ended_campaigns_take_no_draft(world: World) -> None:
    assert (await change(world, new_id()))[1]["code"] == "campaign_unknown"
    campaign = await world.publish(multiply())
    await world.client.post(f"/v1/campaigns/{campaign}/end", headers=world.staff())
    assert (await change(world, campaign))[1]["code"] == "campaign_has_ended"

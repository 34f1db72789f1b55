"""Versions: immutable, live from their publication, each deciding its own purchases."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.campaigns import CampaignPublished
from shared.db import transaction
from shared.ids import new_id
from tests.campaigns.usecases.rules.test_change_draft import change
from tests.campaigns.usecases.rules.test_draft_campaign import SPEC
from tests.campaigns.world import World, at, multiply, spend


async def test_a_receipt_keeps_the_version_of_its_purchase(world: World) -> None:
    world.clock.now = at(12)
    campaign = await world.publish(multiply(2000))
    member = await world.enrol()
    before = world.sale(10000, member.member_id, at(11))
    await change(world, campaign, rule=multiply(3000))
    again = await world.client.post(f"/v1/campaigns/{campaign}/publish", headers=world.staff())
    assert again.json()["live_version"] == 2
    await world.rescore()
    await world.tell(before, world.sale(10000, member.member_id, at(13)))
    assert await world.net_points(member.member_id) == 100 + 200
    assert sorted(g["campaign_version"] for g in await world.grants(member.member_id)) == [1, 2]


async def test_publishing_again_without_a_draft_changes_nothing(world: World) -> None:
    campaign = await world.publish(multiply())
    again = await world.client.post(f"/v1/campaigns/{campaign}/publish", headers=world.staff())
    assert (again.status_code, again.json()["live_version"]) == (200, 1)
    (told,) = await world.told(CampaignPublished)
    assert (told.campaign_id, told.version, told.kind) == (campaign, 1, "points_multiplier")


async def test_a_campaign_that_names_unknown_things_is_not_published(world: World) -> None:
    rule = spend(scope={"brands": ["nope"], "mall_ids": [str(new_id())]})
    drafted = await world.client.post(
        "/v1/campaigns",
        json={**SPEC, "rule": rule},
        headers={**world.staff(), "Idempotency-Key": "k"},
    )
    answer = await world.client.post(
        f"/v1/campaigns/{drafted.json()['campaign_id']}/publish", headers=world.staff()
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "scope_unknown")
    assert set(answer.json()["unknown"]) == {"brand", "mall", "gift"}


async def test_an_ended_campaign_is_not_published_again(world: World) -> None:
    campaign = await world.publish(multiply())
    await world.client.post(f"/v1/campaigns/{campaign}/end", headers=world.staff())
    answer = await world.client.post(f"/v1/campaigns/{campaign}/publish", headers=world.staff())
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_has_ended")


async def test_the_database_refuses_to_change_a_version(world: World) -> None:
    campaign = await world.publish(multiply())
    statement = text("UPDATE campaign_version SET version = 9 WHERE campaign_id = :campaign")
    with pytest.raises(DBAPIError) as refused:
        async with transaction(world.engine) as session:
            await session.execute(statement, {"campaign": campaign})
    assert isinstance(refused.value.orig.__cause__, asyncpg.RaiseError)

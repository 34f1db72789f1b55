"""Handing gifts out, once, at the right desk."""

import asyncio
from typing import Any
from uuid import UUID

from shared.contracts.campaigns import GiftBillBackFlagged, GiftIssued, RewardRevoked
from shared.ids import new_id
from tests.campaigns.world import World, points_for, spend


async def issue(world: World, grant_id: Any, mall_id: UUID | None = None) -> tuple[int, Any]:
    answer = await world.client.post(
        f"/v1/grants/{grant_id}/issue",
        json={"mall_id": str(mall_id or world.mall_id)},
        headers=world.staff("desk"),
    )
    return answer.status_code, answer.json()


async def granted(world: World, **gift: Any) -> tuple[dict[str, Any], Any, Any]:
    await world.put_gift(**gift)
    await world.publish(spend(grant="automatic"))
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    await world.tell(sale)
    (grant,) = await world.grants(member.member_id)
    return grant, sale, member


async def test_a_gift_is_handed_out_once_however_often_it_is_asked(world: World) -> None:
    grant, _, _ = await granted(world)
    answers = await asyncio.gather(*(issue(world, grant["grant_id"]) for _ in range(6)))
    assert {(status, body["status"]) for status, body in answers} == {(200, "issued")}
    (told,) = await world.told(GiftIssued)
    assert (told.issued_by, told.gift_sku) == ("staff-1", "tote")


async def test_a_refund_and_a_desk_at_once_end_in_one_of_two_right_states(world: World) -> None:
    grant, sale, member = await granted(world)
    await asyncio.gather(
        issue(world, grant["grant_id"]), world.tell(world.refund(sale, (1, 90000)))
    )
    (after,) = await world.grants(member.member_id)
    revoked = await world.told(RewardRevoked)
    flagged = await world.told(GiftBillBackFlagged)
    outcome = (after["status"], len(revoked), len(flagged))
    assert outcome in {("revoked", 1, 0), ("bill_back", 0, 1)}


async def test_a_revoked_gift_and_points_are_not_handed_out(world: World) -> None:
    grant, sale, member = await granted(world)
    await world.tell(world.refund(sale, (1, 90000)))
    status, body = await issue(world, grant["grant_id"])
    assert (status, body["code"], body["grant_status"]) == (409, "grant_not_issuable", "revoked")
    await world.publish(points_for(5))
    await world.tell(world.sale(180000, member.member_id))
    points = next(g for g in await world.grants(member.member_id) if g["kind"] == "points")
    assert (await issue(world, points["grant_id"]))[1]["code"] == "grant_not_issuable"
    assert (await issue(world, new_id()))[1]["code"] == "grant_unknown"


async def test_a_malls_gift_is_handed_out_there(world: World) -> None:
    grant, _, _ = await granted(world, mall=world.mall_id)
    status, body = await issue(world, grant["grant_id"], world.other_mall_id)
    assert (status, body["code"]) == (409, "gift_of_other_mall")
    assert (await issue(world, grant["grant_id"]))[0] == 200


async def test_somebody_without_a_card_gets_the_gift_later_too(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    sale = world.sale(200000)
    await world.tell(sale)
    claim = await world.claim(campaign, sale)
    assert (await issue(world, claim["grant_id"]))[1]["status"] == "issued"

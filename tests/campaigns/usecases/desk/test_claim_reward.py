"""The desk, over HTTP: G-1 to G-6 and every reason to refuse."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.auth import make_member_code
from shared.contracts.campaigns import (
    GiftBillBackFlagged,
    GiftIssued,
    RewardGranted,
    RewardRevoked,
)
from shared.ids import new_id
from tests.campaigns.world import DAY, World, at, line, multiply, paper, points_for, spend
from tests.support.service import DEPLOYMENT_KEY


@pytest.mark.parametrize(
    ("amount", "has_card", "decision", "shortfall"),
    [
        (199900, False, "granted", 0),
        (199899, False, "refused", 1),
        (179900, True, "granted", 0),
        (179899, True, "refused", 1),
    ],
)
async def test_g1_the_threshold_of_members_and_of_others(
    world: World, amount: int, has_card: bool, decision: str, shortfall: int
) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    member = await world.enrol()
    sale = world.sale(amount, member.member_id if has_card else None)
    await world.tell(sale)
    card = {"member_number": member.member_number} if has_card else {}
    answer = await world.claim(campaign, sale, **card)
    assert (answer["decision"], answer["shortfall_minor"]) == (decision, shortfall)
    assert answer["reason"] == (None if decision == "granted" else "below_threshold")
    assert answer["reward"]["gift_name"] == {"zh-CN": "托特包", "en": "Tote"}


@pytest.mark.parametrize(("days", "decision"), [(0, "granted"), (1, "refused")])
async def test_g2_one_day_adds_up_and_two_days_do_not(
    world: World, days: int, decision: str
) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(basis="day", scope={"brands": ["acme"]}))
    member = await world.enrol()
    first = world.sale(90000, member.member_id)
    second = world.sale(89900, member.member_id, at(20, day=DAY + timedelta(days=days)))
    await world.tell(first, second)
    answer = await world.claim(campaign, first, second, member_id=str(member.member_id))
    assert answer["decision"] == decision
    if decision == "granted":
        assert [r["used_minor"] for r in answer["receipts"]] == [90000, 89900]


async def test_g3_an_unlisted_brand_leaves_a_shortfall(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(basis="day", scope={"brands": ["acme"]}))
    member = await world.enrol()
    sale = world.sale([line(169900), line(10000, number=2, brand="unlisted")], member.member_id)
    await world.tell(sale)
    answer = await world.claim(campaign, sale, member_id=str(member.member_id))
    assert (answer["decision"], answer["reason"]) == ("refused", "below_threshold")
    assert answer["shortfall_minor"] == 10000
    assert answer["receipts"][0]["eligible_minor"] == 169900


async def test_g4_a_second_claim_and_another_card_are_refused(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(limit_per_member=1))
    member, friend = await world.enrol(), await world.enrol()
    first = world.sale(180000, member.member_id)
    second = world.sale(180000, member.member_id)
    nobodys = world.sale(200000)
    await world.tell(first, second, nobodys)
    mine: dict[str, Any] = {"member_id": str(member.member_id)}
    assert (await world.claim(campaign, first, **mine))["decision"] == "granted"
    assert (await world.claim(campaign, first, **mine))["reason"] == "receipt_used"
    assert (await world.claim(campaign, second, **mine))["reason"] == "limit_reached"
    other = {"member_id": str(friend.member_id)}
    assert (await world.claim(campaign, first, **other))["reason"] == "receipt_of_other_member"
    assert (await world.claim(campaign, first))["reason"] == "receipt_of_other_member"
    assert (await world.claim(campaign, nobodys, **other))["decision"] == "granted"
    assert (await world.claim(campaign, nobodys))["reason"] == "receipt_used"


async def test_g5_two_desks_claim_the_last_gift_and_one_gets_it(world: World) -> None:
    await world.put_gift(stock=1)
    campaign = await world.publish(spend())
    members = [await world.enrol() for _ in range(8)]
    sales = [world.sale(180000, m.member_id) for m in members]
    await world.tell(*sales)
    answers = await asyncio.gather(
        *(
            world.claim(campaign, sale, member_id=str(m.member_id))
            for sale, m in zip(sales, members, strict=True)
        )
    )
    assert sorted(a["decision"] for a in answers) == ["granted"] + ["refused"] * 7
    assert {a["reason"] for a in answers} == {None, "out_of_stock"}
    gift = await world.client.get("/v1/gifts/tote", headers=world.staff())
    assert gift.json()["stock"][0]["remaining"] == 0


async def test_g6_a_gift_taken_and_a_refund_is_billed_back_and_bonus_points_go_pro_rata(
    world: World,
) -> None:
    await world.put_gift()
    await world.publish(multiply())
    campaign = await world.publish(spend())
    member = await world.enrol()
    sale = world.sale(180000, member.member_id)
    await world.tell(sale)
    assert await world.net_points(member.member_id) == 1800
    answer = await world.claim(campaign, sale, member_id=str(member.member_id), hand_out=True)
    assert answer["is_handed_out"] is True
    await world.tell(world.refund(sale, (1, 60000)))
    (flag,) = await world.told(GiftBillBackFlagged)
    assert (str(flag.grant_id), flag.shortfall_minor) == (answer["grant_id"], 59900)
    assert await world.net_points(member.member_id) == 1200
    (revoked,) = await world.told(RewardRevoked)
    assert (revoked.kind, revoked.points, revoked.reason) == ("points", 600, "receipt_refunded")
    grant = await world.client.get(f"/v1/grants/{answer['grant_id']}", headers=world.staff())
    assert grant.json()["status"] == "bill_back"
    assert len(await world.told(GiftIssued)) == 1


async def test_a_gift_not_yet_taken_goes_back_to_the_shelf_after_a_refund(world: World) -> None:
    await world.put_gift(stock=1)
    campaign = await world.publish(spend())
    sale = world.sale(200000)
    await world.tell(sale)
    answer = await world.claim(campaign, sale)
    await world.tell(world.refund(sale, (1, 60000)))
    (revoked,) = await world.told(RewardRevoked)
    assert str(revoked.grant_id) == answer["grant_id"]
    gift = await world.client.get("/v1/gifts/tote", headers=world.staff())
    assert gift.json()["stock"][0]["remaining"] == 1
    assert (await world.claim(campaign, sale))["reason"] == "below_threshold"


async def test_people_without_a_card_cannot_add_receipts_up(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(basis="day"))
    sales = [world.sale(100000), world.sale(100000), world.sale(199900)]
    await world.tell(*sales)
    answer = await world.claim(campaign, *sales[:2])
    assert (answer["reason"], answer["shortfall_minor"]) == ("below_threshold", 99900)
    assert (await world.claim(campaign, *sales))["decision"] == "granted"


async def test_a_member_adds_nobodys_receipt_to_their_own(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(basis="day"))
    member = await world.enrol()
    own, nobodys = world.sale(90000, member.member_id), world.sale(89900)
    await world.tell(own, nobodys)
    answer = await world.claim(campaign, own, nobodys, member_id=str(member.member_id))
    assert answer["decision"] == "granted"
    await world.tell(world.refund(nobodys, (1, 1)))
    (revoked,) = await world.told(RewardRevoked)
    assert revoked.member_id == member.member_id


async def test_a_receipt_is_used_once_in_its_family(world: World) -> None:
    await world.put_gift()
    first = await world.publish(spend(), family="spring")
    second = await world.publish(spend(), family="spring")
    third = await world.publish(spend())
    member = await world.enrol()
    sale = world.sale(200000, member.member_id)
    await world.tell(sale)
    card = {"member_id": str(member.member_id)}
    assert (await world.claim(first, sale, **card))["decision"] == "granted"
    refused = await world.claim(second, sale, **card)
    assert (refused["reason"], refused["shortfall_minor"]) == ("receipt_used", 159800)
    assert refused["receipts"][0]["available_minor"] == 20100
    assert (await world.claim(third, sale, **card))["decision"] == "granted"


async def test_reasons_of_receipts_members_and_campaigns(world: World) -> None:
    await world.put_gift()
    campaign = await world.publish(spend(scope={"brands": ["unlisted"]}))
    closed = await world.publish(spend(non_member_threshold_minor=None))
    member = await world.enrol()
    sale = world.sale(200000, member.member_id)
    early = world.sale(200000, member.member_id, at(12, day=DAY - timedelta(days=30)))
    await world.tell(sale, early)
    card = {"member_id": str(member.member_id)}
    unknown = world.sale(200000)
    assert (await world.claim(campaign, sale, **card))["reason"] == "not_in_scope"
    assert (await world.claim(campaign, early, **card))["reason"] == "campaign_not_live"
    assert (await world.claim(campaign, unknown, **card))["reason"] == "receipt_unknown"
    stranger = await world.claim(campaign, sale, member_id=str(new_id()))
    assert stranger["reason"] == "member_unknown"
    assert (await world.claim(closed, sale))["reason"] == "members_only"
    ended = await world.client.post(f"/v1/campaigns/{closed}/end", headers=world.staff())
    assert ended.status_code == 200
    assert (await world.claim(closed, sale, **card))["reason"] == "campaign_not_live"


async def test_a_claim_for_points_gives_them_and_an_automatic_campaign_has_no_desk(
    world: World,
) -> None:
    rule = spend(reward={"kind": "points", "points": 500})
    campaign = await world.publish(rule)
    member = await world.enrol()
    sale = world.sale(200000, member.member_id)
    await world.tell(sale)
    code = make_member_code(
        DEPLOYMENT_KEY, world.program_id, member.member_id, int(world.clock().timestamp()) + 60
    )
    answer = await world.claim(campaign, sale, member_code=code)
    assert answer["decision"] == "granted"
    (granted,) = await world.told(RewardGranted)
    assert (granted.points, granted.member_id) == (500, member.member_id)
    automatic = await world.publish(points_for(5))
    refused = await world.client.post(
        f"/v1/campaigns/{automatic}/claims",
        json={"mall_id": str(world.mall_id), "receipts": [paper(sale)]},
        headers={**world.staff("desk"), "Idempotency-Key": "k"},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "claim_not_served")


async def test_the_same_request_gets_the_same_answer_and_another_with_its_key_is_refused(
    world: World,
) -> None:
    await world.put_gift()
    campaign = await world.publish(spend())
    sale = world.sale(200000)
    await world.tell(sale)
    first = await world.claim(campaign, sale, key="once")
    assert await world.claim(campaign, sale, key="once") == first
    other = await world.client.post(
        f"/v1/campaigns/{campaign}/claims",
        json={"mall_id": str(world.mall_id), "receipts": [paper(sale)], "hand_out": True},
        headers={**world.staff("desk"), "Idempotency-Key": "once"},
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    twins = await asyncio.gather(
        *(world.claim(campaign, sale, key="twins", desk="L1") for _ in range(4))
    )
    assert len({t["claim_id"] for t in twins}) == 1


async def test_a_malls_own_shelf_serves_its_desk_only(world: World) -> None:
    await world.put_gift(stock=1, mall=world.other_mall_id)
    campaign = await world.publish(spend())
    sale = world.sale(200000)
    await world.tell(sale)
    assert (await world.claim(campaign, sale))["reason"] == "out_of_stock"

"""What waited for a member is posted in the order it was bought."""

from datetime import timedelta

from services.points.usecases.receipts.post_waiting import post_waiting
from shared.contracts.points import PointsPosted
from shared.db import transaction
from shared.ids import new_id, new_member_number
from tests.points.mall import Mall


async def test_what_waited_is_posted_in_the_order_it_was_bought(mall: Mall) -> None:
    member_id, number = new_id(), new_member_number()
    earlier = (mall.clock() - timedelta(hours=1)).isoformat()
    late = mall.sale(10_000, member_number=number)
    early = mall.sale(20_000, member_number=number, purchased_at=earlier)
    await mall.push_batch([late, mall.refund(late), early])
    await mall.hear(mall.enrolled(member_id, number))
    postings = await mall.told(PointsPosted)
    assert [p.points for p in postings] == [200, 100, -100]
    assert [p.version for p in postings] == [1, 2, 3]


async def test_other_members_receipts_go_on_waiting(mall: Mall) -> None:
    await mall.push(mall.sale(10_000, member_number=new_member_number()))
    await mall.push(mall.sale(10_000, member_id=new_id()))
    await mall.enrol()
    assert [row[1] for row in await mall.books()] == ["waiting_member"] * 2


async def test_where_nothing_waits_nothing_is_posted(mall: Mall) -> None:
    member_id = await mall.enrol()
    async with transaction(mall.engine) as session:
        members = [("", member_id)]
        assert await post_waiting(session, mall.clock(), mall.program_id, members, {}) == 0


async def test_what_waited_for_somebody_is_looked_at_as_if_they_had_been_there(mall: Mall) -> None:
    velocity = {"per": "member", "window_seconds": 3_600, "receipts_max": 2}
    await mall.client.put("/v1/review-rules", json={"velocities": [velocity]}, headers=mall.staff())
    # By the number nobody could tell whose they are; by the id, how many they are.
    for names_by_id, held_at_the_till in ((False, 0), (True, 2)):
        member_id, number = new_id(), new_member_number()
        named = {"member_id": str(member_id)} if names_by_id else {"member_number": number}
        statuses = []
        for minutes in (30, 20, 10, 0):
            at = (mall.clock() - timedelta(minutes=minutes)).isoformat()
            sale = mall.sale(10_000, purchased_at=at, **named)
            statuses.append((await mall.push(sale)).json()["status"])
            await mall.push(mall.refund(sale, (1, 5_000)))
        assert statuses.count("in_review") == held_at_the_till
        await mall.hear(mall.enrolled(member_id, number))
        # Two are as many as people buy.
        assert await mall.balance(member_id) == 100
        found = (await mall.get("/v1/cases", status="open")).json()["cases"]
        assert {why["receipts"] for case in found for why in case["reasons"]} == {4, 3}
        for case in found:
            done = await mall.post(f"/v1/cases/{case['case_id']}/approval", {"note": "Seen"})
            assert done.json()["receipt_status"] == "posted"
        assert await mall.balance(member_id) == 200
        mall.clock.advance(hours=3)


async def test_what_staff_let_earn_before_its_member_was_there_is_looked_at_for_who_it_is(
    mall: Mall,
) -> None:
    rules = {"again_days": 1, "own_card": "shop"}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    member_id, number = new_id(), new_member_number()
    sale = mall.sale(10_000, member_number=number)
    await mall.push(sale)
    day = (mall.clock() - timedelta(days=1)).date().isoformat()
    assert (await mall.push({**sale, "business_date": day})).json()["status"] == "in_review"
    [case] = (await mall.get("/v1/cases", status="open")).json()["cases"]
    done = await mall.post(f"/v1/cases/{case['case_id']}/approval", {"note": "Seen"})
    assert done.json()["receipt_status"] == "waiting_member"
    await mall.hear(mall.enrolled(member_id, number))
    assert await mall.balance(member_id) == 200

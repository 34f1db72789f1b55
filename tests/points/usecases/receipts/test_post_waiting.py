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

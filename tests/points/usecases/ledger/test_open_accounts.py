"""Members join, before, while and after their receipts arrive."""

import asyncio

from services.points.consumer import HANDLERS
from shared.contracts.membership import MemberEnrolled
from shared.db import transaction
from shared.ids import new_id, new_member_number
from tests.points.mall import Mall
from tests.support.service import deliver


async def test_an_enrolment_opens_an_account_once(mall: Mall) -> None:
    event = mall.enrolled(new_id(), new_member_number())
    await mall.hear(event, event)
    assert await mall.balance(event.member_id) == 0
    assert await mall.rows("SELECT status FROM account WHERE program_id = :p") == [("open",)]


async def test_many_enrolments_in_one_batch_open_all(mall: Mall) -> None:
    events = [mall.enrolled(new_id(), new_member_number()) for _ in range(20)]
    await mall.push_batch([mall.sale(100, member_number=e.member_number) for e in events])
    async with transaction(mall.engine) as session:
        handler = HANDLERS[MemberEnrolled]
        await handler(session, mall.clock(), deliver(*events, *events[:5]))
    assert {await mall.balance(event.member_id) for event in events} == {1}


async def test_what_waits_earns_by_the_tier_the_member_joined_with(mall: Mall) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 2_000})
    member_id, number = new_id(), new_member_number()
    await mall.push(mall.sale(10_000, member_number=number))
    await mall.hear(mall.enrolled(member_id, number, "gold"))
    assert await mall.balance(member_id) == 200


async def test_a_receipt_and_its_members_enrolment_meet_however_they_race(
    mall: Mall, twin: Mall
) -> None:
    for _ in range(25):
        member_id, number = new_id(), new_member_number()
        event = mall.enrolled(member_id, number)
        by_number = mall.sale(10_000, member_number=number)
        by_id = mall.sale(10_000, member_id=member_id)
        _, *answers = await asyncio.gather(twin.hear(event), mall.push(by_number), twin.push(by_id))
        assert [a.status_code for a in answers] == [201, 201]
        assert await mall.balance(member_id) == 200

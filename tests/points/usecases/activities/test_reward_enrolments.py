"""Joining earns, where the programme says so, once a member."""

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.usecases.activities.test_record_activity import rule

NUMBER = "612345678904"


async def test_who_joins_gets_what_the_rule_of_that_day_gives_once(mall: Mall) -> None:
    early = await mall.enrol()
    await rule(mall, "enrolled", 50)
    member_id = new_id()
    event = mall.enrolled(member_id, NUMBER)
    for _ in range(2):
        await mall.hear(event)
    assert (await mall.balance(early), await mall.balance(member_id)) == (0, 50)
    why = (await mall.get(f"/v1/members/{member_id}/postings/1", member_id)).json()
    assert why["sentences"] == {"zh-CN": "入会获得50积分。", "en": "50 points for joining."}


async def test_who_joined_before_the_rule_gets_nothing_by_it(mall: Mall) -> None:
    body = {"kind": "enrolled", "effective_from": mall.clock().isoformat(), "points": 50}
    assert (await mall.post("/v1/activity-rules", body)).status_code == 201
    assert await mall.balance(await mall.enrol()) == 0


async def test_a_receipt_that_waited_and_the_welcome_are_both_posted(mall: Mall) -> None:
    await rule(mall, "enrolled", 50)
    member_id = new_id()
    assert (await mall.push(mall.sale(10_000, member_number=NUMBER))).status_code == 201
    await mall.hear(mall.enrolled(member_id, NUMBER))
    assert await mall.balance(member_id) == 150

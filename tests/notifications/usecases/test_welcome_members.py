import asyncio

import pytest

from shared.db import driver, transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay, titles


async def test_what_came_before_the_member_is_let_go_by_the_enrolment(hearsay: Hearsay) -> None:
    member_id = new_id()
    await hearsay.hear(hearsay.tiers(), hearsay.granted(member_id))
    await hearsay.send()
    assert [row["state"] for row in await hearsay.messages()] == ["waiting_member"]

    later = hearsay.clock.advance(days=10)
    await hearsay.hear(hearsay.enrolled(member_id, locale="zh-CN"))
    await hearsay.send()
    rows = await hearsay.messages()
    assert titles(rows) == ["获得1,200积分", "欢迎加入"]
    assert {row["planned_at"] for row in rows} == {later}
    assert await hearsay.broken() == {}


@pytest.mark.parametrize("turn", range(5))
async def test_a_reward_and_its_member_s_enrolment_that_overlap_never_wait_for_ever(
    hearsay: Hearsay, turn: int
) -> None:
    await hearsay.hear(hearsay.tiers())
    members = [new_id() for _ in range(40)]
    orders = [members, members[::-1], members[turn:] + members[:turn]]
    await asyncio.gather(
        hearsay.hear(*(hearsay.granted(m) for m in orders[0])),
        hearsay.hear(*(hearsay.enrolled(m) for m in orders[1])),
        hearsay.hear(*(hearsay.risen(m, "gold") for m in orders[2])),
    )
    assert {row["state"] for row in await hearsay.messages()} <= {"planned", "sent"}
    await hearsay.send()
    assert {row["state"] for row in await hearsay.messages()} == {"sent"}
    assert await hearsay.broken() == {}


async def test_a_member_announced_again_is_welcomed_once_and_the_copy_is_the_newest(
    hearsay: Hearsay,
) -> None:
    member = hearsay.enrolled(locale="en")
    again = member.model_copy(update={"locale": "zh-CN"})
    await hearsay.hear(member)
    await hearsay.hear(again, again)
    assert len(await hearsay.messages()) == 1
    async with transaction(hearsay.engine) as session:
        row = await (await driver(session)).fetchrow("SELECT * FROM member")
    assert (row["locale"], row["member_number"]) == ("zh-CN", member.member_number)


async def test_what_waited_gets_the_words_in_force_when_the_member_is_known(
    hearsay: Hearsay,
) -> None:
    from services.notifications.domain.causes import CauseKind
    from services.notifications.domain.wording import Wording
    from services.notifications.usecases.save_template import save_template

    member_id = new_id()
    await hearsay.hear(hearsay.granted(member_id))
    async with transaction(hearsay.engine) as session:
        wording = Wording("More points", "{{ points }}")
        await save_template(
            session,
            hearsay.clock(),
            hearsay.program_id,
            CauseKind.REWARD_POINTS,
            "en",
            wording,
            "staff-1",
        )
    await hearsay.hear(hearsay.enrolled(member_id))
    await hearsay.send()
    reward = (await hearsay.messages())[0]
    assert (reward["title"], reward["template_version"]) == ("More points", 1)

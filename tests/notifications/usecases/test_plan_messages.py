import asyncio
from datetime import timedelta

from services.notifications.domain.causes import Cause, CauseKind
from services.notifications.domain.messages import Channel
from services.notifications.usecases.plan_messages import plan_messages
from shared.db import transaction
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay


def cause(hearsay: Hearsay, **values: object) -> Cause:
    said = {
        "member_id": new_id(),
        "kind": CauseKind.TIER_UP,
        "cause_id": "gold:1",
        "occurred_at": hearsay.clock(),
        "facts": {"tier": "gold", "from_tier": "silver"},
    }
    return Cause(**{**said, **values})  # type: ignore[arg-type]


async def plan(hearsay: Hearsay, *causes: Cause) -> int:
    async with transaction(hearsay.engine) as session:
        return await plan_messages(session, hearsay.clock(), hearsay.program_id, causes)


async def test_a_cause_is_told_once_however_often_it_is_heard(hearsay: Hearsay) -> None:
    rise = cause(hearsay)
    assert await plan(hearsay, rise, rise) == 1
    assert await plan(hearsay, rise) == 0
    assert len(await hearsay.messages()) == 1


async def test_the_same_cause_heard_by_many_at_once_is_told_once(hearsay: Hearsay) -> None:
    causes = [cause(hearsay) for _ in range(50)]
    planned = await asyncio.gather(
        *(plan(hearsay, *(causes if turn % 2 else reversed(causes))) for turn in range(5))
    )
    assert sum(planned) == 50
    assert len(await hearsay.messages()) == 50


async def test_a_further_step_of_a_cause_is_a_message_of_its_own(hearsay: Hearsay) -> None:
    rise = cause(hearsay)
    assert await plan(hearsay, rise) == 1
    assert await plan(hearsay, cause(hearsay, member_id=rise.member_id, step=2)) == 1


async def test_a_member_who_is_not_known_yet_is_waited_for(hearsay: Hearsay) -> None:
    await plan(hearsay, cause(hearsay))
    [row] = await hearsay.messages()
    assert (row["state"], row["locale"], row["template_version"]) == ("waiting_member", None, None)


async def test_a_known_member_s_message_is_due_at_once_in_their_language(hearsay: Hearsay) -> None:
    member = hearsay.enrolled(locale="zh-CN")
    await hearsay.hear(member)
    await plan(hearsay, cause(hearsay, member_id=member.member_id))
    row = (await hearsay.messages())[-1]
    assert (row["state"], row["locale"], row["template_version"]) == ("planned", "zh-CN", 0)
    assert row["due_at"] == hearsay.clock()


async def test_a_cause_of_last_year_is_planned_like_any_other(hearsay: Hearsay) -> None:
    past = hearsay.clock() - timedelta(days=365)
    await plan(hearsay, cause(hearsay, occurred_at=past))
    [row] = await hearsay.messages()
    assert (row["occurred_at"], row["due_at"]) == (past, hearsay.clock())


async def test_a_programme_with_two_channels_tells_through_both(hearsay: Hearsay) -> None:
    await hearsay.choose(Channel.FILE, Channel.INBOX)
    assert await plan(hearsay, cause(hearsay)) == 2
    assert {row["channel"] for row in await hearsay.messages()} == {"inbox", "file"}


async def test_nothing_to_plan_is_nothing_done(hearsay: Hearsay) -> None:
    assert await plan(hearsay) == 0

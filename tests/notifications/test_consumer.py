from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.consumer import HANDLERS
from services.notifications.domain.errors import RewardIncomplete
from shared.contracts.event import EVENT_TYPES
from shared.contracts.points import ExpiringOn, PointsExpiringSoon
from shared.ids import new_id
from tests.notifications.hearsay import Hearsay, titles


async def test_a_rise_raised_again_by_a_correction_is_told_once(hearsay: Hearsay) -> None:
    member = hearsay.enrolled()
    rise = hearsay.risen(member.member_id, "gold", hearsay.clock())
    await hearsay.hear(
        hearsay.tiers(),
        member,
        rise,
        rise.model_copy(update={"version": 3, "direction": "down", "to_tier": "basic"}),
        rise.model_copy(
            update={"version": 4, "effective_at": rise.effective_at + timedelta(days=2)}
        ),
    )
    await hearsay.send()
    assert titles(await hearsay.messages()) == ["Welcome", "You are now Gold"]


@pytest.mark.parametrize("direction", ["down", "corrected"])
async def test_a_fall_or_a_correction_is_not_written_about(
    hearsay: Hearsay, direction: str
) -> None:
    member = hearsay.enrolled()
    change = hearsay.risen(member.member_id, "basic", direction=direction)
    await hearsay.hear(member, change)
    assert len(await hearsay.messages()) == 1


async def test_a_member_who_rises_by_two_tiers_in_two_steps_hears_of_both(
    hearsay: Hearsay,
) -> None:
    member = hearsay.enrolled(locale="zh-CN")
    await hearsay.hear(
        hearsay.tiers(),
        member,
        hearsay.risen(member.member_id, "silver"),
        hearsay.risen(member.member_id, "gold", from_tier="silver", version=3),
    )
    await hearsay.send()
    assert titles(await hearsay.messages())[1:] == ["恭喜升级为Silver", "恭喜升级为Gold"]


async def test_a_reward_of_nobody_s_is_told_to_nobody(hearsay: Hearsay) -> None:
    await hearsay.hear(hearsay.granted(None), hearsay.gift(None))
    assert await hearsay.messages() == []


async def test_a_reward_delivered_again_with_another_event_id_is_told_once(
    hearsay: Hearsay,
) -> None:
    granted = hearsay.granted(new_id())
    for _ in range(5):
        await hearsay.hear(granted, granted)
    assert len(await hearsay.messages()) == 1


async def test_a_gift_without_a_name_is_called_by_its_number(hearsay: Hearsay) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(), member, hearsay.gift(member.member_id, gift_name=None))
    await hearsay.send()
    assert titles(await hearsay.messages())[1] == "A gift for you: tea-set"


@pytest.mark.parametrize(
    "hole", [{"points": None}, {"points": 0}, {"campaign_name": ""}, {"kind": "gift"}]
)
async def test_a_reward_that_does_not_say_what_it_is_is_put_aside(
    hearsay: Hearsay, hole: dict[str, object]
) -> None:
    with pytest.raises(RewardIncomplete):
        await hearsay.hear(hearsay.granted(new_id()).model_copy(update=hole))
    assert await hearsay.messages() == []


async def test_a_name_with_a_nul_does_not_stop_the_line(hearsay: Hearsay) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(
        hearsay.tiers(), member, hearsay.gift(member.member_id, gift_name="Tea\x00set")
    )
    await hearsay.send()
    assert titles(await hearsay.messages())[1] == "A gift for you: Tea set"


def test_messages_are_planned_from_news_of_what_has_happened_and_from_nothing_else() -> None:
    """So that a message can never break or delay a posting: the ledger is not even listened to."""
    assert {event.TOPIC for event in HANDLERS} == {
        "membership.lifecycle",
        "membership.directory",
        "membership.access",
        "campaigns.rewards",
        "points.reminders",
    }
    assert all(EVENT_TYPES[event.TYPE] is event for event in HANDLERS)


def expiring(hearsay: Hearsay, member_id: UUID, **values: Any) -> PointsExpiringSoon:
    """Points of the member that end in April."""
    said: dict[str, Any] = {
        "account_id": member_id,
        "wallet": "points",
        "month": date(2026, 4, 1),
        "points": 1_150,
        "deadlines": (
            ExpiringOn(on=date(2026, 4, 5), points=1_120),
            ExpiringOn(on=date(2026, 4, 30), points=30),
        ),
        "told_at": hearsay.clock(),
    }
    return PointsExpiringSoon(
        **{**said, **values}, program_id=hearsay.program_id, member_id=member_id
    )


async def test_a_member_is_reminded_once_of_a_months_points_in_their_language(
    hearsay: Hearsay,
) -> None:
    english, chinese = new_id(), new_id()
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled(english))
    await hearsay.hear(hearsay.enrolled(chinese, locale="zh-CN"))
    await hearsay.hear(expiring(hearsay, english), expiring(hearsay, english))
    await hearsay.hear(
        expiring(
            hearsay,
            chinese,
            points=30,
            deadlines=(ExpiringOn(on=date(2026, 4, 30), points=30),),
        )
    )
    await hearsay.send()
    found = [
        (row["title"], row["body"])
        for row in await hearsay.messages()
        if row["cause_kind"] == "points_expiring"
    ]
    assert found == [
        (
            "1,150 points will end soon",
            "1,120 points can be used until 5 April 2026, the rest until 30 April 2026 at the "
            "latest. Use them in time.",
        ),
        ("30积分即将到期", "其中30积分的最后可用日为2026年4月30日。请尽早使用。"),
    ]


async def test_what_ends_in_another_wallet_is_not_written_about(hearsay: Hearsay) -> None:
    member_id = new_id()
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled(member_id))
    before = len(await hearsay.messages())
    await hearsay.hear(expiring(hearsay, member_id, wallet="stars", account_id=new_id()))
    assert len(await hearsay.messages()) == before

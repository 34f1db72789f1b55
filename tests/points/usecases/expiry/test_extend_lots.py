"""A campaign lets points last longer: once, never shorter, and not what is over."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.expiry.errors import ExpiryChangeIncomplete
from services.points.domain.expiry.expiry import end_of_day
from services.points.domain.ledger.errors import MemberUnknown
from shared.contracts.campaigns import ExpiryChangeGranted
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.nights import given

DAY = timedelta(days=1)
SHANGHAI = "Asia/Shanghai"


def granted(mall: Mall, member_id: UUID, **fields: Any) -> ExpiryChangeGranted:
    event = {
        "program_id": mall.program_id,
        "grant_id": new_id(),
        "member_id": member_id,
        "campaign_id": new_id(),
        "campaign_version": 3,
        "campaign_name": "Spring",
        "kind": "days",
        "amount": 10,
        "granted_at": mall.clock(),
    }
    return ExpiryChangeGranted(**{**event, **fields})


async def days(mall: Mall, member_id: UUID) -> list[str]:
    answer = await mall.get(f"/v1/members/{member_id}/points/expiring", member_id)
    return [deadline["on"] for deadline in answer.json()["deadlines"]]


async def test_a_grant_lets_points_last_longer_once_however_often_it_is_told(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    await given(mall, member_id, 5, None)
    event = granted(mall, member_id)
    await mall.hear(event)
    await mall.hear(event)
    assert await days(mall, member_id) == ["2026-04-09"]
    [change] = await mall.rows("SELECT kind, reason FROM lot_change WHERE program_id = :p")
    assert change[0] == "expiry_set"
    assert change[1]["campaign_name"] == "Spring"
    assert change[1]["grant_id"] == str(event.grant_id)
    await mall.hear(granted(mall, member_id, kind="months", amount=1))
    assert await days(mall, member_id) == ["2026-05-09"]


async def test_a_last_day_moves_what_ends_earlier_and_only_what_was_meant(mall: Mall) -> None:
    member_id = await mall.enrol()
    for in_days in (10, 20, 200):
        await given(mall, member_id, 10, in_days * DAY)
    last_day = date(2026, 6, 30)
    meant = {"kind": "last_day", "last_day": last_day, "ending_by": date(2026, 3, 25)}
    await mall.hear(granted(mall, member_id, **meant))
    assert await days(mall, member_id) == ["2026-03-30", "2026-06-30", "2026-09-26"]
    await mall.hear(granted(mall, member_id, kind="last_day", last_day=last_day))
    assert await days(mall, member_id) == ["2026-06-30", "2026-09-26"]
    ends = await mall.rows("SELECT min(expires_at) FROM lot WHERE program_id = :p")
    assert ends == [(end_of_day(last_day, SHANGHAI),)]


async def test_what_is_over_is_not_brought_back_by_a_campaign(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    mall.clock.advance(hours=3)
    await mall.hear(granted(mall, member_id))
    assert await mall.rows("SELECT 1 FROM lot_change WHERE program_id = :p") == []


async def test_a_grant_of_somebody_unknown_is_put_aside_and_counts_when_told_again(
    mall: Mall,
) -> None:
    member_id = new_id()
    event = granted(mall, member_id)
    with pytest.raises(MemberUnknown):
        await mall.hear(event)
    await mall.hear(mall.enrolled(member_id, "600000000009"))
    await given(mall, member_id, 100, 20 * DAY)
    await mall.hear(event)
    assert await days(mall, member_id) == ["2026-04-09"]


@pytest.mark.parametrize(
    "fields", [{"amount": None}, {"amount": 0}, {"kind": "last_day", "amount": None}]
)
async def test_a_grant_that_does_not_say_how_long_is_put_aside(
    mall: Mall, fields: dict[str, Any]
) -> None:
    member_id = await mall.enrol()
    with pytest.raises(ExpiryChangeIncomplete):
        await mall.hear(granted(mall, member_id, **fields))


async def test_a_grant_beyond_all_calendars_lets_points_last_as_long_as_is_kept(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 20 * DAY)
    for _ in range(3):
        await mall.hear(granted(mall, member_id, kind="months", amount=3_650))
    assert await days(mall, member_id) == ["2399-12-31"]
    await mall.hear(granted(mall, member_id, kind="last_day", last_day=date.max))
    assert await days(mall, member_id) == ["2399-12-31"]

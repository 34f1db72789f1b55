"""One digest a member and month, before the month begins."""

from datetime import date, timedelta

from sqlalchemy import text

from services.points.usecases.expiry.run_night import NightRules
from shared.contracts.points import PointsExpiringSoon
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.nights import given, pass_night
from tests.points.wallets_at_hand import member_with_stars, state_stars

DAY = timedelta(days=1)


async def test_a_months_digest_comes_a_week_before_it_and_once(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 26 * DAY)  # 5 April
    await given(mall, member_id, 20, 26 * DAY)
    await given(mall, member_id, 30, 51 * DAY)  # 30 April
    await given(mall, member_id, 7, 60 * DAY)  # May
    await given(mall, member_id, 1, None)
    assert (await pass_night(mall, days=14, hours=3)).reminded == 0  # The 24th begins.
    assert (await pass_night(mall)).reminded == 1
    assert (await pass_night(mall)).reminded == 0
    [told] = await mall.told(PointsExpiringSoon)
    assert told.member_id == member_id
    assert (told.month, told.points) == (date(2026, 4, 1), 150)
    assert [(d.on, d.points) for d in told.deadlines] == [
        (date(2026, 4, 5), 120),
        (date(2026, 4, 30), 30),
    ]
    await pass_night(mall, days=29)
    assert [t.month for t in await mall.told(PointsExpiringSoon)] == [
        date(2026, 4, 1),
        date(2026, 5, 1),
    ]


async def test_points_of_the_running_month_are_told_to_who_was_not_told_yet(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    await given(mall, member_id, 100, 15 * DAY)
    assert (await pass_night(mall)).reminded == 1
    await given(mall, member_id, 50, 15 * DAY)
    await given(mall, other, 5, 10 * DAY)
    assert (await pass_night(mall)).reminded == 1
    assert [(t.member_id, t.points) for t in await mall.told(PointsExpiringSoon)] == [
        (member_id, 100),
        (other, 5),
    ]


async def test_a_digest_has_the_days_of_the_mall_that_gave_the_points(mall: Mall) -> None:
    """London, beside two shops in Shanghai: its March has eight hours of Shanghai's April."""
    for _ in range(2):
        await mall.open_shop(shop_id=new_id(), code="more", mall_id=new_id())
    await mall.open_shop(time_zone="Europe/London", revision=2)
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 21})
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await given(mall, member_id, 5, 21 * DAY)
    await pass_night(mall, days=1)
    [told] = await mall.told(PointsExpiringSoon)
    assert (told.month, told.points) == (date(2026, 3, 1), 105)
    assert [(d.on, d.points) for d in told.deadlines] == [(date(2026, 3, 31), 105)]


async def test_what_ends_of_another_wallet_is_told_by_the_programmes_days(mall: Mall) -> None:
    """A mall in Tokyo, where the last hour of Shanghai's March is April."""
    for _ in range(2):
        await mall.open_shop(shop_id=new_id(), code="more", mall_id=new_id())
    await mall.open_shop(time_zone="Asia/Tokyo", revision=2)
    await state_stars(mall, expiry={"kind": "end_of_month"})
    await member_with_stars(mall, 8)
    async with transaction(mall.engine) as session:
        give = text("UPDATE lot SET mall_id = :mall WHERE program_id = :program")
        await session.execute(give, {"mall": mall.mall_id, "program": mall.program_id})
    await pass_night(mall, days=1)
    [told] = await mall.told(PointsExpiringSoon)
    assert (told.wallet, told.month) == ("stars", date(2026, 3, 1))
    assert [(d.on, d.points) for d in told.deadlines] == [(date(2026, 3, 31), 8)]


async def test_what_ended_this_night_is_not_told_as_ending(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    night = await pass_night(mall)
    assert (night.expired_points, night.reminded) == (100, 0)


async def test_a_mall_may_want_no_reminders(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, 5 * DAY)
    night = await pass_night(mall, NightRules(reminder_lead_days=0))
    assert (night.step, night.reminded) == ("done", 0)

"""Points of one mall burned at another: entries that cannot be lost, and periods that net them."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.accounting.errors import ClearingPeriodNotOver, ClearingPriceMissing
from services.points.storage.accounting.clearing import Price
from services.points.usecases.accounting.net_clearing import net_clearing
from services.points.usecases.accounting.set_clearing_price import set_clearing_price
from shared.db import transaction
from shared.ids import new_id
from tests.points.books_at_hand import burn, give_back, promise_more_than_there_is
from tests.points.mall import Mall
from tests.points.spending import redeem, reverse, set_redemption_policy

MARCH = date(2026, 3, 31)


async def price(mall: Mall, amount_minor: int = 1, per_points: int = 1) -> None:
    stated = Price("points", mall.clock() - timedelta(days=1), amount_minor, per_points, "CNY")
    async with transaction(mall.engine) as session:
        await set_clearing_price(session, mall.clock(), mall.program_id, stated, "finance")


async def net_until(mall: Mall, last_day: date = MARCH) -> bool:
    async with transaction(mall.engine) as session:
        return await net_clearing(
            session, mall.clock(), mall.program_id, new_id(), last_day, "finance"
        )


async def entries(mall: Mall) -> list[tuple[Any, ...]]:
    return await mall.rows(
        "SELECT issuing_mall_id, burning_mall_id, points FROM clearing_entry "
        "WHERE program_id = :p ORDER BY version, lot_version"
    )


async def lines(mall: Mall) -> list[tuple[Any, ...]]:
    return await mall.rows(
        "SELECT debtor_mall_id, creditor_mall_id, l.points, amount_minor FROM clearing_line l "
        "JOIN clearing_statement s USING (program_id, statement_id) WHERE program_id = :p "
        "ORDER BY ends_at, line_number"
    )


async def member_with(mall: Mall, points: int) -> UUID:
    member_id = await mall.enrol()
    await mall.sold(points * 100, member_id=member_id)
    return member_id


async def test_what_another_mall_burned_is_owed_to_it_and_what_the_issuer_burned_is_not(
    mall: Mall,
) -> None:
    member_id, other = await member_with(mall, 100), new_id()
    await burn(mall, member_id, 30, other)
    await burn(mall, member_id, 20, mall.mall_id)
    assert await entries(mall) == [(mall.mall_id, other, 30)]


async def test_a_reversal_makes_the_opposite_entry_also_in_parts(mall: Mall) -> None:
    member_id, other = await member_with(mall, 100), new_id()
    spent = await burn(mall, member_id, 30, other)
    await give_back(mall, member_id, spent, 10)
    await give_back(mall, member_id, spent, 20)
    assert await entries(mall) == [
        (mall.mall_id, other, 30),
        (mall.mall_id, other, -10),
        (mall.mall_id, other, -20),
    ]


async def test_what_nobody_issued_the_programme_stands_for(mall: Mall) -> None:
    member_id, other = await member_with(mall, 10), new_id()
    await promise_more_than_there_is(mall, member_id, 25, other)
    assert sorted(await entries(mall), key=lambda entry: entry[2]) == [
        (mall.mall_id, other, 10),
        (None, other, 15),
    ]


async def test_points_given_by_staff_are_the_programmes_own(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 50, "a")
    await burn(mall, member_id, 20, mall.mall_id)
    await burn(mall, member_id, 5, None)
    assert await entries(mall) == [(None, mall.mall_id, 20)]


async def test_a_period_is_netted_once_and_sums_to_zero(mall: Mall) -> None:
    await price(mall, 1, 2)
    member_id, other = await member_with(mall, 100), new_id()
    await burn(mall, member_id, 31, other)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    assert [await net_until(mall), await net_until(mall)] == [True, False]
    assert await lines(mall) == [(mall.mall_id, other, 31, 16)]  # 15.5, half away from zero.


async def test_a_reversal_in_the_next_period_is_netted_there(mall: Mall) -> None:
    await price(mall)
    member_id, other = await member_with(mall, 100), new_id()
    spent = await burn(mall, member_id, 30, other)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    await net_until(mall)
    await give_back(mall, member_id, spent, 30)
    mall.clock.now = mall.clock().replace(month=5, day=1)
    assert await net_until(mall, date(2026, 4, 30))
    assert await lines(mall) == [(mall.mall_id, other, 30, 30), (other, mall.mall_id, 30, 30)]


@pytest.mark.parametrize("is_refunded", [False, True])
async def test_what_comes_back_costs_what_it_cost_though_the_price_has_changed(
    mall: Mall, is_refunded: bool
) -> None:
    await price(mall, 1)
    await set_redemption_policy(mall)
    member_id = await member_with(mall, 1_000)
    await mall.open_shop(mall_id=new_id(), revision=2)
    sale = mall.sale(2_000)
    paid = (await redeem(mall, sale, member_id, 1_000)).json()
    assert (await mall.push(sale)).status_code == 201
    mall.clock.advance(days=2)
    await price(mall, 3)
    if is_refunded:
        assert (await mall.push(mall.refund(sale))).status_code == 201
    else:
        for points in (300, None):
            assert (await reverse(mall, paid["redemption_id"], points=points)).status_code == 201
    assert sum(entry[2] for entry in await entries(mall)) == 0
    mall.clock.now = mall.clock().replace(month=4, day=1)
    await net_until(mall)
    assert await lines(mall) == []


async def test_an_entry_that_came_late_is_in_the_next_statement_and_in_no_other(
    mall: Mall,
) -> None:
    await price(mall)
    member_id, other = await member_with(mall, 100), new_id()
    mall.clock.now = mall.clock().replace(month=4, day=1)
    await net_until(mall)
    mall.clock.now = mall.clock().replace(month=3, day=31, hour=15)
    await burn(mall, member_id, 40, other)
    mall.clock.now = mall.clock().replace(month=5, day=1)
    await net_until(mall, date(2026, 4, 30))
    assert await lines(mall) == [(mall.mall_id, other, 40, 40)]


async def test_a_period_that_is_not_over_or_not_the_next_one_is_refused(mall: Mall) -> None:
    with pytest.raises(ClearingPeriodNotOver):
        await net_until(mall)
    mall.clock.now = mall.clock().replace(month=5, day=2)
    await net_until(mall, date(2026, 4, 30))
    with pytest.raises(ClearingPeriodNotOver):
        await net_until(mall)


async def test_without_a_price_nothing_is_netted_and_nothing_is_lost(mall: Mall) -> None:
    member_id, other = await member_with(mall, 100), new_id()
    await burn(mall, member_id, 30, other)
    now = mall.clock()
    mall.clock.now = now.replace(month=4, day=1)
    with pytest.raises(ClearingPriceMissing) as refused:
        await net_until(mall)
    assert refused.value.facts == {
        "wallet": "points",
        "points": 30,
        "price_needed_from": now.isoformat(),
    }
    mall.clock.now = now
    await price(mall)
    mall.clock.now = now.replace(month=4, day=1)
    await net_until(mall)
    assert await lines(mall) == [(mall.mall_id, other, 30, 30)]


async def test_two_who_net_at_once_make_one_statement(mall: Mall) -> None:
    await price(mall)
    member_id, other = await member_with(mall, 100), new_id()
    await burn(mall, member_id, 30, other)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    made = await asyncio.gather(*(net_until(mall) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]
    assert len(await lines(mall)) == 1

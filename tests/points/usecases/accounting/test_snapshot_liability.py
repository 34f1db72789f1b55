"""Each day is written down once, when it is settled, and its sums are those of the ledger."""

from datetime import date
from typing import Any

import pytest

from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from shared.db import transaction
from shared.ids import new_id
from tests.points.books_at_hand import (
    burn,
    expire,
    give_back,
    promise_more_than_there_is,
)
from tests.points.mall import Mall

FLOWS = (
    "opening, issued, redeemed, expired, clawed_back, adjusted, transferred, imported, repaid, "
    "closing"
)


async def snapshot(mall: Mall) -> int:
    async with transaction(mall.engine) as session:
        return await snapshot_liability(session, mall.clock(), mall.program_id)


async def rows_of(mall: Mall, day: str) -> list[tuple[Any, ...]]:
    return await mall.rows(
        f"SELECT vintage::text, {FLOWS} FROM liability_row "
        "WHERE program_id = :p AND day = CAST(:day AS date) ORDER BY row_number",
        day=date.fromisoformat(day),
    )


async def days_of(mall: Mall) -> list[str]:
    rows = await mall.rows("SELECT day::text FROM liability_day WHERE program_id = :p ORDER BY day")
    return [row[0] for row in rows]


async def test_a_day_is_written_down_once_a_quarter_of_an_hour_after_its_end(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    assert await snapshot(mall) == 0
    mall.clock.advance(hours=4)  # Midnight in Shanghai.
    assert await snapshot(mall) == 0
    mall.clock.advance(minutes=15)
    assert [await snapshot(mall), await snapshot(mall)] == [1, 0]
    assert await days_of(mall) == ["2026-03-10"]
    assert await rows_of(mall, "2026-03-10") == [("2026-03-01", 0, 100, 0, 0, 0, 0, 0, 0, 0, 100)]


async def test_every_kind_of_movement_has_its_column_and_debt_is_a_row_of_its_own(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)  # +100
    spent = await burn(mall, member_id, 80, mall.mall_id)  # -80
    await give_back(mall, member_id, spent, 10)  # +10
    await expire(mall, member_id, 5)  # -5: 25 are left
    mall.clock.advance(seconds=1)
    await mall.push(mall.refund(sale))  # -100: 25 from the lot, 75 owed
    await mall.adjust(member_id, 30, "a")  # repays 30 of them
    mall.clock.advance(days=1)
    assert await snapshot(mall) == 1
    assert await rows_of(mall, "2026-03-10") == [
        # The adjustment's own lot, which repaid a debt, then the sale's, which is empty.
        ("2026-03-01", 0, 0, 0, 0, 0, 30, 0, 0, -30, 0),
        ("2026-03-01", 0, 100, -70, -5, -25, 0, 0, 0, 0, 0),
        (None, 0, 0, 0, 0, -75, 0, 0, 0, 30, -45),
    ]
    assert await mall.balance(member_id) == -45


async def test_a_promise_kept_into_debt_is_redeemed_and_owed(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(1_000, member_id=member_id)
    await promise_more_than_there_is(mall, member_id, 15, mall.mall_id)
    mall.clock.advance(days=1)
    assert await snapshot(mall) == 1
    assert await rows_of(mall, "2026-03-10") == [
        ("2026-03-01", 0, 10, -10, 0, 0, 0, 0, 0, 0, 0),
        (None, 0, 0, -5, 0, 0, 0, 0, 0, 0, -5),
    ]


async def test_a_vintage_stays_the_month_of_the_purchase_and_quiet_days_carry_it_on(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    bought_at = mall.clock().replace(month=2, day=27)
    late = mall.sale(2_000, member_id=member_id, purchased_at=bought_at.isoformat())
    late["business_date"] = bought_at.date().isoformat()
    assert (await mall.push(late)).status_code == 201
    await mall.sold(1_000, member_id=member_id)
    mall.clock.advance(days=3)
    while await snapshot(mall):
        pass
    assert await days_of(mall) == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert await rows_of(mall, "2026-03-12") == [
        ("2026-02-01", 20, 0, 0, 0, 0, 0, 0, 0, 0, 20),
        ("2026-03-01", 10, 0, 0, 0, 0, 0, 0, 0, 0, 10),
    ]


async def test_points_of_two_malls_are_two_rows_also_when_one_of_them_burns_both(
    mall: Mall,
) -> None:
    member_id, other_shop, other_mall = await mall.enrol(), new_id(), new_id()
    await mall.sold(1_000, member_id=member_id)
    here = mall.shop_id
    mall.shop_id = other_shop
    await mall.open_shop(shop_id=other_shop, mall_id=other_mall, code="shop-2")
    await mall.sold(2_000, member_id=member_id)
    mall.shop_id = here
    await burn(mall, member_id, 25, mall.mall_id)
    mall.clock.advance(days=1)
    await snapshot(mall)
    found = await mall.rows(
        "SELECT mall_id, issued, redeemed, closing FROM liability_row "
        "WHERE program_id = :p AND vintage IS NOT NULL ORDER BY closing"
    )
    assert [tuple(row) for row in found] == [
        (mall.mall_id, 10, -10, 0),
        (other_mall, 20, -15, 5),
    ]


async def test_killed_in_the_middle_a_day_was_not_begun_and_is_written_whole(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(1_000, member_id=member_id)
    mall.clock.advance(days=1)
    with pytest.raises(LookupError):
        async with transaction(mall.engine) as session:
            assert await snapshot_liability(session, mall.clock(), mall.program_id) == 1
            raise LookupError("killed")
    assert await days_of(mall) == []
    assert await snapshot(mall) == 1
    assert len(await rows_of(mall, "2026-03-10")) == 1


async def test_a_programme_in_which_nothing_was_ever_posted_has_no_days(mall: Mall) -> None:
    await mall.enrol()
    mall.clock.advance(days=9)
    assert await snapshot(mall) == 0


async def test_the_job_writes_every_programmes_days_down(damaged_mall: Mall) -> None:
    other = await damaged_mall.another()
    for each in (damaged_mall, other):
        await each.sold(1_000, member_id=await each.enrol())
    damaged_mall.clock.advance(days=2)
    done = 1
    while done:
        async with transaction(damaged_mall.engine) as session:
            done = await snapshot_liability(session, damaged_mall.clock())
    assert [await days_of(each) for each in (damaged_mall, other)] == [
        ["2026-03-10", "2026-03-11"]
    ] * 2

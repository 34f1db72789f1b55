"""Members spend from their pool, each within their month."""

import asyncio
from datetime import UTC, datetime

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import (
    LOTS,
    act_in_pool,
    earned,
    join_pool,
    opened_pool,
    put_in_pool,
    spend_from_pool,
)
from tests.points.spending import reverse


async def test_each_member_spends_so_much_in_a_month_of_the_mall(mall: Mall) -> None:
    owner, child = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 1_000, "a")
    pool_id = await opened_pool(mall, owner, month_points_max=300)
    await join_pool(mall, pool_id, owner, child, month_points_max=50)
    await put_in_pool(mall, pool_id, owner, 1_000)
    assert (await spend_from_pool(mall, pool_id, child, 30, "a")).json()["month_left"] == 20
    refused = await spend_from_pool(mall, pool_id, child, 21, "b")
    assert (refused.status_code, refused.json()["code"]) == (422, "pool_cap_reached")
    assert refused.json()["left"] == 20
    # The pool's own cap holds for who has none.
    assert (await spend_from_pool(mall, pool_id, owner, 300, "c")).json()["month_left"] == 0
    assert (await spend_from_pool(mall, pool_id, owner, 1, "d")).json()["left"] == 0
    # It is April in Shanghai eight hours before it is in London.
    mall.clock.advance(
        seconds=(datetime(2026, 3, 31, 16, tzinfo=UTC) - mall.clock()).total_seconds()
    )
    assert (await spend_from_pool(mall, pool_id, child, 50, "e")).json()["month_left"] == 0


async def test_the_last_of_the_cap_raced_by_32_goes_to_one(mall: Mall, twin: Mall) -> None:
    owner = await mall.enrol()
    await mall.adjust(owner, 1_000, "a")
    pool_id = await opened_pool(mall, owner, month_points_max=100)
    await put_in_pool(mall, pool_id, owner, 1_000)
    answers = await asyncio.gather(
        *(
            spend_from_pool(door, pool_id, owner, 100, f"k{n}")
            for n, door in enumerate([mall, twin] * 16)
        )
    )
    assert sorted(a.status_code for a in answers) == [201] + [422] * 31


async def test_more_than_there_is_or_in_no_shop_is_refused(mall: Mall) -> None:
    owner = await mall.enrol()
    await mall.adjust(owner, 100, "a")
    pool_id = await opened_pool(mall, owner)
    await put_in_pool(mall, pool_id, owner, 40)
    short = await spend_from_pool(mall, pool_id, owner, 41, "a")
    assert (short.status_code, short.json()["shortfall"]) == (422, 1)
    path = f"/v1/pools/{pool_id}/contributions"
    more = await mall.post(path, {"points": 61}, owner, "b")
    assert (more.status_code, more.json()["shortfall"]) == (422, 1)
    body = {"points": 1, "shop_id": str(new_id()), "reference": "x"}
    nowhere = await mall.post(f"/v1/pools/{pool_id}/spendings", body, owner, "c")
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "shop_unknown")


async def test_a_spending_that_is_undone_goes_back_to_the_pool_and_later_to_its_owner(
    mall: Mall,
) -> None:
    owner = await earned(mall, 10_000)
    pool_id = await opened_pool(mall, owner)
    await put_in_pool(mall, pool_id, owner, 100)
    before = await mall.rows(LOTS, m=pool_id)
    first = (await spend_from_pool(mall, pool_id, owner, 40, "a")).json()
    answer = await reverse(mall, first["redemption_id"])
    assert answer.status_code == 201, answer.text
    assert (answer.json()["member_id"], answer.json()["balance"]) == (None, 100)
    assert await mall.rows(LOTS, m=pool_id) == before
    second = (await spend_from_pool(mall, pool_id, owner, 40, "b")).json()
    await act_in_pool(mall, pool_id, "dissolution", owner)
    answer = await reverse(mall, second["redemption_id"])
    assert (answer.json()["member_id"], answer.json()["balance"]) == (str(owner), 100)
    # No longer for having been away.
    lots = await mall.rows(LOTS, m=owner)
    assert (sorted(lot[0] for lot in lots), {lot[1] for lot in lots}) == ([40, 60], {before[0][1]})

"""A pool ends: everybody gets theirs back."""

import asyncio

from tests.points.mall import Mall
from tests.points.members import act_in_pool, join_pool, opened_pool, put_in_pool, spend_from_pool
from tests.points.spending import reverse


async def test_a_dissolved_pool_gives_everybody_theirs_back(mall: Mall) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    await mall.adjust(member_id, 50, "b")
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, owner, 80)
    await put_in_pool(mall, pool_id, member_id, 50)
    await spend_from_pool(mall, pool_id, member_id, 30)  # Of the owner's, which are older.
    done = await act_in_pool(mall, pool_id, "dissolution", owner)
    assert (done.status_code, done.json()["status"], done.json()["balance"]) == (
        200,
        "dissolved",
        0,
    )
    assert (await mall.balance(owner), await mall.balance(member_id)) == (70, 50)
    late = await spend_from_pool(mall, pool_id, owner, 1)
    assert late.status_code in {404, 409}
    assert await opened_pool(mall, member_id) != pool_id


async def test_what_came_back_to_points_of_somebody_who_left_is_the_owners(mall: Mall) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(member_id, 50, "a")
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, member_id, 50)
    spent = (await spend_from_pool(mall, pool_id, owner, 30)).json()
    left = await act_in_pool(mall, pool_id, "departures", member_id, member_id=str(member_id))
    assert left.status_code == 200, left.text
    assert (await reverse(mall, spent["redemption_id"])).json()["balance"] == 30
    done = await act_in_pool(mall, pool_id, "dissolution", owner)
    assert done.json()["balance"] == 0
    assert (await mall.balance(owner), await mall.balance(member_id)) == (30, 20)


async def test_putting_in_spending_and_dissolving_at_once_loses_nothing(
    mall: Mall, twin: Mall
) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    await mall.adjust(member_id, 100, "b")
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, member_id)
    await put_in_pool(mall, pool_id, owner, 50)
    path = f"/v1/pools/{pool_id}/contributions"
    answers = await asyncio.gather(
        *(
            call
            for n in range(10)
            for call in (
                mall.post(path, {"points": 5}, member_id, f"in {n}"),
                spend_from_pool(twin, pool_id, owner, 5, f"out {n}"),
            )
        ),
        act_in_pool(twin, pool_id, "dissolution", owner),
    )
    assert {a.status_code for a in answers} <= {200, 201, 404, 409, 422}
    assert answers[-1].status_code == 200
    spent = 5 * sum(a.status_code == 201 for a in answers[1:-1:2])
    assert await mall.balance(owner) + await mall.balance(member_id) == 200 - spent

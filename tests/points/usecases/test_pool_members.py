"""A household's pool: who is in it, and what each takes along when it ends."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from tests.points.mall import Mall
from tests.points.usecases.test_close_transfer import LOTS, earned
from tests.points.usecases.test_freeze_account import freeze
from tests.points.usecases.test_merge_accounts import merge


async def opened(mall: Mall, owner: UUID, **fields: Any) -> str:
    answer = await mall.post("/v1/pools", {"name": "Wang family", **fields}, owner, "pool")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pool_id"])


async def act(mall: Mall, pool_id: str, what: str, who: UUID, **body: Any) -> httpx.Response:
    return await mall.post(f"/v1/pools/{pool_id}/{what}", body or None, who)


async def join(mall: Mall, pool_id: str, owner: UUID, member_id: UUID, **fields: Any) -> None:
    invited = await act(mall, pool_id, "invitations", owner, member_id=str(member_id), **fields)
    assert invited.status_code == 200, invited.text
    joined = await act(mall, pool_id, "joining", member_id)
    assert joined.status_code == 200, joined.text


async def put_in(mall: Mall, pool_id: str, who: UUID, points: int, key: str = "in") -> int:
    path = f"/v1/pools/{pool_id}/contributions"
    answer = await mall.post(path, {"points": points}, who, key)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["pool_balance"])


async def spend(
    mall: Mall, pool_id: str, who: UUID, points: int, key: str = "out"
) -> httpx.Response:
    body = {"points": points, "shop_id": str(mall.shop_id), "reference": "Tea set"}
    return await mall.post(f"/v1/pools/{pool_id}/spendings", body, who, key)


async def test_a_pool_is_opened_once_and_its_members_join_by_invitation(mall: Mall) -> None:
    owner, member_id, stranger = [await mall.enrol() for _ in range(3)]
    pool_id = await opened(mall, owner)
    again = await mall.post("/v1/pools", {"name": "Wang family"}, owner, "pool")
    assert (again.status_code, again.json()["pool_id"]) == (200, pool_id)
    second = await mall.post("/v1/pools", {"name": "Another"}, owner, "other")
    assert (second.status_code, second.json()["code"]) == (409, "member_in_pool")
    uninvited = await act(mall, pool_id, "joining", stranger)
    assert (uninvited.status_code, uninvited.json()["code"]) == (404, "pool_unknown")
    await join(mall, pool_id, owner, member_id)
    shown = (await mall.get(f"/v1/pools/{pool_id}", member_id)).json()
    assert [(m["member_id"], m["status"]) for m in shown["members"]] == [
        (str(owner), "joined"),
        (str(member_id), "joined"),
    ]
    assert (await mall.get(f"/v1/pools/{pool_id}", stranger)).status_code == 404
    for_others = await act(mall, pool_id, "invitations", member_id, member_id=str(stranger))
    assert (for_others.status_code, for_others.json()["code"]) == (403, "pool_owner_only")
    own = await opened(mall, stranger)
    await act(mall, own, "invitations", stranger, member_id=str(member_id))
    taken = await act(mall, own, "joining", member_id)
    assert (taken.status_code, taken.json()["code"]) == (409, "member_in_pool")


async def test_a_pool_has_so_many_members_and_no_more(mall: Mall) -> None:
    owner = await mall.enrol()
    pool_id = await opened(mall, owner)
    for _ in range(7):
        await join(mall, pool_id, owner, await mall.enrol())
    ninth = await mall.enrol()
    refused = await act(mall, pool_id, "invitations", owner, member_id=str(ninth))
    assert (refused.status_code, refused.json()["code"]) == (409, "pool_full")


async def test_who_leaves_takes_their_own_unspent_points_as_they_were(mall: Mall) -> None:
    member_id = await earned(mall, 10_000, 20_000)
    owner = await mall.enrol()
    await mall.adjust(owner, 100, "a")
    before = await mall.rows(LOTS, m=member_id)
    pool_id = await opened(mall, owner)
    await join(mall, pool_id, owner, member_id)
    await put_in(mall, pool_id, member_id, 300)
    assert await put_in(mall, pool_id, owner, 100) == 400
    # The owner spends what ends first: forty of the member's points.
    assert (await spend(mall, pool_id, owner, 40)).status_code == 201
    left = await act(mall, pool_id, "departures", member_id, member_id=str(member_id))
    assert left.status_code == 200, left.text
    assert left.json()["balance"] == 100
    [first, second] = await mall.rows(LOTS, m=member_id)
    assert (first[0], first[1:], second) == (60, before[0][1:], before[1])
    assert (await spend(mall, pool_id, member_id, 1)).status_code == 404
    stays = await act(mall, pool_id, "departures", owner, member_id=str(owner))
    assert (stays.status_code, stays.json()["code"]) == (409, "pool_owner_stays")


async def test_the_owner_sends_a_member_away_with_their_points(mall: Mall) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(member_id, 50, "a")
    pool_id = await opened(mall, owner)
    await join(mall, pool_id, owner, member_id)
    await put_in(mall, pool_id, member_id, 50)
    wrong = await act(mall, pool_id, "departures", member_id, member_id=str(owner))
    assert (wrong.status_code, wrong.json()["code"]) == (403, "pool_owner_only")
    assert (
        await act(mall, pool_id, "departures", owner, member_id=str(member_id))
    ).status_code == 200
    assert await mall.balance(member_id) == 50
    # They can be invited again.
    await join(mall, pool_id, owner, member_id)


async def test_a_dissolved_pool_gives_everybody_theirs_back(mall: Mall) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    await mall.adjust(member_id, 50, "b")
    pool_id = await opened(mall, owner)
    await join(mall, pool_id, owner, member_id)
    await put_in(mall, pool_id, owner, 80)
    await put_in(mall, pool_id, member_id, 50)
    await spend(mall, pool_id, member_id, 30)  # Of the owner's, which are older.
    done = await act(mall, pool_id, "dissolution", owner)
    assert (done.status_code, done.json()["status"], done.json()["balance"]) == (
        200,
        "dissolved",
        0,
    )
    assert (await mall.balance(owner), await mall.balance(member_id)) == (70, 50)
    late = await spend(mall, pool_id, owner, 1)
    assert late.status_code in {404, 409}
    assert await opened(mall, member_id) != pool_id


async def test_a_pool_takes_no_receipts(mall: Mall) -> None:
    owner = await mall.enrol()
    pool_id = await opened(mall, owner)
    answer = await mall.push(mall.sale(10_000, member_id=UUID(pool_id)))
    assert answer.json()["status"] == "waiting_member"
    assert (await mall.get(f"/v1/pools/{pool_id}", owner)).json()["balance"] == 0
    assert (await mall.adjust(UUID(pool_id), 5, "k")).status_code == 404


async def test_a_member_of_a_pool_is_not_merged_away_and_a_frozen_one_puts_nothing_in(
    mall: Mall,
) -> None:
    owner, other = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    pool_id = await opened(mall, owner)
    assert (await merge(mall, owner, other)).json()["code"] == "member_in_pool"
    await freeze(mall, owner)
    path = f"/v1/pools/{pool_id}/contributions"
    refused = await mall.post(path, {"points": 5}, owner, "k")
    assert (refused.status_code, refused.json()["code"]) == (403, "account_frozen")
    assert (await spend(mall, pool_id, owner, 5)).json()["code"] == "account_frozen"


async def test_putting_in_spending_and_dissolving_at_once_loses_nothing(
    mall: Mall, twin: Mall
) -> None:
    owner, member_id = await mall.enrol(), await mall.enrol()
    await mall.adjust(owner, 100, "a")
    await mall.adjust(member_id, 100, "b")
    pool_id = await opened(mall, owner)
    await join(mall, pool_id, owner, member_id)
    await put_in(mall, pool_id, owner, 50)
    path = f"/v1/pools/{pool_id}/contributions"
    answers = await asyncio.gather(
        *(
            call
            for n in range(10)
            for call in (
                mall.post(path, {"points": 5}, member_id, f"in {n}"),
                spend(twin, pool_id, owner, 5, f"out {n}"),
            )
        ),
        act(twin, pool_id, "dissolution", owner),
    )
    assert {a.status_code for a in answers} <= {200, 201, 404, 409, 422}
    assert answers[-1].status_code == 200
    spent = 5 * sum(a.status_code == 201 for a in answers[1:-1:2])
    assert await mall.balance(owner) + await mall.balance(member_id) == 200 - spent

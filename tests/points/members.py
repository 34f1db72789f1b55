"""What members do among each other and what staff do to accounts, as tests say it."""

from typing import Any
from uuid import UUID

import httpx

from tests.points.mall import Mall

# What is open of an account's lots.
LOTS = (
    "SELECT l.remaining, l.expires_at, l.mall_id, l.shop_id, l.funding, l.earned_at FROM lot l "
    "WHERE l.program_id = :p AND l.account_id = :m AND l.remaining > 0 ORDER BY l.expires_at"
)
WHY = {"reason_code": "stolen_phone", "note": "Called the desk"}


async def offer(
    mall: Mall, giver: UUID, receiver: UUID, points: int, key: str = "k", **fields: Any
) -> httpx.Response:
    body = {"to_member_id": str(receiver), "points": points, **fields}
    return await mall.post(f"/v1/members/{giver}/transfers", body, giver, key)


async def held(mall: Mall, member_id: UUID) -> int:
    [(points,)] = await mall.rows(
        "SELECT held FROM account WHERE program_id = :p AND account_id = :m", m=member_id
    )
    return int(points)


async def offered(mall: Mall, giver: UUID, receiver: UUID, points: int, key: str = "k") -> str:
    answer = await offer(mall, giver, receiver, points, key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["transfer_id"])


async def close(mall: Mall, how: str, member_id: UUID, transfer_id: str) -> httpx.Response:
    return await mall.post(
        f"/v1/members/{member_id}/transfers/{transfer_id}/{how}", None, member_id
    )


async def given(mall: Mall, giver: UUID, receiver: UUID, points: int, key: str = "k") -> None:
    transfer_id = await offered(mall, giver, receiver, points, key)
    answer = await close(mall, "acceptance", receiver, transfer_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")


async def earned(mall: Mall, *amounts: int) -> UUID:
    """A member with a lot a sale, a day apart each; they end a month after."""
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    for amount in amounts:
        await mall.sold(amount, member_id=member_id)
        mall.clock.advance(days=1)
    return member_id


async def freeze(mall: Mall, member_id: UUID, **fields: Any) -> httpx.Response:
    return await mall.post(f"/v1/members/{member_id}/freezes", {**WHY, **fields})


async def thaw(mall: Mall, member_id: UUID, case_id: str) -> httpx.Response:
    path = f"/v1/members/{member_id}/freezes/{case_id}/thaw"
    return await mall.post(path, {"outcome": "Phone found"})


async def merge(mall: Mall, merged: UUID, survivor: UUID) -> httpx.Response:
    body = {
        "merged_member_id": str(merged),
        "survivor_member_id": str(survivor),
        "reason_code": "duplicate",
        "note": "Same phone",
    }
    return await mall.post("/v1/merges", body)


async def merged(mall: Mall, from_: UUID, into: UUID) -> dict[str, Any]:
    answer = await merge(mall, from_, into)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def two_members(mall: Mall) -> tuple[UUID, UUID]:
    return await mall.enrol(), await mall.enrol()


async def undo(mall: Mall, made: dict[str, Any]) -> httpx.Response:
    return await mall.post(f"/v1/merges/{made['merge_id']}/undo")


async def undone(mall: Mall, made: dict[str, Any]) -> int:
    answer = await undo(mall, made)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["restored"])


async def in_debt(mall: Mall, points: int) -> UUID:
    member_id = await mall.enrol()
    sale = await mall.sold(points * 100, member_id=member_id)
    await mall.adjust(member_id, -points, f"spent by {member_id}")
    await mall.push(mall.refund(sale))
    return member_id


async def opened_pool(mall: Mall, owner: UUID, **fields: Any) -> str:
    answer = await mall.post(
        f"/v1/members/{owner}/pools", {"name": "Wang family", **fields}, owner, "pool"
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pool_id"])


async def act_in_pool(
    mall: Mall, pool_id: str, what: str, who: UUID, **body: Any
) -> httpx.Response:
    return await mall.post(f"/v1/pools/{pool_id}/{what}", body or None, who)


async def join_pool(mall: Mall, pool_id: str, owner: UUID, member_id: UUID, **fields: Any) -> None:
    invited = await act_in_pool(
        mall, pool_id, "invitations", owner, member_id=str(member_id), **fields
    )
    assert invited.status_code == 200, invited.text
    joined = await act_in_pool(mall, pool_id, "joining", member_id)
    assert joined.status_code == 200, joined.text


async def put_in_pool(mall: Mall, pool_id: str, who: UUID, points: int, key: str = "in") -> int:
    path = f"/v1/pools/{pool_id}/contributions"
    answer = await mall.post(path, {"points": points}, who, key)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["pool_balance"])


async def spend_from_pool(
    mall: Mall, pool_id: str, who: UUID, points: int, key: str = "out"
) -> httpx.Response:
    body = {"points": points, "shop_id": str(mall.shop_id), "reference": "Tea set"}
    return await mall.post(f"/v1/pools/{pool_id}/spendings", body, who, key)


async def ask(
    mall: Mall, member_id: UUID, key: str = "k", what: str = "adjustments", **body: Any
) -> httpx.Response:
    return await mall.post(f"/v1/members/{member_id}/{what}", body, None, key)

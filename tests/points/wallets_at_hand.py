"""Stars of the little mall, and what is done with them."""

from typing import Any
from uuid import UUID

import httpx

from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.tokens import member_headers


async def state_stars(mall: Mall, **changes: Any) -> None:
    """Staff state a wallet "stars"."""
    stars = {"name": "Stars", "expiry": {"kind": "end_of_year"}, **changes}
    answer = await mall.client.put("/v1/wallets/stars", json=stars, headers=mall.staff())
    assert answer.status_code in (200, 201), answer.text


async def member_with_stars(mall: Mall, points: int) -> UUID:
    """A member whom staff gave stars."""
    member_id = await mall.enrol()
    answer = await mall.client.post(
        f"/v1/members/{member_id}/adjustments",
        json={"points": points, "reason_code": "x", "note": "x", "wallet": "stars"},
        headers={**mall.staff(), "Idempotency-Key": new_id().hex},
    )
    assert answer.status_code == 201, answer.text
    return member_id


async def stars_of(mall: Mall, member_id: UUID) -> int:
    """What the member has of them."""
    wallets = (await mall.get(f"/v1/members/{member_id}/wallets", member_id)).json()
    return int({wallet["wallet"]: wallet["balance"] for wallet in wallets}["stars"])


async def redeem_stars(
    mall: Mall, member_id: UUID, points: int, wallet: str = "stars", **fields: Any
) -> httpx.Response:
    """The desk takes stars."""
    body = {"points": points, "shop_id": str(mall.shop_id), "reference": "tea", **fields}
    key = body.pop("key", new_id().hex)
    return await mall.client.post(
        f"/v1/members/{member_id}/wallets/{wallet}/redemptions",
        json=body,
        headers={**mall.staff("desk"), "Idempotency-Key": str(key)},
    )


async def give_stars(
    mall: Mall, giver: UUID, receiver: UUID, points: int, wallet: str = "stars", key: str = ""
) -> httpx.Response:
    """A member gives stars to another."""
    return await mall.client.post(
        f"/v1/members/{giver}/wallets/{wallet}/gifts",
        json={"points": points, "to_member_id": str(receiver)},
        headers={
            **member_headers(mall.clock, mall.program_id, giver),
            "Idempotency-Key": key or new_id().hex,
        },
    )

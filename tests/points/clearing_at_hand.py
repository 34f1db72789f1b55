"""Prices between malls, periods that are netted, and what is spent at another mall."""

from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.points.books_at_hand import burn
from tests.points.mall import Mall
from tests.points.wallets_at_hand import give_stars, redeem_stars, state_stars

LAST_DAY = "2026-03-31"
PRICE: dict[str, Any] = {
    "effective_from": "2026-03-01T00:00:00Z",
    "amount_minor": 1,
    "per_points": 2,
    "currency": "CNY",
}


async def state_price(mall: Mall, **changes: Any) -> Any:
    return await mall.client.post(
        "/v1/clearing/prices", json={**PRICE, **changes}, headers=mall.staff("points.finance")
    )


async def net(mall: Mall, last_day: str) -> Any:
    return await mall.client.post(
        "/v1/clearing/statements",
        json={"last_day": last_day},
        headers=mall.staff("points.finance"),
    )


async def with_stars_of(mall: Mall, issuer: UUID, points: int) -> UUID:
    """A member who was given stars by somebody whom that mall had given them."""
    await state_stars(mall)
    giver, member_id = await mall.enrol(), await mall.enrol()
    answer = await mall.client.post(
        f"/v1/members/{giver}/adjustments",
        json={
            "points": points,
            "reason_code": "x",
            "note": "x",
            "wallet": "stars",
            "terms": {"mall_id": str(issuer)},
        },
        headers={**mall.staff(), "Idempotency-Key": new_id().hex},
    )
    assert answer.status_code == 201, answer.text
    assert (await give_stars(mall, giver, member_id, points)).status_code == 201
    return member_id


async def spend_stars_elsewhere(mall: Mall, points: int) -> tuple[UUID, str]:
    """Spend some of 80 stars at this mall's shop. Returns who issued them, and the redemption."""
    issuer = new_id()
    await mall.open_shop(shop_id=new_id(), mall_id=issuer)
    spent = await redeem_stars(mall, await with_stars_of(mall, issuer, 80), points)
    assert spent.status_code == 201, spent.text
    return issuer, str(spent.json()["redemption_id"])


async def spend_points_elsewhere(mall: Mall, issuer: UUID, points: int) -> None:
    """Points of this mall are spent at the one that issued the stars."""
    member_id = await mall.enrol()
    await mall.sold(100_000, member_id=member_id)
    await burn(mall, member_id, points, issuer)

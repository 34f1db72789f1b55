"""Gifts and their shelves."""

from typing import Any

from shared.ids import new_id
from tests.campaigns.world import World, spend


async def put(world: World, *stock: dict[str, Any]) -> tuple[int, Any]:
    answer = await world.client.put(
        "/v1/gifts/tote",
        json={"name": {"zh": "包", "en": "Bag"}, "stock": list(stock)},
        headers=world.staff(),
    )
    return answer.status_code, answer.json()


async def test_stock_may_grow_and_shrink_but_not_below_what_is_granted(world: World) -> None:
    await world.put_gift(stock=5)
    campaign = await world.publish(spend())
    sales = [world.sale(200000) for _ in range(3)]
    await world.tell(*sales)
    for sale in sales:
        assert (await world.claim(campaign, sale))["decision"] == "granted"
    status, body = await put(world, {"mall_id": None, "initial": 3})
    assert (status, body["stock"][0]["remaining"]) == (200, 0)
    status, body = await put(world, {"mall_id": None, "initial": 2})
    assert (status, body["code"], body["granted"]) == (409, "stock_below_granted", 3)


async def test_a_shelf_left_out_keeps_only_what_is_granted(world: World) -> None:
    await put(world, {"mall_id": None, "initial": 9})
    _, body = await put(world, {"mall_id": str(world.mall_id), "initial": 4})
    assert [(s["mall_id"], s["remaining"]) for s in body["stock"]] == [
        (None, 0),
        (str(world.mall_id), 4),
    ]


async def test_unknown_malls_and_gifts(world: World) -> None:
    status, body = await put(world, {"mall_id": str(new_id()), "initial": 4})
    assert (status, body["code"]) == (422, "scope_unknown")
    answer = await world.client.get("/v1/gifts/none", headers=world.staff())
    assert (answer.status_code, answer.json()["code"]) == (404, "gift_unknown")

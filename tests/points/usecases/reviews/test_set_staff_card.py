"""A cashier has one card; it is a member's, in a shop that there is."""

from uuid import UUID

import httpx

from shared.ids import new_id
from tests.points.mall import Mall


async def put(mall: Mall, shop_id: UUID, member_id: UUID, cashier_id: str = "C7") -> httpx.Response:
    return await mall.client.put(
        f"/v1/shops/{shop_id}/staff-cards/{cashier_id}",
        json={"member_id": str(member_id)},
        headers=mall.staff(),
    )


async def test_a_card_takes_the_place_of_the_one_before(mall: Mall) -> None:
    one, two = await mall.enrol(), await mall.enrol()
    path = f"/v1/shops/{mall.shop_id}/staff-cards"
    for member_id in (one, two):
        assert (await put(mall, mall.shop_id, member_id)).status_code == 200
    await put(mall, mall.shop_id, one, "C8")
    shown = (await mall.get(path)).json()
    assert shown == [
        {"cashier_id": "C7", "member_id": str(two)},
        {"cashier_id": "C8", "member_id": str(one)},
    ]
    gone = [await mall.client.delete(f"{path}/C7", headers=mall.staff()) for _ in range(2)]
    assert [answer.status_code for answer in gone] == [204, 404]
    assert gone[1].json()["code"] == "staff_card_unknown"


async def test_a_shop_with_many_cards_is_read_in_pages(mall: Mall) -> None:
    member_id = await mall.enrol()
    for cashier_id in ("C3", "C1", "C2"):
        await put(mall, mall.shop_id, member_id, cashier_id)
    path = f"/v1/shops/{mall.shop_id}/staff-cards"
    first = [card["cashier_id"] for card in (await mall.get(path, limit=2)).json()]
    rest = [card["cashier_id"] for card in (await mall.get(path, after="C2")).json()]
    assert (first, rest) == (["C1", "C2"], ["C3"])


async def test_only_members_and_shops_that_there_are(mall: Mall) -> None:
    member_id = await mall.enrol()
    assert (await put(mall, new_id(), member_id)).json()["code"] == "shop_unknown"
    assert (await put(mall, mall.shop_id, new_id())).json()["code"] == "member_unknown"

"""The whole directory in one request."""

import httpx

from shared.contracts.membership import TillChanged
from tests.membership.world import World
from tests.support.service import read_outbox


def _city(shops: int) -> dict[str, object]:
    return {
        "malls": [
            {"code": "m1", "name": "M1", "time_zone": "Asia/Shanghai", "currency": "CNY"},
        ],
        "categories": [{"code": "food", "name": "Food"}],
        "brands": [{"code": "acme", "name": "Acme"}],
        "shops": [
            {
                "code": f"s-{n}",
                "name": f"Shop {n}",
                "mall": "m1",
                "brand": "acme",
                "category": "food",
            }
            for n in range(shops)
        ],
        "tills": [{"shop": f"s-{n}", "till_id": "T1"} for n in range(shops)],
    }


async def test_a_city_of_457_shops_is_seeded_in_one_request_and_again_changes_nothing(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    first = (await client.put("/v1/directory", json=_city(457), headers=staff)).json()["items"]
    assert {item["status"] for item in first} == {"created"}
    assert len(first) == 1 + 1 + 1 + 457 + 457
    told = await read_outbox(world.engine, world.program_id)
    again = (await client.put("/v1/directory", json=_city(457), headers=staff)).json()["items"]
    assert {item["status"] for item in again} == {"unchanged"}
    assert [item["id"] for item in again] == [item["id"] for item in first]
    assert len(await read_outbox(world.engine, world.program_id)) == len(told)
    assert sum(isinstance(event, TillChanged) for event in told) == 457 + 1


async def test_a_bad_item_does_not_spoil_its_neighbours(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {
        "shops": [
            {"code": "good", "name": "Good", "mall": "riverside"},
            {"code": "lost", "name": "Lost", "mall": "nowhere"},
            {"code": "odd", "name": "Odd", "mall": "riverside", "brand": "none"},
            {"code": "odd", "name": "Odd", "mall": "riverside", "category": "none"},
        ],
        "tills": [{"shop": "good", "till_id": "T1"}, {"shop": "lost", "till_id": "T1"}],
    }
    items = (await client.put("/v1/directory", json=body, headers=world.staff())).json()["items"]
    assert [(i["status"], i["error"]) for i in items] == [
        ("created", None),
        ("rejected", "mall_unknown"),
        ("rejected", "brand_unknown"),
        ("rejected", "category_unknown"),
        ("created", None),
        ("rejected", "shop_unknown"),
    ]
    assert items[4]["key_version"] == 1


async def test_the_same_thing_twice_in_a_request_ends_as_the_last_says(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {"brands": [{"code": "b", "name": "One"}, {"code": "b", "name": "Two"}]}
    items = (await client.put("/v1/directory", json=body, headers=world.staff())).json()["items"]
    assert [i["status"] for i in items] == ["created", "changed"]
    stored = (await client.get("/v1/brands/b", headers=world.staff())).json()
    assert stored == {"code": "b", "name": "Two", "revision": 2}

"""Malls, brands and categories over HTTP."""

import httpx

from shared.contracts.membership import BrandChanged, MallChanged, ShopChanged
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import read_outbox

MALL = {"name": "Northgate 北门", "time_zone": "America/New_York", "currency": "CNY"}


async def test_a_mall_is_made_once_and_the_same_again_changes_nothing(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    first = await client.put("/v1/malls/northgate", json=MALL, headers=staff)
    again = await client.put("/v1/malls/northgate", json=MALL, headers=staff)
    assert first.status_code == 200
    assert first.json() == again.json()
    assert first.json()["revision"] == 1
    told = [
        e
        for e in await read_outbox(world.engine, world.program_id)
        if e.key() == first.json()["mall_id"]
    ]
    assert [type(e) for e in told] == [MallChanged]


async def test_a_mall_that_moves_to_another_zone_tells_its_shops_anew(
    client: httpx.AsyncClient, world: World
) -> None:
    moved = {"name": "Riverside", "time_zone": "Asia/Tokyo", "currency": "CNY"}
    answer = await client.put("/v1/malls/riverside", json=moved, headers=world.staff("directory"))
    assert answer.json()["revision"] == 2
    shops = [
        e for e in await read_outbox(world.engine, world.program_id) if isinstance(e, ShopChanged)
    ]
    assert [(s.time_zone, s.revision) for s in shops] == [("Asia/Shanghai", 1), ("Asia/Tokyo", 2)]


async def test_a_zone_that_no_clock_knows_is_refused(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {**MALL, "time_zone": "Asia/Atlantis"}
    answer = await client.put("/v1/malls/x", json=body, headers=world.staff("directory"))
    assert (answer.status_code, answer.json()["code"]) == (422, "time_zone_unknown")


async def test_a_mall_counts_in_the_programmes_currency(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {**MALL, "currency": "USD"}
    answer = await client.put("/v1/malls/x", json=body, headers=world.staff("directory"))
    assert (answer.status_code, answer.json()["code"]) == (422, "currency_mismatch")


async def test_brands_and_categories_have_revisions(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    for kind in ("brands", "categories"):
        await client.put(f"/v1/{kind}/coffee", json={"name": "Coffee"}, headers=staff)
        answer = await client.put(f"/v1/{kind}/coffee", json={"name": "Café"}, headers=staff)
        expected = {"code": "coffee", "name": "Café", "revision": 2}
        assert answer.json() == expected
        assert (await client.get(f"/v1/{kind}/coffee", headers=staff)).json() == expected
    told = [
        e for e in await read_outbox(world.engine, world.program_id) if isinstance(e, BrandChanged)
    ]
    assert [e.revision for e in told] == [1, 2]


async def test_pages_of_brands_follow_each_other_by_cursor(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    for code in ("c", "a", "b"):
        await client.put(f"/v1/brands/{code}", json={"name": code}, headers=staff)
    first = (await client.get("/v1/brands?limit=2", headers=staff)).json()
    assert [item["code"] for item in first["items"]] == ["a", "b"]
    second = (await client.get(f"/v1/brands?limit=2&cursor={first['next']}", headers=staff)).json()
    assert [item["code"] for item in second["items"]] == ["c"]
    assert second["next"] is None
    bad = await client.get("/v1/brands?cursor=_w", headers=staff)
    assert (bad.status_code, bad.json()["code"]) == (422, "cursor_invalid")


async def test_staff_of_one_mall_touch_no_other(client: httpx.AsyncClient, world: World) -> None:
    await client.put("/v1/malls/northgate", json=MALL, headers=world.staff("directory"))
    scoped = world.staff("directory", mall_ids=[world.mall_id])
    shop = {"name": "Kiosk", "mall": "northgate"}
    refused = [
        await client.put("/v1/malls/northgate", json={**MALL, "name": "Mine"}, headers=scoped),
        await client.put("/v1/malls/brand-new", json=MALL, headers=scoped),
        await client.put("/v1/shops/n-1", json=shop, headers=scoped),
        await client.put("/v1/shops/r-101", json={**shop, "mall": "northgate"}, headers=scoped),
        await client.put("/v1/brands/mine", json={"name": "Mine"}, headers=scoped),
    ]
    assert [(a.status_code, a.json()["code"]) for a in refused] == [(403, "out_of_scope")] * 5
    assert (await client.get("/v1/malls/northgate", headers=scoped)).status_code == 404
    seen = (await client.get("/v1/malls", headers=scoped)).json()["items"]
    assert [mall["code"] for mall in seen] == ["riverside"]
    own = await client.put("/v1/shops/r-102", json={**shop, "mall": "riverside"}, headers=scoped)
    assert own.status_code == 200


async def test_staff_of_one_shop_see_and_change_that_shop(
    client: httpx.AsyncClient, world: World
) -> None:
    scoped = world.staff("directory", shop_ids=[world.till.shop_id])
    body = {"name": "Corner Coffee & Tea", "mall": "riverside"}
    assert (await client.put("/v1/shops/r-101", json=body, headers=scoped)).status_code == 200
    assert (await client.put("/v1/shops/r-1", json=body, headers=scoped)).status_code == 403
    assert len((await client.get("/v1/malls", headers=scoped)).json()["items"]) == 1
    mall = {"name": "R", "time_zone": "Asia/Shanghai", "currency": "CNY"}
    assert (await client.put("/v1/malls/riverside", json=mall, headers=scoped)).status_code == 403


async def test_other_roles_do_not_touch_the_directory(
    client: httpx.AsyncClient, world: World
) -> None:
    answer = await client.put("/v1/malls/x", json=MALL, headers=world.staff("members"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert (await client.get("/v1/malls", headers=world.member(new_id()))).status_code == 403

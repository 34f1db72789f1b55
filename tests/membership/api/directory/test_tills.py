"""Tills over HTTP."""

import asyncio
from datetime import timedelta

import httpx

from shared.auth import Till, derive_till_secret
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import DEPLOYMENT_KEY, post_signed

TILLS = "/v1/shops/r-101/tills"
ENROL = "/v1/members/enrol-at-till"


async def test_a_till_is_registered_switched_and_listed(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("directory")
    made = await client.put(f"{TILLS}/T2", json={}, headers=staff)
    assert (made.json()["key_version"], made.json()["is_active"]) == (1, True)
    off = await client.put(f"{TILLS}/T2", json={"is_active": False}, headers=staff)
    assert (off.json()["is_active"], off.json()["revision"]) == (False, 2)
    first = (await client.get(f"{TILLS}?limit=1", headers=staff)).json()
    second = (await client.get(f"{TILLS}?cursor={first['next']}", headers=staff)).json()
    assert [t["till_id"] for t in first["items"] + second["items"]] == ["T1", "T2"]
    assert (await client.get(f"{TILLS}/T2", headers=staff)).json() == off.json()


async def test_the_secret_is_for_administrators_and_signs(
    client: httpx.AsyncClient, world: World
) -> None:
    refused = await client.get(f"{TILLS}/T1/secret", headers=world.staff("directory"))
    assert refused.status_code == 403
    shown = (await client.get(f"{TILLS}/T1/secret", headers=world.staff())).json()
    till = world.till
    named = (till.program_id, till.shop_id, "T1", 1)
    assert shown["secret"] == derive_till_secret(DEPLOYMENT_KEY, *named)


async def test_a_rotated_key_signs_and_the_one_before_for_a_while(
    client: httpx.AsyncClient, world: World
) -> None:
    headers = {**world.staff("directory"), "Idempotency-Key": new_id().hex}
    answers = await asyncio.gather(
        *(client.post(f"{TILLS}/T1/rotate-key", headers=headers) for _ in range(4))
    )
    assert {(a.status_code, a.json()["key_version"]) for a in answers} == {(200, 2)}
    old, new = world.till, Till(world.program_id, world.till.shop_id, "T1", 2)
    body = {"phone": "13800138000"}
    for till in (old, new):
        assert (await post_signed(client, world.clock, till, ENROL, body)).status_code < 300
    world.clock.now += timedelta(hours=24)
    late = await post_signed(client, world.clock, old, ENROL, body)
    assert (late.status_code, late.json()["code"]) == (401, "till_key_retired")
    assert late.json()["current_key_version"] == 2
    assert (await post_signed(client, world.clock, new, ENROL, body)).status_code == 200


async def test_a_till_needs_a_shop_of_ones_own(client: httpx.AsyncClient, world: World) -> None:
    scoped = world.staff("directory", mall_ids=[new_id()])
    once = {"Idempotency-Key": "k"}
    for headers, path in ((world.staff(), "/v1/shops/none/tills/T1"), (scoped, f"{TILLS}/T1")):
        answers = [
            await client.put(path, json={}, headers=headers),
            await client.get(path, headers=headers),
            await client.post(f"{path}/rotate-key", headers={**headers, **once}),
        ]
        assert [a.status_code for a in answers] == [404, 404, 404]
    unknown = await client.get(f"{TILLS}/T9", headers=world.staff())
    assert (unknown.status_code, unknown.json()["code"]) == (404, "thing_unknown")

"""Clients over HTTP."""

import httpx

from shared.ids import new_id
from tests.membership.world import World

BODY = {"kind": "staff", "name": "Desk", "roles": ["members", "members"]}


def _once(headers: dict[str, str], key: str = "") -> dict[str, str]:
    return {**headers, "Idempotency-Key": key or new_id().hex}


async def test_a_client_is_made_once_for_a_key_and_the_answer_is_kept(
    client: httpx.AsyncClient, world: World
) -> None:
    headers = _once(world.staff())
    first = await client.post("/v1/clients", json=BODY, headers=headers)
    assert first.status_code == 201
    assert first.json()["roles"] == ["members"]
    again = await client.post("/v1/clients", json=BODY, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await client.post("/v1/clients", json={**BODY, "name": "X"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    missing = await client.post("/v1/clients", json=BODY, headers=world.staff())
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")


async def test_a_role_that_nothing_asks_for_is_refused_with_those_that_there_are(
    client: httpx.AsyncClient, world: World
) -> None:
    wanted = {**BODY, "roles": ["members", "points.finanse"]}
    headers = _once(world.staff())
    refused = await client.post("/v1/clients", json=wanted, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "role_unknown")
    assert "points.finance" in refused.json()["roles"]
    mended = {**BODY, "roles": ["members", "points.finance"]}
    assert (await client.post("/v1/clients", json=mended, headers=headers)).status_code == 201


async def test_the_list_pages_and_never_shows_a_secret(
    client: httpx.AsyncClient, world: World
) -> None:
    made = [
        (await client.post("/v1/clients", json=BODY, headers=_once(world.staff()))).json()
        for _ in range(3)
    ]
    seen, cursor = [], ""
    while cursor is not None:
        url = f"/v1/clients?limit=2{cursor and '&cursor=' + cursor}"
        page = (await client.get(url, headers=world.staff())).json()
        seen += page["items"]
        cursor = page["next"]
    assert {c["client_id"] for c in seen} == {c["client_id"] for c in made}
    assert not any("secret" in name for c in seen for name in c)


async def test_a_disabled_client_is_listed_as_such(client: httpx.AsyncClient, world: World) -> None:
    made = (await client.post("/v1/clients", json=BODY, headers=_once(world.staff()))).json()
    gone = await client.delete(f"/v1/clients/{made['client_id']}", headers=world.staff())
    assert gone.status_code == 204
    (listed,) = (await client.get("/v1/clients", headers=world.staff())).json()["items"]
    assert listed["disabled_at"] is not None
    unknown = await client.delete("/v1/clients/nobody", headers=world.staff())
    assert (unknown.status_code, unknown.json()["code"]) == (404, "client_unknown")


async def test_only_administrators_of_the_whole_programme_rule_clients(
    client: httpx.AsyncClient, world: World
) -> None:
    for headers, code in (
        (world.staff("members"), "role_missing"),
        (world.staff("admin", mall_ids=[world.mall_id]), "out_of_scope"),
    ):
        answers = [
            await client.get("/v1/clients", headers=headers),
            await client.delete("/v1/clients/x", headers=headers),
        ]
        assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, code)] * 2
    wide = await client.post(
        "/v1/clients", json=BODY, headers=_once(world.staff("admin", mall_ids=[world.mall_id]))
    )
    assert (wide.status_code, wide.json()["code"]) == (403, "scope_too_wide")
    unknown = {**BODY, "mall_ids": [str(new_id())]}
    answer = await client.post("/v1/clients", json=unknown, headers=_once(world.staff()))
    assert (answer.status_code, answer.json()["code"]) == (422, "mall_unknown")

"""Staff revoke tokens over HTTP."""

import httpx

from shared.ids import new_id
from tests.membership.world import World

PATH = "/v1/token-revocations"


async def test_a_members_tokens_are_revoked_by_a_desk(
    client: httpx.AsyncClient, world: World
) -> None:
    member_id = str((await world.enrol_one()).member_id)
    body = {"holder": "member", "id": member_id}
    answer = await client.post(PATH, json=body, headers=world.staff("members"))
    assert answer.status_code == 201
    assert answer.json() == {
        **body,
        "revoked_at": "2026-03-10T12:00:00Z",
        "forgotten_at": "2026-03-10T12:15:00Z",
    }


async def test_only_administrators_of_the_whole_programme_revoke_what_others_hold(
    client: httpx.AsyncClient, world: World
) -> None:
    for headers, code in (
        (world.staff("members"), "role_missing"),
        (world.staff("admin", mall_ids=[world.mall_id]), "out_of_scope"),
    ):
        for holder in ("client", "token", "subject"):
            answer = await client.post(PATH, json={"holder": holder, "id": "x"}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_a_holder_that_is_not_there_or_makes_no_sense_is_refused(
    client: httpx.AsyncClient, world: World
) -> None:
    for body, status, code in (
        ({"holder": "client", "id": "nobody"}, 404, "client_unknown"),
        ({"holder": "member", "id": str(new_id())}, 404, "member_unknown"),
        ({"holder": "till", "id": "x"}, 422, "validation_failed"),
        ({"holder": "token", "id": "a\x00b"}, 422, "validation_failed"),
        ({"holder": "token", "id": ""}, 422, "validation_failed"),
        ({"holder": "token"}, 422, "validation_failed"),
    ):
        answer = await client.post(PATH, json=body, headers=world.staff())
        assert (answer.status_code, answer.json()["code"]) == (status, code), body

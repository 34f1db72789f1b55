"""Identities over HTTP."""

import httpx

from shared.ids import new_id
from tests.membership.world import World


async def test_identities_come_and_go_masked(client: httpx.AsyncClient, world: World) -> None:
    member = await world.enrol_one()
    url, desk = f"/v1/members/{member.member_id}/identities", world.staff("members")
    body = {"type": "email", "value": "Wang@Example.com", "is_verified": True}
    first = await client.post(url, json=body, headers=desk)
    again = await client.post(url, json=body, headers=desk)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json()["value"], first.json()["verified_at"]) == (
        "w***@example.com",
        "2026-03-10T12:00:00Z",
    )
    gone = await client.delete(f"{url}/{first.json()['identity_id']}", headers=desk)
    assert gone.status_code == 204
    left = (await client.get(f"/v1/members/{member.member_id}", headers=desk)).json()["identities"]
    assert [identity["type"] for identity in left] == ["phone"]
    phone = await client.delete(f"{url}/{left[0]['identity_id']}", headers=desk)
    assert (phone.status_code, phone.json()["code"]) == (409, "phone_needed")


async def test_an_identity_of_another_and_of_nobody_are_refused(
    client: httpx.AsyncClient, world: World
) -> None:
    await world.enrol_one()
    li = await world.enrol_one("13800138001")
    desk = world.staff("members")
    taken = await client.post(
        f"/v1/members/{li.member_id}/identities",
        json={"type": "phone", "value": "13800138000"},
        headers=desk,
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "identity_taken")
    assert "13800138000" not in taken.text
    nobody = await client.post(
        f"/v1/members/{new_id()}/identities",
        json={"type": "card", "value": "VIP1"},
        headers=desk,
    )
    assert (nobody.status_code, nobody.json()["code"]) == (404, "member_unknown")
    unknown = await client.delete(f"/v1/members/{li.member_id}/identities/{new_id()}", headers=desk)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "identity_unknown")
    refused = await client.post(
        f"/v1/members/{li.member_id}/identities",
        json={"type": "card", "value": "VIP1"},
        headers=world.staff("directory"),
    )
    assert refused.status_code == 403

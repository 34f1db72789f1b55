"""Finding members over HTTP."""

from typing import Any

import httpx
import pytest

from tests.membership.world import World
from tests.support.service import post_signed

LOOKUP, SEARCH = "/v1/members/lookup", "/v1/members/search"


async def test_a_till_finds_a_member_by_phone_and_number(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await world.enrol_one()
    for body in ({"phone": "138 0013 8000"}, {"member_number": member.member_number}):
        found = await post_signed(client, world.clock, world.till, LOOKUP, body)
        assert found.json() == {
            "member_id": str(member.member_id),
            "member_number": member.member_number,
            "tier": "bronze",
            "phone": "+86138****8000",
            "enrolled_at": "2026-03-10T12:00:00Z",
        }


async def test_a_front_end_finds_a_member_by_any_identity(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await world.enrol_one()
    openid = {"type": "wechat_openid", "value": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    front = world.service("front_end")
    url = f"/v1/members/{member.member_id}/identities"
    assert (await client.post(url, json=openid, headers=front)).status_code == 201
    found = await client.post(SEARCH, json={"identity": openid}, headers=front)
    assert found.json()["member_id"] == str(member.member_id)


async def test_whom_nobody_knows_is_not_found(client: httpx.AsyncClient, world: World) -> None:
    staff = world.staff("members")
    for body in ({"phone": "13900139000"}, {"member_number": "123456789012"}):
        answer = await client.post(SEARCH, json=body, headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
        assert "139" not in answer.text.replace(answer.json()["correlation_id"], "")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": None},
        {"phone": "13800138000", "member_number": "123456789012"},
        {"member_number": "012345678901"},
        {"member_number": 123456789012},
        {"code": "A" * 51},
        {"code": "a" * 52},
        {"identity": {"type": "fax", "value": "1"}},
        {"identity": {"type": "card", "value": "\x00"}},
    ],
)
async def test_a_member_is_named_in_exactly_one_good_way(
    client: httpx.AsyncClient, world: World, body: dict[str, Any]
) -> None:
    answer = await client.post(SEARCH, json=body, headers=world.staff("members"))
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_code_of_ones_own_making_is_refused(
    client: httpx.AsyncClient, world: World
) -> None:
    answer = await client.post(SEARCH, json={"code": "A" * 52}, headers=world.staff("members"))
    assert (answer.status_code, answer.json()["code"]) == (422, "member_code_refused")


async def test_tills_do_not_search_by_other_identities_nor_staff_by_the_tills_door(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {"identity": {"type": "card", "value": "VIP1"}}
    answer = await post_signed(client, world.clock, world.till, LOOKUP, body)
    assert answer.status_code == 422
    answer = await client.post(LOOKUP, json={"phone": "13800138000"}, headers=world.staff())
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_missing")

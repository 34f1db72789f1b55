"""Members over HTTP."""

import httpx

from services.membership.domain.members.members import EnrolWanted
from shared.auth import read_member_code
from shared.ids import new_id
from tests.membership.world import World
from tests.support.service import DEPLOYMENT_KEY


async def _wang(world: World) -> str:
    wang = EnrolWanted("13800138000", "app", name="王小明")
    (member,) = await world.enrol(wang)
    return str(member.member_id)


async def test_who_sees_what_of_a_member(client: httpx.AsyncClient, world: World) -> None:
    url = f"/v1/members/{await _wang(world)}"
    member_id = (await client.get(url, headers=world.staff())).json()["member_id"]
    seen = {
        role: (await client.get(url, headers=headers)).json()
        for role, headers in {
            "desk": world.staff("members"),
            "privacy": world.staff("members", "members.pii"),
            "self": world.member(member_id),
        }.items()
    }
    assert {role: (view["phone"], view["name"]) for role, view in seen.items()} == {
        "desk": ("+86138****8000", None),
        "privacy": ("+8613800138000", "王小明"),
        "self": ("+86138****8000", "王小明"),
    }
    assert seen["desk"]["identities"][0]["value"] == "+86138****8000"


async def test_a_member_sees_nobody_else(client: httpx.AsyncClient, world: World) -> None:
    wang, li = await world.enrol_one(), await world.enrol_one("13800138001")
    own = world.member(wang.member_id)
    answers = [
        await client.get(f"/v1/members/{li.member_id}", headers=own),
        await client.get(f"/v1/members/{li.member_id}/tier", headers=own),
        await client.post(f"/v1/members/{li.member_id}/code", headers=own),
        await client.get(f"/v1/members/{new_id()}", headers=world.staff("members")),
        await client.get(f"/v1/members/{new_id()}/tier", headers=world.staff("members")),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "member_unknown")] * 5


async def test_a_member_sees_how_far_the_next_tier_is(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await world.enrol_one(days_ago=9)
    await world.buy(world.sale(member.member_id, 12_000, days_ago=1))
    url = f"/v1/members/{member.member_id}/tier"
    tier = (await client.get(url, headers=world.member(member.member_id))).json()
    assert (tier["tier"], tier["credit_minor"], tier["version"]) == ("silver", 12_000, 1)
    assert (tier["next_tier"]["code"], tier["next_tier"]["gap_minor"]) == ("gold", 8_000)
    assert [step["tier"] for step in tier["timeline"]] == ["bronze", "silver"]
    assert tier["valid_until"] == "2027-03-09T16:00:00Z"
    await world.buy(world.sale(member.member_id, 12_000))
    top = (await client.get(url, headers=world.member(member.member_id))).json()
    assert (top["tier"], top["next_tier"]) == ("gold", None)
    profile = (await client.get(f"/v1/members/{member.member_id}", headers=world.staff())).json()
    assert (profile["profile"]["visits"], profile["profile"]["spend_minor"]) == (2, 24_000)


async def test_a_code_on_the_screen_is_good_for_a_minute(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await world.enrol_one()
    url = f"/v1/members/{member.member_id}/code"
    shown = (await client.post(url, headers=world.member(member.member_id))).json()
    now = int(world.clock().timestamp())
    read = read_member_code(DEPLOYMENT_KEY, world.program_id, shown["code"], now + 60)
    assert read == member.member_id
    desk = {"code": shown["code"]}
    found = await client.post("/v1/members/search", json=desk, headers=world.staff("members"))
    assert found.json()["member_id"] == str(member.member_id)
    world.clock.advance(seconds=61)
    late = await client.post("/v1/members/search", json=desk, headers=world.staff("members"))
    assert (late.status_code, late.json()["code"]) == (422, "member_code_refused")
    by_staff = await client.post(url, headers=world.staff())
    assert (by_staff.status_code, by_staff.json()["code"]) == (403, "wrong_principal")

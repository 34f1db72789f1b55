"""Joining over HTTP."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.directory.directory import Scope, TillWanted
from services.membership.domain.directory.directory_plan import DirectoryWanted
from services.membership.usecases.directory.put_directory import put_directory
from shared.auth import Till
from shared.contracts.membership import MemberEnrolled
from shared.db import transaction
from shared.ids import luhn_digit
from tests.membership.world import World
from tests.support.service import post_signed, read_outbox

WANG = {
    "channel": "mini_program",
    "phone": "138 0013-8000",
    "name": "王小明 😀",
    "birthday": "1990-05-20",
    "home_mall": "riverside",
}


async def _told(world: World) -> list[MemberEnrolled]:
    events = await read_outbox(world.engine, world.program_id)
    return [event for event in events if isinstance(event, MemberEnrolled)]


async def test_a_front_end_enrols_a_member_who_starts_at_the_lowest_tier(
    client: httpx.AsyncClient, world: World
) -> None:
    answer = await client.post("/v1/members", json=WANG, headers=world.service("front_end"))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["tier"], body["is_new"]) == ("bronze", True)
    number = body["member_number"]
    assert number[-1] == luhn_digit(number[:-1])
    (event,) = await _told(world)
    assert str(event.member_id) == body["member_id"]
    assert (event.channel, event.locale, event.home_mall_id) == (
        "mini_program",
        "zh-CN",
        world.mall_id,
    )
    assert event.enrolled_at == world.clock()


async def test_the_same_phone_however_written_is_the_same_member(
    client: httpx.AsyncClient, world: World
) -> None:
    staff = world.staff("members")
    first = await client.post("/v1/members", json=WANG, headers=staff)
    for phone in ("13800138000", "+86 138 0013 8000", "0086 13800138000", "(138) 0013.8000"):
        body = {"channel": "store", "phone": phone, "name": "Somebody Else"}
        again = await client.post("/v1/members", json=body, headers=staff)
        assert again.status_code == 200
        assert again.json() == {**first.json(), "is_new": False}
    assert len(await _told(world)) == 1


async def test_no_personal_data_is_told_or_stored_in_the_clear(
    client: httpx.AsyncClient, world: World, engine: AsyncEngine
) -> None:
    await client.post("/v1/members", json=WANG, headers=world.staff("members"))
    async with transaction(engine) as session:
        for table in ("member", "member_identity", "outbox"):
            rows = await session.scalars(
                text(f"SELECT t::text FROM {table} t WHERE program_id = :p"),
                {"p": world.program_id},
            )
            for row in rows:
                plain = bytes.fromhex(row) if row.startswith("\\x") else row.encode()
                for secret in ("13800138000", "王小明", "1990-05-20"):
                    assert secret.encode() not in plain
                    assert secret.encode().hex() not in row


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"phone": "12345"}, 422, "phone_invalid"),
        ({"phone": "+1 2"}, 422, "phone_invalid"),
        ({"home_mall": "nowhere"}, 422, "mall_unknown"),
        ({"enrolled_at": "2025-01-01T00:00:00Z"}, 422, "enrolled_at_not_allowed"),
        (
            {"channel": "import", "enrolled_at": "2099-01-01T00:00:00Z"},
            422,
            "enrolled_in_future",
        ),
        ({"channel": "import", "enrolled_at": "2025-01-01T00:00:00"}, 422, "validation_failed"),
        ({"channel": "import", "enrolled_at": 1_700_000_000}, 422, "validation_failed"),
        (
            {"channel": "import", "enrolled_at": "0001-01-01T00:00:00+14:00"},
            422,
            "validation_failed",
        ),
        ({"birthday": "1990-02-30"}, 422, "validation_failed"),
        ({"birthday": 7}, 422, "validation_failed"),
        ({"name": "a\x00b"}, 422, "validation_failed"),
        ({"name": "\ud800"}, 422, "validation_failed"),
        ({"name": ""}, 422, "validation_failed"),
        ({"channel": "fax"}, 422, "validation_failed"),
        ({"locale": "tlh"}, 422, "validation_failed"),
        ({"phone": 13800138000}, 422, "validation_failed"),
        ({"extra": 1}, 422, "validation_failed"),
    ],
)
async def test_what_breaks_a_rule_is_refused_without_an_echo(
    client: httpx.AsyncClient, world: World, change: dict[str, Any], status: int, code: str
) -> None:
    raw = json.dumps({**WANG, **change}).encode()
    headers = {**world.staff("members"), "Content-Type": "application/json"}
    answer = await client.post("/v1/members", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "13800138000" not in answer.text
    assert "12345" not in answer.text
    assert await _told(world) == []


async def test_staff_without_the_role_enrol_nobody(client: httpx.AsyncClient, world: World) -> None:
    for headers in (world.staff("directory"), world.service("members")):
        answer = await client.post("/v1/members", json=WANG, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


async def test_an_import_says_when_the_member_joined(
    client: httpx.AsyncClient, world: World
) -> None:
    body = {"channel": "import", "phone": "13800138000", "enrolled_at": "2025-01-02T09:30:00+08:00"}
    answer = await client.post("/v1/members", json=body, headers=world.staff("members"))
    assert answer.json()["enrolled_at"] == "2025-01-02T01:30:00Z"


async def test_a_till_enrols_a_member_of_its_mall(client: httpx.AsyncClient, world: World) -> None:
    path, body = "/v1/members/enrol-at-till", {"phone": "13800138000"}
    answer = await post_signed(client, world.clock, world.till, path, body)
    assert answer.status_code == 201
    again = await post_signed(client, world.clock, world.till, path, body)
    assert again.status_code == 200
    (event,) = await _told(world)
    assert (event.channel, event.home_mall_id) == ("pos", world.mall_id)


async def test_a_till_that_is_unknown_or_off_or_signs_with_an_old_key_enrols_nobody(
    client: httpx.AsyncClient, world: World
) -> None:
    path, body = "/v1/members/enrol-at-till", {"phone": "13800138000"}
    till = world.till
    stranger = Till(till.program_id, till.shop_id, "T9", 1)
    next_key = Till(till.program_id, till.shop_id, "T1", 2)
    answers = [
        await post_signed(client, world.clock, who, path, body) for who in (stranger, next_key)
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "till_unknown"),
        (401, "till_key_retired"),
    ]
    async with transaction(world.engine) as session:
        off = DirectoryWanted(tills=(TillWanted("r-101", "T1", False),))
        await put_directory(session, world.clock(), world.program_id, Scope(), off)
    answer = await post_signed(client, world.clock, till, path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "till_inactive")


async def test_a_batch_answers_each_item_and_a_bad_one_does_not_spoil_its_neighbours(
    client: httpx.AsyncClient, world: World
) -> None:
    items: list[Any] = [
        {"channel": "import", "phone": "13800000001", "enrolled_at": "2025-01-02T09:30:00+08:00"},
        {"channel": "import", "phone": "nonsense"},
        {"channel": "import", "phone": "110"},
        {"channel": "import", "phone": "+8613800000001"},
        {"channel": "import", "phone": "13800000002", "home_mall": "nowhere"},
        {"channel": "import", "phone": "13800000003"},
    ]
    url, staff = "/v1/members/batch", world.staff("members")
    got = (await client.post(url, json={"items": items}, headers=staff)).json()["items"]
    assert [(i["status"], i.get("code")) for i in got] == [
        ("created", None),
        ("rejected", "validation_failed"),
        ("rejected", "phone_invalid"),
        ("existing", None),
        ("rejected", "mall_unknown"),
        ("created", None),
    ]
    assert got[3]["member"]["member_id"] == got[0]["member"]["member_id"]
    again = (await client.post(url, json={"items": items}, headers=staff)).json()["items"]
    assert [i["status"] for i in again][::5] == ["existing", "existing"]
    assert len(await _told(world)) == 2


async def test_a_batch_has_one_to_a_thousand_items(client: httpx.AsyncClient, world: World) -> None:
    for items in ([], [{}] * 1_001):
        answer = await client.post(
            "/v1/members/batch", json={"items": items}, headers=world.staff("members")
        )
        assert answer.status_code == 422


async def test_a_programme_without_tiers_enrols_nobody(
    client: httpx.AsyncClient, world: World
) -> None:
    async with transaction(world.engine) as session:
        await session.execute(
            text("DELETE FROM tier_scheme WHERE program_id = :p"), {"p": world.program_id}
        )
    answer = await client.post("/v1/members", json=WANG, headers=world.staff("members"))
    assert (answer.status_code, answer.json()["code"]) == (409, "tier_scheme_missing")


async def test_a_thousand_households_join_in_one_request(
    client: httpx.AsyncClient, world: World
) -> None:
    joined = (world.clock() - timedelta(days=365)).isoformat()
    items = [
        {"channel": "import", "phone": f"1390000{n:04d}", "enrolled_at": joined}
        for n in range(1_000)
    ]
    answer = await client.post(
        "/v1/members/batch", json={"items": items}, headers=world.staff("members")
    )
    assert {item["status"] for item in answer.json()["items"]} == {"created"}


async def test_two_batches_in_opposite_order_at_once_make_each_member_once(
    client: httpx.AsyncClient, world: World
) -> None:
    items = [{"channel": "import", "phone": f"1370000{n:04d}"} for n in range(200)]
    answers = await asyncio.gather(
        *(
            client.post("/v1/members/batch", json={"items": order}, headers=world.staff("members"))
            for order in (items, items[::-1], items, items[::-1])
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    ids = {i["member"]["member_id"] for answer in answers for i in answer.json()["items"]}
    assert len(ids) == 200
    assert len(await _told(world)) == 200

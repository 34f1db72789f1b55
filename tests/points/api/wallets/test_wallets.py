"""Wallets over HTTP: stated by staff, filled by name, read by members."""

from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.tokens import member_headers

STARS: dict[str, Any] = {
    "name": "Stars",
    "expiry": {"kind": "end_of_year"},
    "balance_max": 100,
    "may_transfer": False,
}


async def put(mall: Mall, wallet: str, **changes: Any) -> httpx.Response:
    body = {**STARS, **changes}
    return await mall.client.put(f"/v1/wallets/{wallet}", json=body, headers=mall.staff())


async def adjust(mall: Mall, member_id: object, points: int, wallet: str) -> httpx.Response:
    return await mall.client.post(
        f"/v1/members/{member_id}/adjustments",
        json={"points": points, "reason_code": "test", "note": "test", "wallet": wallet},
        headers={**mall.staff(), "Idempotency-Key": new_id().hex},
    )


async def test_staff_state_wallets_and_everybody_finds_them(mall: Mall) -> None:
    assert [(await put(mall, "stars")).status_code for _ in range(2)] == [201, 200]
    listed = (await mall.get("/v1/wallets")).json()
    assert [(w["wallet"], w["balance_max"]) for w in listed] == [("points", None), ("stars", 100)]
    member_id = await mall.enrol()
    balances = (await mall.get(f"/v1/members/{member_id}/wallets", member_id)).json()
    assert balances == [
        {"wallet": "points", "balance": 0, "version": 0},
        {"wallet": "stars", "balance": 0, "version": 0},
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"expiry": {"kind": "months"}},
        {"expiry": {"kind": "rolling_days"}},
        {"expiry": {"kind": "calendar_date", "on": "31.12."}},
        {"expiry": {"kind": "tomorrow"}},
        {"balance_max": 0},
        {"balance_max": 1.5},
        {"gift_points_a_day_max": 0},
        {"gift_points_a_day_max": "5"},
        {"name": ""},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(mall: Mall, changes: dict[str, Any]) -> None:
    answer = await put(mall, "stars", **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("expiry", "field"),
    [
        ({"kind": "months"}, "months"),
        ({"kind": "rolling_days", "months": 3}, "days"),
        ({"kind": "never", "days": 3}, "days"),
        ({"kind": "end_of_year", "on": "2027-06-30"}, "on"),
    ],
)
async def test_an_expiry_is_refused_with_the_field_that_its_kind_lacks_or_does_not_know(
    mall: Mall, expiry: dict[str, Any], field: str
) -> None:
    answer = await put(mall, "stars", expiry=expiry)
    assert answer.status_code == 422, answer.text
    named = {
        error["field"].rpartition(".")[2]: error["problem"] for error in answer.json()["errors"]
    }
    is_missing = field not in expiry
    assert named[field] == ("Field required" if is_missing else "Extra inputs are not permitted")


async def test_the_limit_of_gifts_is_listed_and_each_change_of_it_is_a_version(mall: Mall) -> None:
    stated = []
    for most in (None, 5, 5, 7, None):
        answer = await put(mall, "stars", may_transfer=True, gift_points_a_day_max=most)
        stated.append(answer.json()["gift_points_a_day_max"])
    assert stated == [None, 5, 5, 7, None]
    versions = (await mall.get("/v1/wallets/stars/versions")).json()
    assert [v["gift_points_a_day_max"] for v in versions] == [None, 5, 7, None]
    await put(mall, "stars", may_transfer=True, gift_points_a_day_max=3)
    listed = (await mall.get("/v1/wallets")).json()
    # Of points it is what bounds their transfers.
    limits = [(w["wallet"], w["gift_points_a_day_max"]) for w in listed]
    assert limits == [("points", 10_000), ("stars", 3)]


async def test_points_are_built_in_and_only_the_role_states_wallets(mall: Mall) -> None:
    answer = await put(mall, "points")
    assert (answer.status_code, answer.json()["code"]) == (422, "wallet_is_built_in")
    answer = await mall.client.put("/v1/wallets/stars", json=STARS, headers=mall.staff("desk"))
    assert answer.status_code == 403


async def test_a_wallet_that_is_not_there_says_so_and_makes_no_account(mall: Mall) -> None:
    member_id = await mall.enrol()
    answer = await adjust(mall, member_id, 5, "moons")
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_unknown")
    assert answer.json()["wallet"] == "moons"
    await put(mall, "stars")
    answer = await adjust(mall, new_id(), 5, "stars")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_unknown")
    for path in (f"/v1/members/{member_id}/wallets/moons/postings", "/v1/wallets/moons/versions"):
        answer = await mall.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "wallet_unknown"), path
    accounts = await mall.rows("SELECT wallet FROM account WHERE program_id = :p AND version > 0")
    assert accounts == []


async def test_stars_are_a_ledger_of_their_own_with_their_own_end(mall: Mall) -> None:
    await put(mall, "stars")
    member_id = await mall.enrol()
    await mall.sold(5_000, member_id=member_id)
    made = await adjust(mall, member_id, 60, "stars")
    assert (made.status_code, made.json()["balance"], made.json()["wallet"]) == (201, 60, "stars")
    assert (await adjust(mall, member_id, -20, "stars")).json()["balance"] == 40
    short = await adjust(mall, member_id, -41, "stars")
    assert (short.status_code, short.json()["shortfall"]) == (422, 1)
    assert await mall.balance(member_id) == 50
    balances = (await mall.get(f"/v1/members/{member_id}/wallets", member_id)).json()
    assert [(w["wallet"], w["balance"]) for w in balances] == [("points", 50), ("stars", 40)]
    statement = await mall.get(f"/v1/members/{member_id}/wallets/stars/postings", member_id)
    assert [p["points"] for p in statement.json()["postings"]] == [-20, 60]
    points = await mall.get(f"/v1/members/{member_id}/wallets/points/postings", member_id)
    assert [p["points"] for p in points.json()["postings"]] == [50]
    ends = await mall.rows(
        "SELECT l.expires_at::text FROM lot l JOIN account a USING (program_id, account_id) "
        "WHERE program_id = :p AND a.wallet = 'stars'"
    )
    assert ends == [("2026-12-31 16:00:00+00",)]


async def test_a_wallet_takes_no_more_by_hand_than_its_limit(mall: Mall) -> None:
    await put(mall, "stars")
    member_id = await mall.enrol()
    await adjust(mall, member_id, 70, "stars")
    answer = await adjust(mall, member_id, 31, "stars")
    assert (answer.status_code, answer.json()["code"]) == (422, "wallet_full")
    assert (answer.json()["room"], answer.json()["balance_max"]) == (30, 100)
    assert (await adjust(mall, member_id, 30, "stars")).status_code == 201


async def test_what_waits_for_a_check_is_posted_to_the_wallet_that_was_named(mall: Mall) -> None:
    await put(mall, "stars", balance_max=None)
    member_id = await mall.enrol()
    waits = await adjust(mall, member_id, 50_000, "stars")
    assert (waits.status_code, waits.json()["status"]) == (202, "awaits_check")
    checker = {**mall.staff("points.check")}
    await mall.execute("UPDATE adjustment SET made_by = 'somebody else' WHERE program_id = :p")
    approved = await mall.client.post(
        f"/v1/adjustments/{waits.json()['adjustment_id']}/approval",
        json={"note": "seen"},
        headers=checker,
    )
    assert approved.json()["balance"] == 50_000, approved.text
    assert await mall.balance(member_id) == 0


async def test_a_member_sees_no_other_members_wallets(mall: Mall) -> None:
    await put(mall, "stars")
    member_id, stranger = await mall.enrol(), await mall.enrol()
    for path in ("wallets", "wallets/stars/postings"):
        answer = await mall.client.get(
            f"/v1/members/{member_id}/{path}",
            headers=member_headers(mall.clock, mall.program_id, stranger),
        )
        assert answer.status_code == 404

"""What the member saw on any past day can be seen again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.points.mall import Mall
from tests.points.nights import given, pass_night


async def test_the_balance_and_the_statement_are_shown_as_they_were(mall: Mall) -> None:
    member_id = await mall.enrol()
    start = mall.clock()
    sale = await mall.sold(10_000, member_id=member_id)  # Noon UTC, 10 March in Shanghai.
    mall.clock.advance(hours=5)  # 11 March in Shanghai.
    await mall.push(mall.refund(sale, (1, 4_000)))
    mall.clock.advance(days=1)
    await mall.sold(700, member_id=member_id)
    path = f"/v1/members/{member_id}"

    async def at(as_of: str) -> tuple[int, int, int]:
        balance = await mall.get(f"{path}/points", member_id, as_of=as_of)
        statement = await mall.get(f"{path}/postings", member_id, as_of=as_of)
        assert balance.status_code == statement.status_code == 200, balance.text
        return (
            balance.json()["balance"],
            balance.json()["version"],
            len(statement.json()["postings"]),
        )

    assert await at("2026-03-09") == (0, 0, 0)
    assert await at("2026-03-10") == (100, 1, 1)
    assert await at("2026-03-11") == (60, 2, 2)
    assert await at("2026-03-12") == (67, 3, 3)
    assert await at(start.isoformat()) == (100, 1, 1)
    assert await at("2026-03-10T19:59:59+08:00") == (0, 0, 0)


async def test_what_was_bought_before_and_told_later_was_not_seen_before(mall: Mall) -> None:
    member_id = await mall.enrol()
    bought = datetime(2026, 3, 8, 12, tzinfo=UTC)
    late = mall.sale(
        5_000,
        member_id=member_id,
        purchased_at=bought.isoformat(),
        business_date="2026-03-08",
    )
    assert (await mall.push(late)).status_code == 201
    path = f"/v1/members/{member_id}/points"
    assert (await mall.get(path, member_id, as_of="2026-03-09")).json()["balance"] == 0
    assert (await mall.get(path, member_id, as_of="2026-03-10")).json()["balance"] == 50


async def test_points_that_ended_are_seen_until_the_night_took_them(mall: Mall) -> None:
    member_id = await mall.enrol()
    end = mall.clock().replace(hour=16) - mall.clock()
    await given(mall, member_id, 100, end)
    await pass_night(mall, hours=5)
    path = f"/v1/members/{member_id}/points"
    assert (await mall.get(path, member_id, as_of="2026-03-10")).json()["balance"] == 100
    assert (await mall.get(path, member_id, as_of="2026-03-11")).json()["balance"] == 0
    page = (await mall.get(f"/v1/members/{member_id}/postings", as_of="2026-03-10")).json()
    assert [row["kind"] for row in page["postings"]] == ["adjustment"]


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "2026-03-10T12:00:00", "0001-01-01"])
async def test_what_is_no_day_and_no_instant_is_refused(mall: Mall, as_of: Any) -> None:
    member_id = await mall.enrol()
    answer = await mall.get(f"/v1/members/{member_id}/points", member_id, as_of=as_of)
    assert answer.status_code == 422


async def test_who_is_not_a_member_never_was(mall: Mall) -> None:
    for path in ("points", "postings"):
        answer = await mall.get(f"/v1/members/{mall.mall_id}/{path}", as_of="2026-03-10")
        assert answer.status_code == 404


@pytest.mark.parametrize("path", ["points", "postings"])
async def test_what_will_be_is_not_told(mall: Mall, path: str) -> None:
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    url, now = f"/v1/members/{member_id}/{path}", mall.clock()
    assert (await mall.get(url, member_id, as_of="2026-03-10")).status_code == 200  # Today.
    assert (await mall.get(url, member_id, as_of=now.isoformat())).status_code == 200
    for as_of in ("2026-03-11", "2030-01-01", now.replace(microsecond=1).isoformat()):
        answer = await mall.get(url, member_id, as_of=as_of)
        assert (answer.status_code, answer.json()["code"]) == (422, "as_of_in_future")

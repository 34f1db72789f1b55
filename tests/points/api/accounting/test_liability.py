"""The liability over HTTP: days, their sums, and building one again."""

import pytest

from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from shared.db import transaction
from tests.points.books_at_hand import burn, expire
from tests.points.mall import Mall
from tests.support.tokens import staff_headers

FLOWS = (
    "issued", "redeemed", "expired", "clawed_back", "adjusted", "transferred", "imported", "repaid",
)  # fmt: skip


async def some_days(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(30_000, member_id=member_id)
    mall.clock.advance(days=1)
    await burn(mall, member_id, 120, mall.mall_id)
    mall.clock.advance(days=1)
    await expire(mall, member_id, 100)
    mall.clock.advance(days=1)
    for _ in range(3):
        async with transaction(mall.engine) as session:
            assert await snapshot_liability(session, mall.clock(), mall.program_id)


async def test_days_open_as_the_one_before_closed_and_add_up(mall: Mall) -> None:
    await some_days(mall)
    days = (await mall.get("/v1/liability", first_day="2026-03-01", last_day="2026-03-31")).json()
    assert [day["day"] for day in days] == ["2026-03-10", "2026-03-11", "2026-03-12"]
    rows = [day["rows"][0] for day in days]
    assert [(row["opening"], row["closing"]) for row in rows] == [(0, 300), (300, 180), (180, 80)]
    for row in rows:
        assert row["opening"] + sum(row[flow] for flow in FLOWS) == row["closing"]
        assert row["mall_id"] == str(mall.mall_id)
        assert row["vintage"] == "2026-03-01"


async def test_breakage_is_what_expired_of_what_was_given(mall: Mall) -> None:
    await some_days(mall)
    [day] = (await mall.get("/v1/liability")).json()
    [row] = day["rows"]
    assert (row["given_so_far"], row["expired_so_far"], row["breakage_ppm"]) == (300, 100, 333_333)


async def test_a_day_alone_a_day_and_on_and_days_without_any(mall: Mall) -> None:
    await some_days(mall)
    counts = []
    for query in (
        {"last_day": "2026-03-11"},
        {"first_day": "2026-03-11"},
        {"first_day": "2026-04-01"},
    ):
        counts.append(len((await mall.get("/v1/liability", **query)).json()))
    assert counts == [1, 2, 0]


@pytest.mark.parametrize(
    ("day", "outcome"), [("2026-03-11", "same"), ("2026-04-01", "not_written")]
)
async def test_a_day_built_again_is_the_same(mall: Mall, day: str, outcome: str) -> None:
    await some_days(mall)
    answer = await mall.client.post(
        "/v1/liability/rebuilds", json={"day": day}, headers=mall.staff("points.finance")
    )
    assert answer.json() == {"day": day, "outcome": outcome}


async def test_only_finance_of_the_whole_programme_sees_it(mall: Mall) -> None:
    answer = await mall.client.get("/v1/liability", headers=mall.staff("points.read"))
    assert answer.status_code == 403
    headers = staff_headers(mall.clock, mall.program_id, ("admin",), mall_ids=[mall.mall_id])
    answer = await mall.client.get("/v1/liability", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "whole_programme_only")


@pytest.mark.parametrize("path", ["liability", "clearing"])
async def test_days_that_end_before_they_begin_are_refused(mall: Mall, path: str) -> None:
    days = {"first_day": "2026-03-11", "last_day": "2026-03-10"}
    answer = await mall.get(f"/v1/{path}", **days)
    assert (answer.status_code, answer.json()["code"]) == (422, "days_reversed")

"""Clearing over HTTP: prices, the report of any days, and statements that never change."""

from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.points.books_at_hand import burn, give_back
from tests.points.mall import Mall

PRICE: dict[str, Any] = {
    "effective_from": "2026-03-01T00:00:00Z",
    "amount_minor": 1,
    "per_points": 2,
    "currency": "CNY",
}


async def state_price(mall: Mall, **changes: Any) -> Any:
    return await mall.client.post(
        "/v1/clearing/prices", json={**PRICE, **changes}, headers=mall.staff("points.finance")
    )


async def net(mall: Mall, last_day: str) -> Any:
    return await mall.client.post(
        "/v1/clearing/statements",
        json={"last_day": last_day},
        headers=mall.staff("points.finance"),
    )


async def burned_elsewhere(mall: Mall, points: int) -> UUID:
    other, member_id = new_id(), await mall.enrol()
    await mall.sold(100_000, member_id=member_id)
    spent = await burn(mall, member_id, points + 10, other)
    await give_back(mall, member_id, spent, 10)
    return other


async def test_the_report_of_any_days_sums_to_zero(mall: Mall) -> None:
    other = await burned_elsewhere(mall, 301)
    await state_price(mall)
    days = {"first_day": "2026-03-10", "last_day": "2026-03-10"}
    found = (await mall.get("/v1/clearing", **days)).json()
    assert found["dues"] == [
        {
            "debtor_mall_id": str(mall.mall_id),
            "creditor_mall_id": str(other),
            "currency": "CNY",
            "points": 301,
            "amount_minor": 151,
        }
    ]
    amounts = {each["mall_id"]: each["amount_minor"] for each in found["positions"]}
    assert amounts == {str(mall.mall_id): -151, str(other): 151}
    assert (await mall.get("/v1/clearing")).json() == found  # The running month.
    days = {"first_day": "2026-03-11", "last_day": "2026-03-12"}
    assert (await mall.get("/v1/clearing", **days)).json() == {"dues": [], "positions": []}


async def test_without_a_price_the_report_says_what_is_missing(mall: Mall) -> None:
    await burned_elsewhere(mall, 301)
    days = {"first_day": "2026-03-10", "last_day": "2026-03-10"}
    answer = await mall.get("/v1/clearing", **days)
    assert (answer.status_code, answer.json()["code"]) == (422, "clearing_price_missing")
    needed = {"effective_from": answer.json()["price_needed_from"]}
    assert (await state_price(mall, **needed)).status_code == 201
    assert (await mall.get("/v1/clearing", **days)).status_code == 200


async def test_what_all_came_back_needs_no_price(mall: Mall) -> None:
    await burned_elsewhere(mall, 0)
    days = {"first_day": "2026-03-10", "last_day": "2026-03-10"}
    assert (await mall.get("/v1/clearing", **days)).json() == {"dues": [], "positions": []}
    mall.clock.now = mall.clock().replace(month=4, day=1)
    assert (await net(mall, "2026-03-31")).json()["dues"] == []


async def test_a_period_is_netted_once_and_can_be_read_again(mall: Mall) -> None:
    await burned_elsewhere(mall, 40)
    await state_price(mall)
    early = await net(mall, "2026-03-31")
    assert (early.status_code, early.json()["code"]) == (422, "clearing_period_not_over")
    mall.clock.now = mall.clock().replace(month=4, day=1)
    first, second = await net(mall, "2026-03-31"), await net(mall, "2026-03-31")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    address = f"/v1/clearing/statements/{first.json()['statement_id']}"
    assert (await mall.get(address)).json() == first.json()
    [head] = (await mall.get("/v1/clearing/statements")).json()
    assert (head["ends_at"], head["entries"]) == ("2026-03-31T16:00:00Z", 2)
    late = await state_price(mall, effective_from="2026-03-20T00:00:00Z")
    assert (late.status_code, late.json()["code"]) == (422, "clearing_price_in_past")
    assert len((await mall.get("/v1/clearing/prices")).json()) == 1


async def test_no_statement_and_no_role(mall: Mall) -> None:
    answer = await mall.get(f"/v1/clearing/statements/{new_id()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "clearing_statement_unknown")
    answer = await mall.client.get("/v1/clearing/prices", headers=mall.staff("points.read"))
    assert answer.status_code == 403

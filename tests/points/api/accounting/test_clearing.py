"""Clearing over HTTP: prices, the report of any days, and statements that never change. Stars are
owed as stars: at their own price, in rows of their own."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.ids import new_id
from tests.points.books_at_hand import burn, give_back
from tests.points.clearing_at_hand import (
    LAST_DAY,
    net,
    spend_points_elsewhere,
    spend_stars_elsewhere,
    state_price,
)
from tests.points.mall import Mall
from tests.points.spending import reverse
from tests.points.wallets_at_hand import state_stars


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
            "wallet": "points",
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
    assert answer.json()["wallet"] == "points"
    needed = {"effective_from": answer.json()["price_needed_from"]}
    assert (await state_price(mall, **needed)).status_code == 201
    assert (await mall.get("/v1/clearing", **days)).status_code == 200


async def test_what_all_came_back_needs_no_price(mall: Mall) -> None:
    await burned_elsewhere(mall, 0)
    days = {"first_day": "2026-03-10", "last_day": "2026-03-10"}
    assert (await mall.get("/v1/clearing", **days)).json() == {"dues": [], "positions": []}
    mall.clock.now = mall.clock().replace(month=4, day=1)
    assert (await net(mall, "2026-03-31")).json()["dues"] == []


async def test_what_came_back_in_a_netted_period_is_reported_without_a_price(mall: Mall) -> None:
    _, redemption_id = await spend_stars_elsewhere(mall, 30)
    mall.clock.advance(days=2)
    assert (await reverse(mall, redemption_id)).status_code == 201
    day = {"first_day": "2026-03-12", "last_day": "2026-03-12"}
    assert (await mall.get("/v1/clearing", **day)).json()["code"] == "clearing_price_missing"
    mall.clock.now = mall.clock().replace(month=4, day=1)
    netted = await net(mall, LAST_DAY)
    assert (netted.status_code, netted.json()["dues"]) == (201, [])
    late = await state_price(mall, wallet="stars")
    assert (late.status_code, late.json()["code"]) == (422, "clearing_price_in_past")
    # No price can be stated any more, and it came to nothing there: so it does in the report.
    for first, last in (("10", "10"), ("12", "12"), ("01", "31")):
        days = {"first_day": f"2026-03-{first}", "last_day": f"2026-03-{last}"}
        answer = await mall.get("/v1/clearing", **days)
        assert (answer.status_code, answer.json()) == (200, {"dues": [], "positions": []}), days


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


async def test_prices_of_one_instant_are_paged_by_wallet(mall: Mall) -> None:
    await state_stars(mall)
    unknown = await state_price(mall, wallet="moons")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "wallet_unknown")
    await state_price(mall, wallet="stars", amount_minor=7)
    stated = await state_price(mall)
    assert (stated.status_code, stated.json()["wallet"]) == (201, "points")
    again = await state_price(mall, wallet="stars")
    assert (again.status_code, again.json()["code"]) == (422, "clearing_price_in_past")
    [first] = (await mall.get("/v1/clearing/prices", limit=1)).json()
    seen = {"after": first["effective_from"], "after_wallet": first["wallet"]}
    [second] = (await mall.get("/v1/clearing/prices", limit=1, **seen)).json()
    prices = [(price["wallet"], price["amount_minor"]) for price in (first, second)]
    assert prices == [("points", 1), ("stars", 7)]


@pytest.mark.parametrize("half", [{"after": "2026-03-01T00:00:00Z"}, {"after_wallet": "points"}])
async def test_a_page_of_prices_that_begins_after_half_a_name_is_refused(
    mall: Mall, half: dict[str, str]
) -> None:
    await state_stars(mall)
    await state_price(mall, wallet="stars")
    await state_price(mall)
    answer = await mall.get("/v1/clearing/prices", **half)
    assert (answer.status_code, answer.json()["code"]) == (422, "page_start_incomplete")


async def test_no_statement_and_no_role(mall: Mall) -> None:
    answer = await mall.get(f"/v1/clearing/statements/{new_id()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "clearing_statement_unknown")
    answer = await mall.client.get("/v1/clearing/prices", headers=mall.staff("points.read"))
    assert answer.status_code == 403


def due(wallet: str, debtor: UUID, creditor: UUID, points: int, amount: int) -> dict[str, Any]:
    return {
        "wallet": wallet,
        "debtor_mall_id": str(debtor),
        "creditor_mall_id": str(creditor),
        "currency": "CNY",
        "points": points,
        "amount_minor": amount,
    }


def assert_sums_to_zero(found: dict[str, Any]) -> None:
    for wallet in {each["wallet"] for each in found["positions"]}:
        mine = [each for each in found["positions"] if each["wallet"] == wallet]
        assert sum(each["points"] for each in mine) == 0
        assert sum(each["amount_minor"] for each in mine) == 0


async def test_stars_are_owed_in_a_row_of_their_own_at_their_own_price(mall: Mall) -> None:
    issuer, _ = await spend_stars_elsewhere(mall, 30)
    await spend_points_elsewhere(mall, issuer, 61)
    await state_price(mall)
    await state_price(mall, wallet="stars", amount_minor=5, per_points=4)
    found = (await mall.get("/v1/clearing")).json()
    assert found["dues"] == [
        due("points", mall.mall_id, issuer, 61, 31),
        due("stars", issuer, mall.mall_id, 30, 38),  # 37.5, not 15 of points the other way.
    ]
    assert_sums_to_zero(found)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    netted = (await net(mall, LAST_DAY)).json()
    assert (netted["dues"], netted["positions"]) == (found["dues"], found["positions"])
    assert (await mall.get(f"/v1/clearing/statements/{netted['statement_id']}")).json() == netted


async def test_a_price_of_points_is_none_for_stars(mall: Mall) -> None:
    issuer, _ = await spend_stars_elsewhere(mall, 30)
    await spend_points_elsewhere(mall, issuer, 61)
    await state_price(mall)
    refused = await mall.get("/v1/clearing")
    assert (refused.status_code, refused.json()["code"]) == (422, "clearing_price_missing")
    assert (refused.json()["wallet"], refused.json()["points"]) == ("stars", 30)
    now = mall.clock()
    mall.clock.now = now.replace(month=4, day=1)
    assert (await net(mall, LAST_DAY)).json()["wallet"] == "stars"
    needed = {"effective_from": refused.json()["price_needed_from"], "amount_minor": 0}
    assert (await state_price(mall, wallet="stars", **needed)).status_code == 201
    assert (await net(mall, LAST_DAY)).json()["dues"] == [
        due("points", mall.mall_id, issuer, 61, 31),
        due("stars", issuer, mall.mall_id, 30, 0),
    ]


async def test_stars_come_back_at_the_price_of_stars_when_they_were_spent(mall: Mall) -> None:
    issuer, redemption_id = await spend_stars_elsewhere(mall, 30)
    await state_price(mall)
    await state_price(mall, wallet="stars", amount_minor=5)
    mall.clock.advance(days=1)
    await state_price(mall, wallet="stars", amount_minor=9, effective_from=mall.clock().isoformat())
    assert (await reverse(mall, redemption_id, points=10)).status_code == 201
    [row] = (await mall.get("/v1/clearing")).json()["dues"]
    assert row == due("stars", issuer, mall.mall_id, 20, 50)


async def net_as_of_old(mall: Mall, debtor: UUID, creditor: UUID) -> httpx.Response:
    """A statement that an edition without wallets made of 61 points and 30 stars."""
    await mall.execute(
        "WITH netted AS (UPDATE clearing_entry SET statement_id = :s WHERE program_id = :p "
        "RETURNING 1), s AS (INSERT INTO clearing_statement (program_id, statement_id, ends_at, "
        "entries, made_at, made_by) SELECT :p, :s, '2026-03-31T16:00:00Z', count(*), :now, 'x' "
        "FROM netted) INSERT INTO clearing_line (program_id, statement_id, line_number, "
        "debtor_mall_id, creditor_mall_id, currency, points, amount_minor) "
        "VALUES (:p, :s, 1, :debtor, :creditor, 'CNY', 31, 16)",
        s=(statement_id := new_id()),
        debtor=debtor,
        creditor=creditor,
        now=mall.clock(),
    )
    return await mall.get(f"/v1/clearing/statements/{statement_id}")


async def test_statements_of_before_are_told_as_ever_and_come_back_at_the_price_they_had(
    mall: Mall,
) -> None:
    issuer, redemption_id = await spend_stars_elsewhere(mall, 30)
    await spend_points_elsewhere(mall, issuer, 61)
    await state_price(mall)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    told = await net_as_of_old(mall, mall.mall_id, issuer)
    dues = '[{"debtor_mall_id":"%s","creditor_mall_id":"%s","currency":"CNY","points":31,'
    assert dues % (mall.mall_id, issuer) + '"amount_minor":16}]' in told.text
    assert [list(each) for each in json.loads(told.text)["positions"]] == [
        ["mall_id", "currency", "points", "amount_minor"]
    ] * 2
    again = await net(mall, LAST_DAY)
    assert (again.status_code, again.text) == (200, told.text)
    # No price of stars can begin in what was netted, and none is needed.
    late = await state_price(mall, wallet="stars")
    assert (late.status_code, late.json()["code"]) == (422, "clearing_price_in_past")
    assert (await reverse(mall, redemption_id)).status_code == 201
    mall.clock.now = mall.clock().replace(month=5, day=1)
    netted = (await net(mall, "2026-04-30")).json()
    assert netted["dues"] == [due("stars", mall.mall_id, issuer, 30, 15)]

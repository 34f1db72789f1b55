"""Balances, statements, explanations and receipts."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.tokens import service_headers


async def test_a_statement_comes_in_pages_newest_first(mall: Mall) -> None:
    member_id = await mall.enrol()
    for n in range(1, 6):
        await mall.sold(n * 100, member_id=member_id)
    path, before, seen = f"/v1/members/{member_id}/postings", None, []
    while True:
        query = {"limit": 2, **({"before": before} if before else {})}
        page = (await mall.get(path, member_id, **query)).json()
        seen.append([(p["version"], p["points"]) for p in page["postings"]])
        before = page["next_before"]
        if before is None:
            break
    assert seen == [[(5, 5), (4, 4)], [(3, 3), (2, 2)], [(1, 1)]]


async def test_a_statement_whose_last_page_is_full_has_no_empty_one_behind(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.sold(100, member_id=member_id)
    page = (await mall.get(f"/v1/members/{member_id}/postings", member_id, limit=1)).json()
    assert (len(page["postings"]), page["next_before"]) == (1, None)


async def test_peer_open_loyalty_79_a_posting_is_explained_with_rule_inputs_lots_and_sentences(
    mall: Mall,
) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 1_500}, expires_months=12)
    member_id = await mall.enrol("gold")
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.push(mall.refund(sale, (1, 2_000)))
    path = f"/v1/members/{member_id}/postings"
    earned = (await mall.get(f"{path}/1", member_id)).json()
    [_, policy] = (await mall.get("/v1/earning-policies")).json()
    assert earned["reason"] == {
        "rule": "earning_policy",
        "policy_id": policy["policy_id"],
        "policy_version": 1,
        "tier": "gold",
        "multiplier_milli": 1_500,
        "rates": [{"source": "programme", "points": 1, "per_minor": 100, "eligible_minor": 10_000}],
        "eligible_minor": 10_000,
        "weight": 10_000,
        "denominator": 100,
        "rounding": "floor",
        "rounding_level": "receipt",
        "currency": "CNY",
    }
    assert (earned["points"], earned["lot_remaining"], earned["takes"]) == (150, 120, [])
    assert earned["expires_at"] == "2027-03-10T16:00:00Z"
    assert (earned["shop_id"], earned["mall_id"]) == (str(mall.shop_id), str(mall.mall_id))
    assert "150" in earned["sentences"]["zh-CN"]
    assert "gold" in earned["sentences"]["en"]
    refunded = (await mall.get(f"{path}/2", member_id)).json()
    assert refunded["takes"] == [{"lot_version": 1, "points": 30}]
    assert "30" in refunded["sentences"]["en"]
    assert (await mall.get(f"{path}/3", member_id)).json()["code"] == "posting_unknown"


async def test_receipts_come_in_pages_with_what_they_are_worth_now(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.push(mall.refund(sale, (1, 4_000)))
    path, before, seen = f"/v1/members/{member_id}/receipts", None, []
    while True:
        query = {"limit": 1, **({"before": before} if before else {})}
        page = (await mall.get(path, member_id, **query)).json()
        seen += [(r["kind"], r["points"], r["earned"], r["clawed"]) for r in page["receipts"]]
        before = page["next_before"]
        if before is None:
            break
    assert sorted(seen) == [("refund", -40, 0, 0), ("sale", 100, 100, 40)]


PATHS = ["points", "postings", "postings/1", "receipts"]


@pytest.mark.parametrize("path", PATHS)
async def test_who_may_read_what(mall: Mall, path: str) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    await mall.sold(100, member_id=member_id)
    url = f"/v1/members/{member_id}/{path}"
    assert (await mall.get(url, member_id)).status_code == 200
    assert (await mall.get(url)).status_code == 200
    assert (await mall.get(url, other)).status_code == 404
    for headers, status in [
        (mall.staff("points.read"), 200),
        (mall.staff("desk"), 403),
        (service_headers(mall.clock, mall.program_id), 403),
        ({}, 401),
        ({"Authorization": "Bearer junk"}, 401),
    ]:
        answer = await mall.client.get(url, headers=headers)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_and_a_member_that_is_only_awaited_are_not_there(
    mall: Mall, path: str
) -> None:
    awaited = new_id()
    await mall.sold(100, member_id=awaited)
    for member_id in (new_id(), awaited):
        assert (await mall.get(f"/v1/members/{member_id}/{path}")).status_code == 404


JUNK: list[dict[str, Any]] = [
    {"limit": 0},
    {"limit": 201},
    {"limit": "x"},
    {"limit": 10**30},
    {"before": 0},
    {"before": "\x00"},
    {"before": 2**63},
]


@pytest.mark.parametrize("query", JUNK, ids=str)
@pytest.mark.parametrize("path", ["postings", "receipts"])
async def test_junk_in_the_query_is_422(mall: Mall, path: str, query: dict[str, Any]) -> None:
    member_id = await mall.enrol()
    answer = await mall.get(f"/v1/members/{member_id}/{path}", member_id, **query)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize("path", ["0", "-1", "x", str(2**63), "%00"])
async def test_junk_in_the_path_is_422(mall: Mall, path: str) -> None:
    answer = await mall.get(f"/v1/members/{new_id()}/postings/{path}")
    assert answer.status_code == 422

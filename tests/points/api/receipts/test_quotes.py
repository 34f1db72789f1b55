"""Quotes: what a basket would earn is what its receipt then earns, and asking changes nothing."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from shared.auth import make_member_code
from shared.ids import new_id, new_member_number
from tests.points.mall import POS, Mall
from tests.support.service import DEPLOYMENT_KEY, post_signed
from tests.support.tokens import member_headers

QUOTED = ("points", "trimmed", "notes", "status")
EVERYTHING: dict[str, Any] = {
    "programme": {"points": 1, "per_minor": 100},
    "categories": {"tea": {"points": 3, "per_minor": 200}, "toys": {"points": 1, "per_minor": 70}},
    "brands": {"lungo": {"points": 2, "per_minor": 100, "step_minor": 500}},
    "combine": "sum",
    "rules": [
        {"code": "sku-7", "rate": {"points": 1, "per_minor": 30}, "skus": ["S-7"]},
        {"code": "double-tea", "multiplier_milli": 2_000, "categories": ["tea"]},
    ],
    "tier_multipliers_milli": {"gold": 1_500},
    "eligible": {
        "tax": "excluded",
        "delivery": "excluded",
        "excluded_tenders": ["points", "gift_card"],
        "excluded_categories": ["tobacco"],
    },
    "minimum_minor": 1_000,
    "caps": [
        {"code": "receipt", "period": "receipt", "points": 600, "when_exceeded": "reject"},
        {"code": "daily", "period": "day", "points": 700, "when_exceeded": "trim"},
        {"code": "monthly", "period": "month", "points": 2_500},
        {"code": "ever", "period": "member", "points": 4_000},
    ],
    "cooldown_seconds": 600,
    "expiry": {"kind": "end_of_year", "periods_ahead": 1},
}


def basket_of(mall: Mall, *amounts: int, **fields: Any) -> dict[str, Any]:
    """A basket with one line an amount."""
    sale = mall.sale(*amounts)
    return {name: sale[name] for name in ("shop_id", "currency", "lines")} | fields


async def quote(mall: Mall, basket: dict[str, Any], *roles: str) -> Any:
    """Staff ask."""
    headers = mall.staff(*roles)
    return await mall.client.post("/v1/quotes", json=basket, headers=headers)


async def fingerprint(mall: Mall) -> list[int]:
    """How many rows there are of everything that a sale writes."""
    tables = ("pos_transaction", "posting", "lot", "account", "cap_usage", "outbox", "pos_conflict")
    return [
        await mall.count(f"SELECT count(*) FROM {name} WHERE program_id = :p", p=mall.program_id)
        for name in tables
    ]


def chance_basket(chance: Random) -> dict[str, Any]:
    """Lines of every kind, and how they are paid."""
    lines: list[dict[str, Any]] = []
    for number in range(1, chance.randint(1, 5) + 1):
        amount = chance.choice([0, 99, 1_999, chance.randint(1, 20_000)])
        line = {
            "line_number": number,
            "category": chance.choice(["tea", "toys", "tobacco", "fashion"]),
            "amount_minor": amount,
            "brand": chance.choice(["lungo", "other", None]),
            "sku": chance.choice(["S-7", "S-8", None]),
            "tax_minor": chance.choice([None, amount // 8]),
            "is_delivery": chance.choice([None, True, False]),
        }
        lines.append({name: value for name, value in line.items() if value is not None})
    total = sum(line["amount_minor"] for line in lines)
    by_points = chance.choice([0, 0, total // 3])
    tenders = [{"kind": "points", "amount_minor": by_points}] if by_points else []
    tenders += [{"kind": "cash", "amount_minor": total - by_points}]
    return {"lines": lines, "tenders": tenders}


@pytest.mark.parametrize("rounding_level", ["receipt", "line", "rule"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_quote_is_what_the_receipt_then_earns(
    mall: Mall, rounding_level: str, seed: int
) -> None:
    await mall.set_policy(**{**EVERYTHING, "rounding_level": rounding_level})
    members = [await mall.enrol("gold"), await mall.enrol()]
    chance, codes = Random(seed), set()
    for _ in range(25):
        mall.clock.advance(seconds=chance.choice([60, 700, 40_000]))
        member_id = chance.choice(members)
        at = mall.clock() - timedelta(seconds=chance.choice([0, 0, 500, 90_000]))
        basket = basket_of(mall, 1, **chance_basket(chance))
        basket |= {"member_id": str(member_id), "purchased_at": at.isoformat()}
        before = await fingerprint(mall)
        quoted = await quote(mall, basket)
        assert quoted.status_code == 200, quoted.text
        assert await fingerprint(mall) == before
        total = sum(line["amount_minor"] for line in basket["lines"])
        posted = await mall.push(mall.sale(1, **basket, total_minor=total))
        assert posted.status_code == 201, posted.text
        said, did = quoted.json(), posted.json()
        # Points did not really pay: that is seen when the receipt is there.
        did["notes"] = [note for note in did["notes"] if note["code"] != "points_tender_differs"]
        assert {n: said[n] for n in QUOTED} == {n: did[n] for n in QUOTED}, (seed, basket)
        codes |= {note["code"] for note in did["notes"]}
        if said["points"]:
            [row] = (await mall.get(f"/v1/members/{member_id}/postings")).json()["postings"][:1]
            path = f"/v1/members/{member_id}/postings/{row['version']}"
            explained = (await mall.get(path)).json()
            assert explained["sentences"] == said["sentences"]
            assert explained["expires_at"] == said["expires_at"]
            assert explained["reason"]["policy_id"] == said["policy_id"]
    # Each seed meets most of the limits, so that the quotes were not equal for lack of any.
    assert len(codes) >= 2, seed


SUSPICIOUS: dict[str, Any] = {
    "own_card": "shop",
    "again_days": 2,
    "velocities": [
        {"per": "member", "window_seconds": 3_600, "receipts_max": 4},
        {"per": "till", "window_seconds": 900, "receipts_max": 4},
        {"per": "cashier", "window_seconds": 600, "receipts_max": 2},
    ],
}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_quote_says_whether_somebody_would_look_at_the_receipt_and_why(
    mall: Mall, seed: int
) -> None:
    await mall.set_policy(**EVERYTHING)
    answer = await mall.client.put("/v1/review-rules", json=SUSPICIOUS, headers=mall.staff())
    assert answer.status_code == 200, answer.text
    members = [await mall.enrol("gold"), await mall.enrol(), await mall.enrol()]
    for cashier_id, member_id in zip(("C1", "C2"), members, strict=False):
        path = f"/v1/shops/{mall.shop_id}/staff-cards/{cashier_id}"
        await mall.client.put(path, json={"member_id": str(member_id)}, headers=mall.staff())
    chance, codes, used = Random(seed), set(), set()
    for _ in range(30):
        mall.clock.advance(seconds=chance.choice([10, 60, 400]))
        day = (mall.clock() - timedelta(days=chance.randint(0, 2))).date().isoformat()
        number = chance.choice(["R1", "R2", f"R{chance.randint(3, 99)}"])
        if (number, day) in used:
            continue
        used.add((number, day))
        basket = basket_of(mall, chance.choice([9_000, 12_000]))
        basket |= {"member_id": str(chance.choice([*members, members[2]]))}
        basket |= {"receipt_number": number, "business_date": day, "till_id": "T1"}
        basket |= {"cashier_id": chance.choice(["C1", "C3", "C4"])}
        before = await fingerprint(mall)
        said = (await quote(mall, basket)).json()
        assert await fingerprint(mall) == before
        total = sum(line["amount_minor"] for line in basket["lines"])
        did = (await mall.push(mall.sale(1, **basket, total_minor=total))).json()
        assert {n: said[n] for n in QUOTED} == {n: did[n] for n in QUOTED}, (seed, basket)
        assert said["member_id"] == did["member_id"]
        found = (await mall.get("/v1/cases")).json()["cases"]
        reasons = [c["reasons"] for c in found if c["transaction_id"] == did["pos_transaction_id"]]
        assert [said["review"]] == (reasons or [[]]), (seed, basket)
        assert bool(said["review"]) == (said["status"] == "in_review")
        codes |= {why["code"] for why in said["review"]}
    assert len(codes) >= 3, (seed, codes)


@pytest.mark.parametrize(
    "far",
    [
        {"business_date": "9999-12-31"},
        {"business_date": "0001-01-01"},
        {"purchased_at": "0001-01-01T00:00:00Z"},
        {"purchased_at": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)
async def test_a_day_that_no_calendar_keeps_is_refused_before_anybody_counts_with_it(
    mall: Mall, far: dict[str, str]
) -> None:
    rules = {**SUSPICIOUS, "again_days": 3}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    member_id = await mall.enrol()
    good = mall.sale(1_000, member_id=member_id)
    one, bad = await mall.push_batch([good, mall.sale(1_000, member_id=member_id, **far)])
    assert (one["result"], bad["result"], bad["code"]) == (
        "accepted",
        "rejected",
        "validation_failed",
    )
    [wrong] = bad["facts"]["errors"]
    assert wrong["field"] == next(iter(far))
    alone = await mall.push(mall.sale(1_000, member_id=member_id, **far))
    asked = await quote(mall, basket_of(mall, 1_000, **far))
    for answer in (alone, asked):
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_quote_of_a_held_receipt_tells_its_worth_and_says_so(mall: Mall) -> None:
    rules = {"own_card": "cashier"}
    await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
    member_id = await mall.enrol()
    path = f"/v1/shops/{mall.shop_id}/staff-cards/C1"
    await mall.client.put(path, json={"member_id": str(member_id)}, headers=mall.staff())
    basket = basket_of(mall, 1_000, member_id=str(member_id), cashier_id="C1")
    answer = await post_signed(mall.client, mall.clock, mall.till, f"{POS}/quotes", basket)
    said = answer.json()
    assert (said["status"], said["points"], said["worth"]) == ("in_review", 0, 10)
    assert said["review"] == [{"code": "own_card", "cashier_id": "C1"}]
    assert "the cashier's own card" in said["sentences"]["en"]
    unnamed = (await quote(mall, {**basket, "cashier_id": "C2"})).json()
    assert (unnamed["status"], unnamed["points"], unnamed["review"]) == ("posted", 10, [])


async def test_peer_odoo_114004_the_basis_is_stated_and_a_quote_shows_it_line_by_line(
    mall: Mall,
) -> None:
    await mall.set_policy(**EVERYTHING)
    member_id = await mall.enrol("gold")
    lines = [
        {"line_number": 1, "category": "tea", "amount_minor": 4_000, "tax_minor": 1_000},
        {"line_number": 2, "category": "tobacco", "amount_minor": 2_000},
    ]
    tenders = [
        {"kind": "gift_card", "amount_minor": 2_000},
        {"kind": "cash", "amount_minor": 4_000},
    ]
    basket = basket_of(mall, 1, lines=lines, tenders=tenders, member_id=str(member_id))
    said = (await quote(mall, basket, "desk")).json()
    assert (said["total_minor"], said["eligible_minor"]) == (6_000, "2000.000000")
    [tea, tobacco] = said["lines"]
    assert [rate["source"] for rate in tea["rates"]] == ["programme", "category:tea"]
    assert tea["rates"][1]["multipliers"] == ["double-tea"]
    assert (tobacco["rates"], tobacco["base_micro"]) == ([], 0)
    # 20.00 count: (1 + 1.5) points for each 1.00, doubled, for gold half as much again.
    assert (said["tier"], said["points"], said["worth"]) == ("gold", 150, 150)
    assert "150" in said["sentences"]["zh-CN"]


async def test_a_quote_for_nobody_tells_the_worth(mall: Mall) -> None:
    said = (await quote(mall, basket_of(mall, 19_999))).json()
    assert (said["status"], said["points"], said["worth"]) == ("anonymous", 0, 199)


async def test_pending_points_are_quoted_with_their_day(mall: Mall) -> None:
    await mall.set_policy(pending={"mode": "days", "days": 14})
    member_id = await mall.enrol()
    said = (await quote(mall, basket_of(mall, 1_000, member_id=str(member_id)))).json()
    assert (said["is_pending"], said["activates_at"]) == (True, "2026-03-23T16:00:00Z")


async def test_members_ask_for_themselves_and_tills_for_their_shop(mall: Mall) -> None:
    number, member_id, other = new_member_number(), new_id(), await mall.enrol()
    await mall.hear(mall.enrolled(member_id, number))
    headers = member_headers(mall.clock, mall.program_id, member_id)

    async def ask(**fields: Any) -> Any:
        body = basket_of(mall, 1_000, **fields)
        return await mall.client.post("/v1/quotes", json=body, headers=headers)

    assert (await ask()).json()["member_id"] == str(member_id)
    assert (await ask(member_id=str(other))).status_code == 404
    assert (await ask(member_number=number)).status_code == 404
    path = f"{POS}/quotes"
    code = make_member_code(
        DEPLOYMENT_KEY, mall.program_id, member_id, int(mall.clock().timestamp())
    )
    for named in ({"member_number": number}, {"member_code": code}):
        body = basket_of(mall, 1_000, **named)
        answer = await post_signed(mall.client, mall.clock, mall.till, path, body)
        assert (answer.status_code, answer.json()["points"]) == (200, 10)
    body = basket_of(mall, 1_000, shop_id=str(new_id()))
    answer = await post_signed(mall.client, mall.clock, mall.till, path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_shop")


async def test_what_cannot_be_a_receipt_cannot_be_quoted(mall: Mall) -> None:
    await mall.set_policy(cooldown_seconds=60, caps=[{"code": "d", "period": "day", "points": 9}])
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"shop_id": str(new_id())}, 422, "shop_unknown"),
        ({"member_id": str(new_id())}, 404, "member_unknown"),
        ({"member_number": new_member_number()}, 404, "member_unknown"),
        ({"currency": "EUR"}, 422, "currency_mismatch"),
        ({"purchased_at": "1999-01-01T00:00:00Z"}, 422, "purchased_too_long_ago"),
        ({"purchased_at": "2190-12-31T23:59:59Z"}, 422, "purchased_in_future"),
        ({"lines": []}, 422, "validation_failed"),
    ]
    for fields, status, code in cases:
        answer = await quote(mall, basket_of(mall, 1_000) | fields)
        assert (answer.status_code, answer.json()["code"]) == (status, code), fields


async def test_staff_without_the_desk_get_no_quotes(mall: Mall) -> None:
    assert (await quote(mall, basket_of(mall, 100), "points.read")).status_code == 403


async def test_a_quote_of_another_programme_finds_nothing(mall: Mall) -> None:
    other = await mall.another()
    member_id: UUID = await mall.enrol()
    answer = await quote(other, basket_of(mall, 100))
    assert answer.json()["code"] == "shop_unknown"
    answer = await quote(other, basket_of(other, 100, member_id=str(member_id)))
    assert answer.json()["code"] == "member_unknown"

"""The promise from outside: a member joins, a till pushes a receipt, and all the rest follows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.auth import till_headers
from shared.ids import new_id
from tests.faults.books import campaign_on_food
from tests.support.drained import broken_invariants, drain, number
from tests.support.frame import until
from tests.support.line import Line, module_line

pytestmark = pytest.mark.xdist_group("line")
POS = "/v1/pos-transactions"


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """All four services on engines of their own."""
    with module_line(campaign_on_food) as opened:
        yield opened


async def push(line: Line, body: dict[str, Any]) -> httpx.Response:
    """One receipt, signed, as the first shop's till."""
    till, secret = line.till(0)
    raw = json.dumps(body).encode()
    now = int(datetime.now(UTC).timestamp())
    headers = till_headers(secret, till, new_id().hex, now, POS, raw)
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        return await client.post(
            line.parts["points-api"].url + POS,
            content=raw,
            headers={**headers, "Content-Type": "application/json"},
        )


def sale(line: Line, number: str, member_number: str, *lines: tuple[str, int]) -> dict[str, Any]:
    """A receipt of just now."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    return {
        "shop_id": str(line.shop_ids[0]),
        "till_id": "T1",
        "receipt_number": number,
        "business_date": now.date().isoformat(),
        "purchased_at": now.isoformat(),
        "currency": "CNY",
        "total_minor": sum(amount for _, amount in lines),
        "lines": [
            {"line_number": n, "category": category, "amount_minor": amount}
            for n, (category, amount) in enumerate(lines, 1)
        ],
        "member_number": member_number,
    }


async def known_to_points(line: Line, member_id: str) -> None:
    """Until the news of the enrolment has come to points."""
    url = f"{line.parts['points-api'].url}/v1/members/{member_id}/points"

    async def is_known() -> bool:
        async with httpx.AsyncClient(trust_env=False, headers=line.headers) as client:
            return (await client.get(url)).status_code == 200

    await until(is_known, 30)


async def test_a_receipt_becomes_points_a_bonus_a_tier_and_messages(line: Line) -> None:
    joining = {"channel": "mini_program", "phone": "+8613812345678", "locale": "en"}
    member = await line.ask("membership", "POST", "/v1/members", joining)
    member_id = member["member_id"]
    await known_to_points(line, member_id)

    body = sale(line, "E-1", member["member_number"], ("food", 50_000), ("fashion", 160_000))
    answer = await push(line, body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["points"], answer.json()["balance"]) == (2_100, 2_100)

    await drain(line)
    points = await line.ask("points-api", "GET", f"/v1/members/{member_id}/points")
    assert points["balance"] == 2_600, "500 bonus points for the food"
    tier = await line.ask("membership", "GET", f"/v1/members/{member_id}/tier")
    assert tier["tier"] == "gold", tier
    inbox = await line.ask("notifications", "GET", f"/v1/members/{member_id}/messages")
    causes = sorted(message["cause"] for message in inbox["messages"])
    assert causes == ["enrolled", "reward_points", "tier_up"], inbox
    why = await line.ask("points-api", "GET", f"/v1/members/{member_id}/postings/2")
    assert why["reason"]["rule"] == "campaign"
    assert set(why["sentences"]) == {"zh-CN", "en"}

    part = {**sale(line, "E-1R", member["member_number"], ("food", 50_000)), "kind": "refund"}
    del part["member_number"]
    part["original"] = {k: body[k] for k in ("till_id", "receipt_number", "business_date")}
    assert (await push(line, part)).status_code == 201
    await drain(line)
    points = await line.ask("points-api", "GET", f"/v1/members/{member_id}/points")
    assert points["balance"] == 1_600, "the food's points and their bonus are taken back"
    assert await broken_invariants(line) == {}


async def test_a_receipt_that_overtakes_its_member_is_posted_when_the_member_arrives(
    line: Line,
) -> None:
    line.parts["points-consumer"].kill()
    joining = {"channel": "app", "phone": "+8613912345678"}
    member = await line.ask("membership", "POST", "/v1/members", joining)
    answer = await push(line, sale(line, "E-2", member["member_number"], ("fashion", 10_000)))
    assert (answer.status_code, answer.json()["status"]) == (201, "waiting_member")
    line.parts["points-consumer"].start()
    await line.parts["points-consumer"].ready()
    await drain(line)
    points = await line.ask("points-api", "GET", f"/v1/members/{member['member_id']}/points")
    assert points["balance"] == 100


async def test_a_correlation_id_travels_from_the_till_to_the_ledgers_news(line: Line) -> None:
    joining = {"channel": "app", "phone": "+8613712345678"}
    member = await line.ask("membership", "POST", "/v1/members", joining)
    await known_to_points(line, member["member_id"])
    answer = await push(line, sale(line, "E-3", member["member_number"], ("food", 10_000)))
    correlation_id = answer.headers["x-correlation-id"]
    await drain(line)
    for service in ("points", "campaigns"):
        told = await number(
            line,
            service,
            "SELECT count(*) FROM outbox WHERE correlation_id = :c",
            c=correlation_id,
        )
        assert told > 0, service

"""The promise from outside: a member joins, a till pushes a receipt, and all the rest follows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from shared.auth import till_headers
from shared.ids import new_id
from tests.faults.books import campaign_on_food
from tests.support.drained import broken_invariants, drain, number
from tests.support.frame import until
from tests.support.line import Line, module_line

pytestmark = pytest.mark.xdist_group("line")
POS = "/v1/pos-transactions"
REVOCATIONS = "/v1/token-revocations"


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


APIS = ("membership", "points-api", "campaigns", "notifications")
Said = list[tuple[int, str]]


async def new_token(line: Line, client: dict[str, Any]) -> str:
    """Another token of the client."""
    form = {"grant_type": "client_credentials"} | {
        name: client[name] for name in ("client_id", "client_secret")
    }
    url = f"{line.parts['membership'].url}/v1/oauth/token"
    async with httpx.AsyncClient(trust_env=False) as http:
        return str((await http.post(url, data=form)).json()["access_token"])


async def ask_all(line: Line, token: str) -> Said:
    """What each service says to the holder of the token."""
    said = []
    async with httpx.AsyncClient(
        trust_env=False, headers={"Authorization": f"Bearer {token}"}
    ) as http:
        for name in APIS:
            answer = await http.get(f"{line.parts[name].url}/internal/dead-letters")
            body = answer.json()
            said.append((answer.status_code, body["code"] if answer.is_error else ""))
    return said


async def test_revoked_tokens_are_refused_by_every_service_and_after_a_restart(line: Line) -> None:
    staff = {"kind": "staff", "name": "Left the company", "roles": ["operations"]}
    client = await line.ask("membership", "POST", "/v1/clients", staff)
    leaked, kept = [await new_token(line, client) for _ in range(2)]
    good: Said = [(200, "")] * 4
    refused: Said = [(401, "token_revoked")] * 4
    assert await ask_all(line, leaked) == await ask_all(line, kept) == good

    async def is_refused(token: str) -> bool:
        return await ask_all(line, token) == refused

    token_id = jwt.decode(leaked, options={"verify_signature": False})["jti"]
    await line.ask("membership", "POST", REVOCATIONS, {"holder": "token", "id": token_id})
    await until(lambda: is_refused(leaked), 15)
    assert await ask_all(line, kept) == good, "the client's other tokens are as good as before"

    client_id = client["client_id"]
    revoked = {"holder": "client", "id": client_id}
    at = (await line.ask("membership", "POST", REVOCATIONS, revoked))["revoked_at"]
    await until(lambda: is_refused(kept), 15)
    for name in APIS:
        line.parts[name].kill()
        line.parts[name].start()
    for name in APIS:
        await line.parts[name].ready()
    assert await ask_all(line, leaked) == await ask_all(line, kept) == refused

    # Tokens tell whole seconds: one of the next second is the first good one.
    await until(lambda: datetime.now(UTC) >= datetime.fromisoformat(at) + timedelta(seconds=1))
    assert await ask_all(line, await new_token(line, client)) == good
    await drain(line)
    assert await broken_invariants(line) == {}

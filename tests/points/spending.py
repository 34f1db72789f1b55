"""What tills and members do with points, said in one line each."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from shared.auth import Till
from shared.ids import new_id
from tests.points.mall import Mall
from tests.support.service import post_signed

CLIENTS = 32


async def ask(mall: Mall, what: str, body: dict[str, Any], till: Till | None = None) -> Any:
    """A till's signed request to `/v1/<what>`."""
    return await post_signed(mall.client, mall.clock, till or mall.till, f"/v1/{what}", body)


def hold_body(member_id: UUID, points: int, **fields: Any) -> dict[str, Any]:
    """A hold under a key of its own."""
    body = {
        "idempotency_key": new_id().hex,
        "member_id": str(member_id),
        "points": points,
        "reference": "R1",
    }
    return {**body, **fields}


async def hold(mall: Mall, member_id: UUID, points: int, **fields: Any) -> httpx.Response:
    """Set points aside."""
    answer: httpx.Response = await ask(mall, "holds", hold_body(member_id, points, **fields))
    return answer


async def held(mall: Mall, member_id: UUID, points: int, **fields: Any) -> str:
    """The id of a hold that was made."""
    answer = await hold(mall, member_id, points, **fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["hold_id"])


async def capture(
    mall: Mall, hold_id: str, points: int | None = None, **fields: Any
) -> httpx.Response:
    """Spend what was set aside."""
    body = {"idempotency_key": new_id().hex, "hold_id": hold_id, "points": points, **fields}
    answer: httpx.Response = await ask(mall, "hold-captures", body)
    return answer


async def release(mall: Mall, hold_id: str) -> httpx.Response:
    """Free what was set aside."""
    answer: httpx.Response = await ask(mall, "hold-releases", {"hold_id": hold_id})
    return answer


async def spendable(mall: Mall, member_id: UUID) -> tuple[int, int, int]:
    """(balance, available, held) as the member reads them."""
    answer = await mall.get(f"/v1/members/{member_id}/holds", member_id)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["balance"], found["available"], found["held"]


async def member_with(mall: Mall, points: int) -> UUID:
    """A member whom staff gave points."""
    member_id = await mall.enrol()
    assert (await mall.adjust(member_id, points, new_id().hex)).status_code == 201
    return member_id


async def at_once(*asked: Any) -> list[httpx.Response]:
    """All of it concurrently."""
    return list(await asyncio.gather(*asked))


def codes(answers: Sequence[httpx.Response]) -> list[str]:
    """The codes of the refusals among them."""
    return [a.json()["code"] for a in answers if a.status_code >= 400]


async def dated_lots(mall: Mall, member_id: UUID) -> list[tuple[int, str]]:
    """(points left, day of the end or "never") of the member's open lots."""
    rows = await mall.rows(
        "SELECT remaining, expires_at FROM lot WHERE program_id = :p AND account_id = :m "
        "AND remaining > 0 ORDER BY expires_at, version",
        m=member_id,
    )
    return [(points, _day(expires_at)) for points, expires_at in rows]


def _day(instant: datetime | None) -> str:
    return "never" if instant is None else instant.astimezone(UTC).date().isoformat()


async def set_redemption_policy(mall: Mall, **fields: Any) -> httpx.Response:
    """100 points pay 1.00 from long ago on, unless told."""
    body = {
        "effective_from": "2025-01-01T00:00:00+08:00",
        "step_points": 100,
        "step_minor": 100,
        **fields,
    }
    return await mall.client.post("/v1/redemption-policies", json=body, headers=mall.staff())


def receipt_of(sale: dict[str, Any]) -> dict[str, Any]:
    """The natural key of a sale, as a till names it."""
    return {name: sale[name] for name in ("till_id", "receipt_number", "business_date")}


def bill_of(sale: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The sale as a capture names it that shall pay it."""
    bill = {"total_minor": sale["total_minor"], "currency": "CNY"}
    return {**receipt_of(sale), **bill, **fields}


def redemption_body(
    sale: dict[str, Any], member_id: UUID, points: int, **fields: Any
) -> dict[str, Any]:
    """Points that pay a part of a sale that is not recorded yet."""
    body = {
        "idempotency_key": new_id().hex,
        "member_id": str(member_id),
        "points": points,
        "receipt": receipt_of(sale),
        "receipt_total_minor": sale["total_minor"],
        "currency": "CNY",
    }
    return {**body, **fields}


async def redeem(
    mall: Mall, sale: dict[str, Any], member_id: UUID, points: int, **fields: Any
) -> httpx.Response:
    """Pay with points."""
    body = redemption_body(sale, member_id, points, **fields)
    answer: httpx.Response = await ask(mall, "redemptions", body)
    return answer


async def reverse(mall: Mall, redemption_id: str, **fields: Any) -> httpx.Response:
    """Undo a payment by points."""
    body = {"idempotency_key": new_id().hex, "redemption_id": redemption_id, **fields}
    answer: httpx.Response = await ask(mall, "redemption-reversals", body)
    return answer


def paid_with(
    sale: dict[str, Any], points_minor: int, redemption_id: str | None = None
) -> dict[str, Any]:
    """The sale with its tenders: a part by points, the rest in cash."""
    tenders = [
        {"kind": "points", "amount_minor": points_minor, "redemption_id": redemption_id},
        {"kind": "cash", "amount_minor": sale["total_minor"] - points_minor},
    ]
    return {**sale, "tenders": tenders}


async def freeze(mall: Mall, member_id: UUID) -> None:
    """Staff freeze the member's account."""
    answer = await mall.client.post(
        f"/v1/members/{member_id}/freezes",
        json={"reason_code": "stolen_phone", "note": "Called the desk"},
        headers={**mall.staff(), "Idempotency-Key": new_id().hex},
    )
    assert answer.status_code == 201, answer.text

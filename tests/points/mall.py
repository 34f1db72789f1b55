"""A little mall to test points with."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.points.api.app import build_app
from services.points.consumer import HANDLERS
from services.points.settings import PointsSettings
from shared.auth import Till
from shared.contracts.event import Event
from shared.contracts.membership import (
    MemberEnrolled,
    MemberTierChanged,
    ShopChanged,
    TierInterval,
    TillChanged,
)
from shared.db import transaction
from shared.ids import new_id, new_member_number
from tests.support.clock import HandClock
from tests.support.service import deliver, make_runtime, open_client, post_signed, read_outbox
from tests.support.tokens import member_headers, staff_headers

POS = "/v1/pos-transactions"


@dataclass
class Mall:
    """One programme with a shop and a till. `enrol` adds members, `sale` makes receipts."""

    engine: AsyncEngine
    client: httpx.AsyncClient
    clock: HandClock
    program_id: UUID = field(default_factory=new_id)
    mall_id: UUID = field(default_factory=new_id)
    shop_id: UUID = field(default_factory=new_id)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def till(self) -> Till:
        """The till that signs."""
        return Till(self.program_id, self.shop_id, "T1", 1)

    async def hear(self, *events: Event) -> None:
        """Work events as the consumer would, each in a transaction of its own."""
        for delivery in deliver(*events):
            async with transaction(self.engine) as session:
                await HANDLERS[type(delivery.event)](session, self.clock(), [delivery])

    async def open_shop(self, **fields: Any) -> None:
        """The directory tells of the shop and its till."""
        shop = {
            "program_id": self.program_id,
            "shop_id": self.shop_id,
            "code": "shop-1",
            "name": "Tea House",
            "mall_id": self.mall_id,
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            "is_open": True,
            "revision": 1,
        }
        await self.hear(ShopChanged(**{**shop, **fields}), self.till_event())

    def till_event(self, till_id: str = "T1", **fields: Any) -> TillChanged:
        """What the directory says of a till."""
        till = {
            "program_id": self.program_id,
            "shop_id": self.shop_id,
            "till_id": till_id,
            "key_version": 1,
            "is_active": True,
            "revision": 1,
        }
        return TillChanged(**{**till, **fields})

    def enrolled(self, member_id: UUID, number: str, tier: str = "basic") -> MemberEnrolled:
        """The event of a member who joined long ago."""
        return MemberEnrolled(
            program_id=self.program_id,
            member_id=member_id,
            member_number=number,
            enrolled_at=self.clock() - timedelta(days=300),
            channel="app",
            locale="zh-CN",
            tier=tier,
        )

    async def enrol(self, tier: str = "basic") -> UUID:
        """A new member with an open account."""
        member_id = new_id()
        await self.hear(self.enrolled(member_id, new_member_number(), tier))
        return member_id

    def tier_changed(
        self, member_id: UUID, version: int, *intervals: tuple[datetime, str]
    ) -> MemberTierChanged:
        """The member's timeline is now `intervals`."""
        return MemberTierChanged(
            program_id=self.program_id,
            member_id=member_id,
            version=version,
            direction="up",
            from_tier=intervals[0][1],
            to_tier=intervals[-1][1],
            effective_at=intervals[-1][0],
            reason="test",
            timeline=tuple(TierInterval(tier=tier, since=since) for since, tier in intervals),
        )

    def sale(self, *amounts: int, member_id: UUID | None = None, **fields: Any) -> dict[str, Any]:
        """A sale with one line an amount; `fields` override."""
        now = self.clock()
        body: dict[str, Any] = {
            "shop_id": str(self.shop_id),
            "till_id": "T1",
            "receipt_number": f"R{next(self.numbers)}",
            "business_date": now.date().isoformat(),
            "purchased_at": now.isoformat(),
            "currency": "CNY",
            "total_minor": sum(amounts),
            "lines": [
                {"line_number": n, "category": "fashion", "amount_minor": amount}
                for n, amount in enumerate(amounts, 1)
            ],
        }
        if member_id is not None:
            body["member_id"] = str(member_id)
        return {**body, **fields}

    def refund(self, sale: dict[str, Any], *parts: tuple[int, int]) -> dict[str, Any]:
        """A refund of `(line number, amount)` parts of the sale; without parts, of all of it."""
        if not parts:
            parts = tuple((line["line_number"], line["amount_minor"]) for line in sale["lines"])
        original = {k: sale[k] for k in ("till_id", "receipt_number", "business_date")}
        body = self.sale(*(amount for _, amount in parts), kind="refund", original=original)
        for line, (number, _) in zip(body["lines"], parts, strict=True):
            line["original_line_number"] = number
        return body

    async def another(self) -> "Mall":
        """A mall of another programme behind the same door."""
        other = Mall(self.engine, self.client, self.clock)
        await other.open_shop()
        return other

    async def push(self, body: Any, till: Till | None = None) -> httpx.Response:
        """Send one receipt, signed."""
        return await post_signed(self.client, self.clock, till or self.till, POS, body)

    async def sold(self, *amounts: int, member_id: UUID | None = None) -> dict[str, Any]:
        """A sale that was pushed and accepted."""
        body = self.sale(*amounts, member_id=member_id)
        answer = await self.push(body)
        assert answer.status_code == 201, answer.text
        return body

    async def post_batch(self, body: Any) -> httpx.Response:
        """Send a batch's body, signed."""
        return await post_signed(self.client, self.clock, self.till, f"{POS}/batch", body)

    async def push_batch(self, bodies: Sequence[Any]) -> list[dict[str, Any]]:
        """Send a batch, signed; returns the results."""
        answer = await self.post_batch({"transactions": list(bodies)})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def push_at_once(self, bodies: Sequence[Any]) -> list[httpx.Response]:
        """Send them concurrently."""
        return list(await asyncio.gather(*(self.push(body) for body in bodies)))

    def staff(self, *roles: str) -> dict[str, str]:
        """Headers of somebody on the staff."""
        return staff_headers(self.clock, self.program_id, roles or ("admin",))

    async def balance(self, member_id: UUID) -> int:
        """The balance that the member sees."""
        headers = member_headers(self.clock, self.program_id, member_id)
        answer = await self.client.get(f"/v1/members/{member_id}/points", headers=headers)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["balance"])

    async def adjust(self, member_id: UUID, points: int, key: str) -> httpx.Response:
        """Staff adjust the balance."""
        return await self.client.post(
            f"/v1/members/{member_id}/adjustments",
            json={"points": points, "reason_code": "test", "note": "test"},
            headers={**self.staff(), "Idempotency-Key": key},
        )

    async def get(self, path: str, member_id: UUID | None = None, **query: Any) -> httpx.Response:
        """Read as the member, or as staff."""
        headers = (
            self.staff()
            if member_id is None
            else member_headers(self.clock, self.program_id, member_id)
        )
        return await self.client.get(path, params=query, headers=headers)

    async def post(
        self, path: str, body: Any = None, member_id: UUID | None = None, key: str | None = None
    ) -> httpx.Response:
        """Send as the member, or as staff; with a key, once."""
        headers = (
            self.staff()
            if member_id is None
            else member_headers(self.clock, self.program_id, member_id)
        )
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.post(path, json=body, headers=headers)

    async def set_policy(self, **fields: Any) -> httpx.Response:
        """Staff add an earning policy, in force since long ago."""
        body = {
            "effective_from": (self.clock() - timedelta(days=500)).isoformat(),
            "programme": {"points": 1, "per_minor": 100},
            **fields,
        }
        return await self.client.post("/v1/earning-policies", json=body, headers=self.staff())

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows by SQL; `:p` is the programme."""
        async with transaction(self.engine) as session:
            found = await session.execute(text(query), {"p": self.program_id, **values})
            return [tuple(row) for row in found]

    async def execute(self, statement: str, **values: Any) -> None:
        """A statement by SQL; `:p` is the programme."""
        async with transaction(self.engine) as session:
            await session.execute(text(statement), {"p": self.program_id, **values})

    async def books(self) -> list[tuple[Any, ...]]:
        """(receipt number, status, earned, clawed) of all receipts of the programme."""
        return await self.rows(
            "SELECT receipt_number, status, earned, clawed FROM pos_transaction "
            "WHERE program_id = :p ORDER BY receipt_number"
        )

    async def told(self, event_type: type[Event]) -> list[Any]:
        """The events of that type told so far."""
        return [e for e in await read_outbox(self.engine, self.program_id) if type(e) is event_type]

    async def count(self, query: str, **values: Any) -> int:
        """A number by SQL."""
        async with transaction(self.engine) as session:
            return int(await session.scalar(text(query), values) or 0)


@asynccontextmanager
async def open_door(
    engine: AsyncEngine, settings: PointsSettings, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on an app of its own, as of one process."""
    app = build_app(make_runtime("points", settings, engine, clock, HANDLERS))
    async with open_client(app) as client:
        yield client


@asynccontextmanager
async def open_mall(
    engine: AsyncEngine, settings: PointsSettings, clock: HandClock
) -> AsyncIterator[Mall]:
    """The mall with its app running."""
    async with open_door(engine, settings, clock) as client:
        mall = Mall(engine, client, clock)
        await mall.open_shop()
        yield mall

"""The programme that is measured: a mall, its shops and tills, and a hundred thousand members."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from shared.auth import Till, derive_till_secret, till_headers
from shared.clock import unix_seconds, utc_now
from shared.consumer import Delivery, Handlers
from shared.contracts.event import Event
from shared.contracts.membership import CategoryChanged, MemberEnrolled, ShopChanged, TillChanged
from shared.db import create_engine, transaction
from shared.ids import new_id, new_member_number

DEPLOYMENT_KEY = "benchmarks-deployment-key-that-is-long-enough"
PATH = "/v1/pos-transactions"
CATEGORIES = (
    "fashion",
    "food",
    "beauty",
    "sports",
    "home",
    "books",
    "toys",
    "shoes",
    "jewellery",
    "electronics",
)
SHOPS, TILLS_EACH = 20, 4


@dataclass
class Town:
    """Everything that receipts name. Chance is seeded: each run sends the same sequence."""

    members: int
    seed: int = 1
    categories: tuple[str, ...] = CATEGORIES
    line_minor_max: int = 60_000
    tills_each: int = TILLS_EACH
    till_secret: str | None = None
    program_id: UUID = field(default_factory=new_id)
    mall_id: UUID = field(default_factory=new_id)
    shop_ids: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(SHOPS)])
    member_ids: list[UUID] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Choose the members' ids."""
        self.member_ids = self.member_ids or [new_id() for _ in range(self.members)]
        self.chance = random.Random(self.seed)

    def till(self, shop_id: UUID) -> Till:
        """The till that signs for a shop."""
        return Till(self.program_id, shop_id, "T1", 1)

    def events(self) -> Iterator[list[Event]]:
        """What membership would have told, in batches: shops, tills, members with a tier."""
        yield [
            CategoryChanged(program_id=self.program_id, code=code, name=code, revision=1)
            for code in self.categories
        ]
        yield [self._shop(number, shop_id) for number, shop_id in enumerate(self.shop_ids)]
        yield [
            TillChanged(
                program_id=self.program_id,
                shop_id=shop_id,
                till_id=f"T{number}",
                key_version=1,
                is_active=True,
                revision=1,
            )
            for shop_id in self.shop_ids
            for number in range(1, self.tills_each + 1)
        ]
        enrolled_at = utc_now() - timedelta(days=300)
        for start in range(0, len(self.member_ids), 2_000):
            yield [
                MemberEnrolled(
                    program_id=self.program_id,
                    member_id=member_id,
                    member_number=new_member_number(),
                    enrolled_at=enrolled_at,
                    channel="app",
                    locale="zh-CN",
                    tier="basic",
                )
                for member_id in self.member_ids[start : start + 2_000]
            ]

    def _shop(self, number: int, shop_id: UUID) -> ShopChanged:
        return ShopChanged(
            program_id=self.program_id,
            shop_id=shop_id,
            code=f"shop-{number}",
            name=f"Shop {number}",
            mall_id=self.mall_id,
            time_zone="Asia/Shanghai",
            currency="CNY",
            is_open=True,
            revision=1,
        )

    def receipt(self, shop_id: UUID) -> bytes:
        """A sale of three lines, just bought by some member."""
        now = datetime.now(UTC)
        member_id = self.chance.choice(self.member_ids)
        amounts = [self.chance.randint(1_000, self.line_minor_max) for _ in range(3)]
        lines = ",".join(
            f'{{"line_number":{n},"category":"{self.chance.choice(self.categories)}","quantity":1,'
            f'"amount_minor":{amount}}}'
            for n, amount in enumerate(amounts, 1)
        )
        number = next(self.numbers)
        return (
            f'{{"shop_id":"{shop_id}","till_id":"T{number % self.tills_each + 1}",'
            f'"receipt_number":"R{number:09}","business_date":"{now:%Y-%m-%d}",'
            f'"purchased_at":"{now:%Y-%m-%dT%H:%M:%S}+00:00","currency":"CNY",'
            f'"total_minor":{sum(amounts)},"lines":[{lines}],'
            f'"tenders":[{{"kind":"mobile","amount_minor":{sum(amounts)}}}],'
            f'"member_id":"{member_id}"}}'
        ).encode()

    def receipt_fields(self) -> dict[str, Any]:
        """The same as plain values, of any shop."""
        fields: dict[str, Any] = json.loads(self.receipt(self.chance.choice(self.shop_ids)))
        return fields

    def single_requests(self, number: int) -> list[bytes]:
        """Signed requests of one receipt each."""
        shops = (self.chance.choice(self.shop_ids) for _ in range(number))
        return [self.signed(shop_id, PATH, self.receipt(shop_id)) for shop_id in shops]

    def batch_requests(self, number: int, receipts_each: int = 1_000) -> list[bytes]:
        """Signed requests of many receipts of one shop each."""
        found = []
        for _ in range(number):
            shop_id = self.chance.choice(self.shop_ids)
            items = b",".join(self.receipt(shop_id) for _ in range(receipts_each))
            found.append(
                self.signed(shop_id, f"{PATH}/batch", b'{"transactions":[' + items + b"]}")
            )
        return found

    def signed(self, shop_id: UUID, path: str, body: bytes) -> bytes:
        """A till's POST as it goes over the wire."""
        till = self.till(shop_id)
        secret = self.till_secret or derive_till_secret(
            DEPLOYMENT_KEY, self.program_id, shop_id, till.till_id, till.key_version
        )
        headers = till_headers(secret, till, new_id().hex, unix_seconds(), path, body)
        return http_request("POST", path, headers, body)


def http_request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def hear(database_url: str, handlers: Handlers, batches: Iterator[list[Event]]) -> None:
    """Have a service hear events as its consumer would; it passes over what is not for it."""
    asyncio.run(_hear(database_url, handlers, batches))


async def _hear(database_url: str, handlers: Handlers, batches: Iterator[list[Event]]) -> None:
    engine = create_engine(database_url, 1)
    try:
        for events in batches:
            if handle := handlers.get(type(events[0])):
                deliveries = [Delivery(event, new_id(), "benchmark", "") for event in events]
                async with transaction(engine) as session:
                    await handle(session, utc_now(), deliveries)
    finally:
        await engine.dispose()

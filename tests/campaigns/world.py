"""A programme with two malls, shops and members, and everything that can be told about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from services.campaigns.consumer import HANDLERS
from services.campaigns.queries.invariants import check_invariants
from services.campaigns.usecases.receipts.score_stored_receipts import score_stored_receipts
from shared.contracts.campaigns import RewardGranted, RewardRevoked
from shared.contracts.event import Event
from shared.contracts.membership import (
    BrandChanged,
    CategoryChanged,
    MallChanged,
    MemberEnrolled,
    MemberTierChanged,
    ShopChanged,
    TierInterval,
)
from shared.contracts.points import PosLine, PosTransactionAttributed, PosTransactionRecorded
from shared.db import transaction
from shared.ids import new_id, new_member_number
from tests.support.clock import HandClock
from tests.support.service import deliver, read_outbox
from tests.support.tokens import member_headers, staff_headers

ZONE = "Asia/Shanghai"
DAY = date(2026, 3, 10)
BRANDS = ("acme", "unlisted")
CATEGORIES = ("fashion", "beauty")


def at(hour: int, minute: int = 0, day: date = DAY, zone: str = ZONE) -> datetime:
    """An instant by the mall's clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))


def line(
    amount_minor: int, *, number: int = 1, brand: str | None = None, category: str = "fashion"
) -> PosLine:
    """A line worth one base point per 1.00."""
    return PosLine(
        line_number=number,
        category=category,
        brand=brand,
        quantity=1,
        amount_minor=amount_minor,
        base_micro=amount_minor * 10_000,
    )


@dataclass
class World:
    """One programme under test, its database and its HTTP door."""

    engine: AsyncEngine
    client: httpx.AsyncClient
    clock: HandClock
    program_id: UUID = field(default_factory=new_id)
    mall_id: UUID = field(default_factory=new_id)
    other_mall_id: UUID = field(default_factory=new_id)
    shop_id: UUID = field(default_factory=new_id)
    other_shop_id: UUID = field(default_factory=new_id)

    async def open(self) -> None:
        """Tell the directory: two malls with a shop each."""
        await self.tell(*self.directory())

    def directory(self) -> list[Event]:
        """Malls, brands, categories and shops."""
        events: list[Event] = []
        for number, (mall_id, shop_id) in enumerate(
            ((self.mall_id, self.shop_id), (self.other_mall_id, self.other_shop_id))
        ):
            events.append(
                MallChanged(
                    program_id=self.program_id,
                    mall_id=mall_id,
                    code=f"mall-{number}",
                    name="Mall",
                    time_zone=ZONE,
                    currency="CNY",
                    revision=1,
                )
            )
            events.append(self.shop(shop_id, mall_id))
        for code in BRANDS:
            events.append(
                BrandChanged(program_id=self.program_id, code=code, name=code, revision=1)
            )
        for code in CATEGORIES:
            events.append(
                CategoryChanged(program_id=self.program_id, code=code, name=code, revision=1)
            )
        return events

    def shop(self, shop_id: UUID, mall_id: UUID, **values: Any) -> ShopChanged:
        """A shop of the brand acme."""
        return ShopChanged(
            **{
                "program_id": self.program_id,
                "shop_id": shop_id,
                "code": f"shop-{shop_id.hex[-6:]}",
                "name": "Shop",
                "mall_id": mall_id,
                "time_zone": ZONE,
                "currency": "CNY",
                "brand": "acme",
                "category": "fashion",
                "is_open": True,
                "revision": 1,
                **values,
            }
        )

    async def tell(self, *events: Event) -> None:
        """Work events as the consumer would: neighbours of one handler as a batch."""
        async with transaction(self.engine) as session:
            batch: list[Event] = []
            for event in events:
                if batch and HANDLERS[type(batch[-1])] is not HANDLERS[type(event)]:
                    await HANDLERS[type(batch[0])](session, self.clock(), deliver(*batch))
                    batch = []
                batch.append(event)
            if batch:
                await HANDLERS[type(batch[0])](session, self.clock(), deliver(*batch))

    async def rescore(self, batch_receipts_max: int = 500) -> int:
        """Run the job until nothing is due. Returns the number of steps."""
        steps = 0
        while True:
            async with transaction(self.engine) as session:
                if not await score_stored_receipts(session, self.clock(), batch_receipts_max):
                    return steps
            steps += 1

    def member(self, tier: str = "basic", member_id: UUID | None = None) -> MemberEnrolled:
        """A member enrolled long ago."""
        return MemberEnrolled(
            program_id=self.program_id,
            member_id=member_id or new_id(),
            member_number=new_member_number(),
            enrolled_at=at(9, day=DAY - timedelta(days=100)),
            channel="desk",
            locale="zh-CN",
            tier=tier,
        )

    async def enrol(self, tier: str = "basic") -> MemberEnrolled:
        """A member that campaigns knows."""
        event = self.member(tier)
        await self.tell(event)
        return event

    def tiers(
        self, member_id: UUID, version: int, *timeline: tuple[datetime, str]
    ) -> MemberTierChanged:
        """The member's whole timeline."""
        return MemberTierChanged(
            program_id=self.program_id,
            member_id=member_id,
            version=version,
            direction="up",
            from_tier=timeline[0][1],
            to_tier=timeline[-1][1],
            effective_at=timeline[-1][0],
            reason="spend",
            timeline=tuple(TierInterval(since=since, tier=tier) for since, tier in timeline),
        )

    def sale(
        self,
        lines: int | Iterable[PosLine],
        member_id: UUID | None = None,
        when: datetime | None = None,
        **values: Any,
    ) -> PosTransactionRecorded:
        """A receipt; `lines` may be one amount."""
        parts = (line(lines),) if isinstance(lines, int) else tuple(lines)
        receipt_id = new_id()
        purchased_at = when or at(12)
        base: dict[str, Any] = {
            "program_id": self.program_id,
            "transaction_id": receipt_id,
            "receipt_id": receipt_id,
            "kind": "sale",
            "mall_id": self.mall_id,
            "shop_id": self.shop_id,
            "till_id": "T1",
            "receipt_number": f"R-{receipt_id.hex[-12:]}",
            "business_date": purchased_at.astimezone(ZoneInfo(ZONE)).date(),
            "purchased_at": purchased_at,
            "recorded_at": purchased_at,
            "time_zone": ZONE,
            "currency": "CNY",
            "total_minor": sum(part.amount_minor for part in parts),
            "lines": parts,
            "member_id": member_id,
        }
        return PosTransactionRecorded(**{**base, **values})

    def refund(
        self, sale: PosTransactionRecorded, *amounts: tuple[int, int]
    ) -> PosTransactionRecorded:
        """Give back (line number, amount) of the sale."""
        transaction_id = new_id()
        lines = tuple(
            PosLine(
                line_number=i,
                category="fashion",
                quantity=1,
                amount_minor=amount,
                original_line_number=number,
            )
            for i, (number, amount) in enumerate(amounts, 1)
        )
        return sale.model_copy(
            update={
                "transaction_id": transaction_id,
                "kind": "refund",
                "receipt_number": f"F-{transaction_id.hex[-12:]}",
                "total_minor": sum(amount for _, amount in amounts),
                "lines": lines,
            }
        )

    def attributed(self, sale: PosTransactionRecorded, member_id: UUID) -> PosTransactionAttributed:
        """The nobody's receipt is now the member's."""
        values = {**dict(sale), "member_id": member_id}
        return PosTransactionAttributed(**values)

    def staff(self, *roles: str, malls: Sequence[UUID] | None = None) -> dict[str, str]:
        """The header of somebody on the staff."""
        return staff_headers(self.clock, self.program_id, roles or ("campaigns",), mall_ids=malls)

    def card(self, member_id: UUID) -> dict[str, str]:
        """The header of a member."""
        return member_headers(self.clock, self.program_id, member_id)

    async def publish(self, rule: dict[str, Any], **values: Any) -> UUID:
        """Draft and publish a campaign over March 2026; the job has run."""
        campaign_id = await self.draft_and_publish(rule, **values)
        await self.rescore()
        return campaign_id

    async def draft_and_publish(self, rule: dict[str, Any], **values: Any) -> UUID:
        """Draft and publish a campaign over March 2026; the job has still to run."""
        spec = {
            "name": {"zh": "活动", "en": "Campaign"},
            "starts_at": "2026-03-01T00:00:00+08:00",
            "ends_at": "2026-04-01T00:00:00+08:00",
            "rule": rule,
            **values,
        }
        drafted = await self.client.post(
            "/v1/campaigns",
            json=spec,
            headers={**self.staff(), "Idempotency-Key": new_id().hex},
        )
        assert drafted.status_code == 201, drafted.text
        campaign_id = drafted.json()["campaign_id"]
        published = await self.client.post(
            f"/v1/campaigns/{campaign_id}/publish", headers=self.staff()
        )
        assert published.status_code == 200, published.text
        return UUID(campaign_id)

    async def put_gift(self, sku: str = "tote", stock: int = 10, mall: UUID | None = None) -> None:
        """A gift on the programme's shelf, or on a mall's."""
        answer = await self.client.put(
            f"/v1/gifts/{sku}",
            json={
                "name": {"zh": "托特包", "en": "Tote"},
                "stock": [{"mall_id": str(mall) if mall else None, "initial": stock}],
            },
            headers=self.staff(),
        )
        assert answer.status_code == 200, answer.text

    async def claim(
        self,
        campaign_id: UUID,
        *sales: PosTransactionRecorded,
        key: str | None = None,
        **card: Any,
    ) -> dict[str, Any]:
        """Claim at the desk of the first mall. Returns the answer."""
        answer = await self.client.post(
            f"/v1/campaigns/{campaign_id}/claims",
            json={
                "mall_id": str(self.mall_id),
                "receipts": [paper(sale) for sale in sales],
                **card,
            },
            headers={**self.staff("desk"), "Idempotency-Key": key or new_id().hex},
        )
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def grants(self, member_id: UUID) -> list[dict[str, Any]]:
        """A member's grants as staff see them, newest first."""
        answer = await self.client.get(
            f"/v1/members/{member_id}/grants", headers=self.staff("desk")
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def told(self, *kinds: type[Event]) -> list[Any]:
        """What was told so far, of these kinds or of all."""
        events = await read_outbox(self.engine, self.program_id)
        return [event for event in events if not kinds or isinstance(event, kinds)]

    async def net_points(self, member_id: UUID) -> int:
        """Points told as granted less those told as revoked."""
        total = 0
        for event in await self.told(RewardGranted, RewardRevoked):
            if event.member_id == member_id:
                sign = 1 if isinstance(event, RewardGranted) else -1
                total += sign * (event.points or 0)
        return total

    async def broken(self) -> dict[str, int]:
        """Invariants that do not hold."""
        async with transaction(self.engine) as session:
            found = await check_invariants(session)
        return {name: count for name, count in found.items() if count}


def paper(sale: PosTransactionRecorded) -> dict[str, str]:
    """The receipt as a desk types it."""
    return {
        "shop_id": str(sale.shop_id),
        "till_id": sale.till_id,
        "receipt_number": sale.receipt_number,
        "business_date": sale.business_date.isoformat(),
    }


def spend(**values: Any) -> dict[str, Any]:
    """A spend-and-get rule: 1799 for members, 1999 for others, a gift at the desk."""
    return {
        "kind": "spend_and_get",
        "basis": "receipt",
        "currency": "CNY",
        "member_threshold_minor": 179900,
        "non_member_threshold_minor": 199900,
        "grant": "desk",
        "reward": {"kind": "gift", "gift_sku": "tote"},
        **values,
    }


def points_for(points: int, **values: Any) -> dict[str, Any]:
    """A spend-and-get rule that gives points by itself."""
    return spend(
        grant="automatic",
        reward={"kind": "points", "points": points},
        non_member_threshold_minor=None,
        **values,
    )


def multiply(factor_thousandths: int = 2000, **values: Any) -> dict[str, Any]:
    """A multiplier for everything."""
    return {"kind": "points_multiplier", "factor_thousandths": factor_thousandths, **values}

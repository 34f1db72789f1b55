"""What other services say, delivered to the handlers as the consumer would, and sent by the job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.consumer import HANDLERS
from services.notifications.domain.gate import GateRules
from services.notifications.domain.messages import Channel
from services.notifications.queries.invariants import check_invariants
from services.notifications.usecases.choose_channels import choose_channels
from services.notifications.usecases.send_due_messages import Sending, send_due_messages
from shared.contracts.campaigns import RewardGranted
from shared.contracts.event import Event
from shared.contracts.membership import (
    MallChanged,
    MemberEnrolled,
    MemberTierChanged,
    TierSchemeChanged,
    TierStep,
)
from shared.db import driver, transaction
from shared.ids import new_id
from tests.support.clock import HandClock
from tests.support.service import deliver

RULES = GateRules(message_ttl=timedelta(days=7), retry_after=timedelta(minutes=1))
LEASE = timedelta(seconds=60)
TIERS = {"basic": "Basic", "silver": "Silver", "gold": "Gold", "black": "Black"}


@dataclass(frozen=True)
class Hearsay:
    """One programme's news, in transactions that commit."""

    engine: AsyncEngine
    clock: HandClock
    program_id: UUID

    async def hear(self, *events: Event) -> None:
        """One consumed batch: neighbours of one type go to their handler together."""
        async with transaction(self.engine) as session:
            for kind, group in groupby(events, type):
                await HANDLERS[kind](session, self.clock(), deliver(*group))
                self.clock.advance(microseconds=1)

    async def send(self, channel: Channel = Channel.INBOX, count_max: int = 500) -> Sending:
        """One step of the sending job."""
        async with transaction(self.engine) as session:
            return await send_due_messages(session, self.clock(), channel, RULES, LEASE, count_max)

    async def choose(self, *channels: Channel) -> None:
        """The programme tells through these from now on."""
        async with transaction(self.engine) as session:
            await choose_channels(session, self.clock(), self.program_id, channels, "staff-1")

    async def messages(self) -> list[dict[str, Any]]:
        """The programme's message rows in the order they were planned."""
        async with transaction(self.engine) as session:
            rows = await (await driver(session)).fetch(
                "SELECT * FROM message WHERE program_id = $1 ORDER BY created_at, message_id",
                self.program_id,
            )
        return [dict(row) for row in rows]

    async def broken(self) -> dict[str, int]:
        """The invariants that do not hold."""
        async with transaction(self.engine) as session:
            return {k: n for k, n in (await check_invariants(session)).items() if n}

    def tiers(self, version: int = 1, **names: str) -> TierSchemeChanged:
        """The programme's tiers by code and name."""
        steps = enumerate((names or TIERS).items())
        return TierSchemeChanged(
            program_id=self.program_id,
            version=version,
            window_days=365,
            tiers=tuple(
                TierStep(code=code, name=name, rank=rank, threshold_minor=rank * 100_000)
                for rank, (code, name) in steps
            ),
        )

    def mall(self, time_zone: str = "Asia/Shanghai", **values: Any) -> MallChanged:
        """A mall in a time zone."""
        said = {
            "mall_id": new_id(),
            "code": "east",
            "name": "East",
            "currency": "CNY",
            "revision": 1,
        }
        return MallChanged(**{**said, **values}, program_id=self.program_id, time_zone=time_zone)

    def enrolled(self, member_id: UUID | None = None, **values: Any) -> MemberEnrolled:
        """A member joined."""
        said: dict[str, Any] = {
            "member_number": "412345678903",
            "enrolled_at": self.clock(),
            "channel": "desk",
            "locale": "en",
            "tier": "basic",
        }
        return MemberEnrolled(
            **{**said, **values}, program_id=self.program_id, member_id=member_id or new_id()
        )

    def risen(
        self, member_id: UUID, to_tier: str, effective_at: datetime | None = None, **values: Any
    ) -> MemberTierChanged:
        """The member's tier went up."""
        said: dict[str, Any] = {
            "version": 2,
            "direction": "up",
            "from_tier": "basic",
            "reason": "spend",
            "timeline": (),
        }
        return MemberTierChanged(
            **{**said, **values},
            program_id=self.program_id,
            member_id=member_id,
            to_tier=to_tier,
            effective_at=effective_at or self.clock(),
        )

    def granted(self, member_id: UUID | None, points: int | None = 1200, **values: Any) -> Any:
        """A campaign gave the member points."""
        said: dict[str, Any] = {
            "grant_id": new_id(),
            "campaign_id": new_id(),
            "campaign_version": 1,
            "campaign_name": "Spring in the mall",
            "kind": "points",
            "granted_at": self.clock(),
            "explanation": {"zh-CN": "今日消费满900元。", "en": "You spent 900.00 today."},
        }
        return RewardGranted(
            **{**said, **values}, program_id=self.program_id, member_id=member_id, points=points
        )

    def gift(self, member_id: UUID | None, **values: Any) -> RewardGranted:
        """A campaign gave the member a gift."""
        said = {"kind": "gift", "gift_sku": "tea-set", "gift_name": "Tea set"}
        granted: RewardGranted = self.granted(member_id, None, **{**said, **values})
        return granted


def titles(rows: Sequence[dict[str, Any]]) -> list[str | None]:
    """The titles of message rows."""
    return [row["title"] for row in rows]

"""A programme to test with: a mall in Shanghai, a shop, a till, three tiers, and short words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.directory.directory import MallWanted, Scope, ShopWanted, TillWanted
from services.membership.domain.directory.directory_plan import DirectoryWanted
from services.membership.domain.members.members import Enrolled, EnrolWanted
from services.membership.domain.tiers.purchases import Purchase
from services.membership.domain.tiers.tiers import Tier
from services.membership.settings import MembershipSettings
from services.membership.storage.programs.programs import Program, insert_program
from services.membership.usecases.directory.put_directory import put_directory
from services.membership.usecases.members.enrol_members import enrol_members
from services.membership.usecases.tiers.apply_purchases import apply_purchases
from services.membership.usecases.tiers.put_tier_scheme import put_tier_scheme
from shared.auth import Till
from shared.db import transaction
from shared.ids import new_id
from tests.support.clock import HandClock
from tests.support.tokens import member_headers, service_headers, staff_headers

TIERS = (
    Tier("bronze", "Bronze", 0, 0),
    Tier("silver", "Silver", 1, 10_000),
    Tier("gold", "Gold", 2, 20_000),
)


@dataclass(frozen=True, slots=True)
class World:
    """A programme with a mall, a shop, a till and three tiers, all committed."""

    engine: AsyncEngine
    settings: MembershipSettings
    clock: HandClock
    program_id: UUID
    mall_id: UUID
    till: Till

    async def enrol(self, *wanted: EnrolWanted) -> list[Any]:
        """Enrol people, committed."""
        keys = self.settings.program_keys(self.program_id)
        async with transaction(self.engine) as session:
            return await enrol_members(session, self.clock(), self.program_id, keys, wanted)

    async def enrol_one(self, phone: str = "13800138000", days_ago: int = 0) -> Enrolled:
        """A member, who joined that many days ago."""
        at = self.clock() - timedelta(days=days_ago) if days_ago else None
        (enrolled,) = await self.enrol(EnrolWanted(phone, "import", enrolled_at=at))
        assert isinstance(enrolled, Enrolled)
        return enrolled

    async def buy(self, *purchases: Purchase) -> int:
        """Apply purchases, committed."""
        async with transaction(self.engine) as session:
            return await apply_purchases(session, self.clock(), self.program_id, purchases)

    def sale(
        self, member_id: UUID, amount_minor: int, days_ago: float = 0, **more: Any
    ) -> Purchase:
        """A sale (or, with kind="refund", a refund) of a member."""
        values: dict[str, Any] = {
            "member_id": member_id,
            "transaction_id": new_id(),
            "kind": "sale",
            "purchased_at": self.clock() - timedelta(days=days_ago),
            "total_minor": amount_minor,
            "currency": "CNY",
        }
        return Purchase(**{**values, **more})

    def staff(self, *roles: str, **more: Any) -> dict[str, str]:
        """Headers of staff of the programme."""
        return staff_headers(self.clock, self.program_id, roles or ("admin",), **more)

    def service(self, *roles: str) -> dict[str, str]:
        """Headers of another system of the programme."""
        return service_headers(self.clock, self.program_id, roles)

    def member(self, member_id: UUID) -> dict[str, str]:
        """Headers of a member."""
        return member_headers(self.clock, self.program_id, member_id)


async def make_world(engine: AsyncEngine, settings: MembershipSettings, clock: HandClock) -> World:
    """A new programme."""
    program_id = new_id()
    program = Program(program_id, "Rivertown", "CNY", "CN", "Asia/Shanghai")
    wanted = DirectoryWanted(
        malls=(MallWanted("riverside", "Riverside", "Asia/Shanghai", "CNY"),),
        shops=(ShopWanted("r-101", "Corner Coffee", "riverside", None, None, True),),
        tills=(TillWanted("r-101", "T1", True),),
    )
    async with transaction(engine) as session:
        await insert_program(session, program, clock())
        outcomes, known = await put_directory(session, clock(), program_id, Scope(), wanted)
        assert {o.status for o in outcomes} == {"created"}
        await put_tier_scheme(session, clock(), program_id, 365, 365, TIERS)
    till = Till(program_id, known.shops["r-101"].shop_id, "T1", 1)
    mall_id = known.malls["riverside"].mall_id
    return World(engine, settings, clock, program_id, mall_id, till)

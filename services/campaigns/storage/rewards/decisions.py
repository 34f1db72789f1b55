"""What a judgement decided, written at once and told last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.spending import Uses, Withheld
from services.campaigns.storage.directory.members import MemberRow
from services.campaigns.storage.rewards.grants import (
    NewGrant,
    Revocation,
    flag_grants,
    insert_grants,
    revoke_grants,
)
from services.campaigns.storage.rewards.reward_news import Cause, granted_news
from services.campaigns.storage.rewards.usage import replace_withheld, update_uses
from services.campaigns.storage.rules.gifts import move_stock
from services.campaigns.storage.rules.handbook import Handbook
from shared.contracts.campaigns import GiftBillBackFlagged, RewardRevoked
from shared.logs import correlation_id, trace_parent
from shared.outbox import News, ReadyNews, tell


@dataclass(frozen=True, slots=True)
class Scene:
    """What use cases hold in their hands: everything here is locked.

    `receipts` are those that something happened to, `fresh` the ids never seen before. `reason`
    is told when something is taken back; `causes` are by receipt or member id.
    """

    program_id: UUID
    now: datetime
    handbook: Handbook
    members: Mapping[UUID, MemberRow]
    receipts: Mapping[UUID, Receipt]
    fresh: frozenset[UUID] = frozenset()
    reason: str = "recomputed"
    causes: Mapping[UUID, Cause] = field(default_factory=dict)


@dataclass(slots=True)
class Decisions:
    """Everything to be written. `uses` are new ones of grants that are there, `shortfalls` what
    is missing behind gifts that are out."""

    new: list[NewGrant] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    shortfalls: list[tuple[Grant, int]] = field(default_factory=list)
    uses: list[tuple[Grant, Uses]] = field(default_factory=list)
    withheld: list[tuple[UUID, Withheld]] = field(default_factory=list)
    withheld_gone: list[tuple[UUID, str]] = field(default_factory=list)
    stock: dict[UUID, int] = field(default_factory=dict)

    def take_stock(self, stock_id: UUID, count: int) -> None:
        """Take `count` more from the shelf; below 0 puts back."""
        self.stock[stock_id] = self.stock.get(stock_id, 0) + count


async def write_decisions(session: AsyncSession, scene: Scene, decisions: Decisions) -> None:
    """Write all and tell it: what is taken back before what is given."""
    program_id, now = scene.program_id, scene.now
    await move_stock(session, program_id, decisions.stock)
    await insert_grants(session, program_id, now, decisions.new)
    await revoke_grants(session, program_id, now, decisions.revocations)
    await flag_grants(session, program_id, {g.grant_id: n for g, n in decisions.shortfalls})
    await update_uses(session, program_id, decisions.uses)
    await replace_withheld(session, program_id, now, decisions.withheld_gone, decisions.withheld)
    await tell(session, list(_news(scene, decisions)))


def _news(scene: Scene, decisions: Decisions) -> Iterator[News | ReadyNews]:
    for revocation in decisions.revocations:
        event = reward_revoked(scene, revocation)
        yield News(event, scene.now, *_cause(scene, revocation.grant))
    for new in decisions.new:
        yield granted_news(
            scene.handbook, scene.program_id, scene.now, new, _cause(scene, new.grant)
        )
    for grant, shortfall in decisions.shortfalls:
        flagged = GiftBillBackFlagged(
            program_id=scene.program_id,
            grant_id=grant.grant_id,
            member_id=grant.member_id,
            campaign_id=grant.campaign_id,
            gift_sku=grant.gift_sku or "",
            shortfall_minor=shortfall,
            flagged_at=scene.now,
        )
        yield News(flagged, scene.now, *_cause(scene, grant))


def _cause(scene: Scene, grant: Grant) -> Cause:
    cause = scene.causes.get(grant.receipt_id)
    if cause is None and grant.member_id is not None:
        cause = scene.causes.get(grant.member_id)
    return cause or (correlation_id.get(), trace_parent.get())


def reward_revoked(scene: Scene, revocation: Revocation) -> RewardRevoked:
    """The event of a revocation."""
    grant = revocation.grant
    return RewardRevoked(
        program_id=scene.program_id,
        revocation_id=revocation.revocation_id,
        grant_id=grant.grant_id,
        member_id=grant.member_id,
        campaign_id=grant.campaign_id,
        kind=grant.kind,
        points=revocation.points,
        reason=revocation.reason,
        revoked_at=scene.now,
    )

"""What notifications hears, and which use case each piece of news goes to.

Messages are planned here and nowhere else: from what has happened already. Nobody's posting,
enrolment or reward waits for a message, or fails because of one.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import Cause, CauseKind, tier_up_cause_id
from services.notifications.domain.directory import Mall, Newcomer, TierScheme
from services.notifications.domain.errors import RewardIncomplete
from services.notifications.usecases.copy_malls import copy_malls
from services.notifications.usecases.copy_tier_scheme import copy_tier_scheme
from services.notifications.usecases.plan_messages import plan_messages
from services.notifications.usecases.welcome_members import welcome_members
from shared.consumer import Delivery, Handler, hear_revocations
from shared.contracts.campaigns import RewardGranted
from shared.contracts.event import Event
from shared.contracts.membership import (
    MallChanged,
    MemberEnrolled,
    MemberTierChanged,
    TierSchemeChanged,
    TokensRevoked,
)
from shared.contracts.points import PointsExpiringSoon
from shared.ids import quick_uuid


async def hear_enrolled(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Keep the member, let go what waited, and welcome them."""
    events = [cast(MemberEnrolled, d.event) for d in deliveries]
    newcomers = [
        Newcomer(e.member_id, e.member_number, e.locale, e.enrolled_at, e.home_mall_id)
        for e in events
    ]
    program_id = events[0].program_id
    await welcome_members(session, now, program_id, newcomers)
    await plan_messages(session, now, program_id, _causes(deliveries, _enrolled))


async def hear_tier_changed(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Congratulate on a rise; a fall or a correction is not written about."""
    causes = _causes(deliveries, _tier_up)
    await plan_messages(session, now, deliveries[0].event.program_id, causes)


async def hear_reward_granted(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Tell the member what was given; a reward of nobody's is told to nobody."""
    causes = _causes(deliveries, _reward)
    await plan_messages(session, now, deliveries[0].event.program_id, causes)


async def hear_points_expiring(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Remind of points that end; what is kept in other wallets is not written about."""
    causes = _causes(deliveries, _points_expiring)
    await plan_messages(session, now, deliveries[0].event.program_id, causes)


async def hear_mall_changed(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Keep the mall's name and zone."""
    events = [cast(MallChanged, d.event) for d in deliveries]
    malls = [Mall(e.mall_id, e.name, e.time_zone, e.revision) for e in events]
    await copy_malls(session, now, events[0].program_id, malls)


async def hear_tier_scheme_changed(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Keep the tiers' names."""
    events = [cast(TierSchemeChanged, d.event) for d in deliveries]
    schemes = [TierScheme(e.version, {t.code: t.name for t in e.tiers}) for e in events]
    await copy_tier_scheme(session, now, events[0].program_id, schemes)


HANDLERS: Mapping[type[Event], Handler] = {
    MemberEnrolled: hear_enrolled,
    MemberTierChanged: hear_tier_changed,
    RewardGranted: hear_reward_granted,
    PointsExpiringSoon: hear_points_expiring,
    MallChanged: hear_mall_changed,
    TierSchemeChanged: hear_tier_scheme_changed,
    TokensRevoked: hear_revocations,
}


def _causes(
    deliveries: Sequence[Delivery], cause_of: Callable[[Delivery], Cause | None]
) -> list[Cause]:
    return [cause for delivery in deliveries if (cause := cause_of(delivery)) is not None]


def _enrolled(delivery: Delivery) -> Cause:
    event = cast(MemberEnrolled, delivery.event)
    return Cause(
        member_id=event.member_id,
        kind=CauseKind.ENROLLED,
        cause_id=str(event.member_id),
        occurred_at=event.enrolled_at,
        facts={
            "member_number": event.member_number,
            "tier": event.tier,
            "mall_id": str(event.home_mall_id) if event.home_mall_id else None,
        },
        correlation_id=delivery.correlation_id,
        traceparent=delivery.traceparent,
    )


def _tier_up(delivery: Delivery) -> Cause | None:
    event = cast(MemberTierChanged, delivery.event)
    if event.direction != "up":
        return None
    return Cause(
        member_id=event.member_id,
        kind=CauseKind.TIER_UP,
        cause_id=tier_up_cause_id(event.to_tier, event.effective_at),
        occurred_at=event.effective_at,
        facts={"tier": event.to_tier, "from_tier": event.from_tier},
        correlation_id=delivery.correlation_id,
        traceparent=delivery.traceparent,
    )


def _reward(delivery: Delivery) -> Cause | None:
    event = cast(RewardGranted, delivery.event)
    if event.member_id is None:
        return None
    about: dict[str, Any]
    if event.kind == "points":
        kind, about = CauseKind.REWARD_POINTS, {"points": event.points}
    else:
        kind, about = CauseKind.REWARD_GIFT, {"gift_name": event.gift_name or event.gift_sku}
    if not all(about.values()) or not event.campaign_name:
        raise RewardIncomplete("The reward does not say what it is or whose campaign gave it.")
    return Cause(
        member_id=quick_uuid(event.member_id),
        kind=kind,
        cause_id=str(event.grant_id),
        occurred_at=event.granted_at,
        facts={
            **about,
            "campaign_name": event.campaign_name,
            "explanation": event.explanation,
            "mall_id": str(event.mall_id) if event.mall_id else None,
        },
        correlation_id=delivery.correlation_id,
        traceparent=delivery.traceparent,
    )


def _points_expiring(delivery: Delivery) -> Cause | None:
    event = cast(PointsExpiringSoon, delivery.event)
    if event.wallet != "points":
        return None
    first, last = event.deadlines[0], event.deadlines[-1]
    return Cause(
        member_id=event.member_id,
        kind=CauseKind.POINTS_EXPIRING,
        cause_id=f"{event.account_id}:{event.month}",
        occurred_at=event.told_at,
        facts={
            "points": event.points,
            "first_day": first.on.isoformat(),
            "first_points": first.points,
            "last_day": last.on.isoformat(),
        },
        correlation_id=delivery.correlation_id,
        traceparent=delivery.traceparent,
    )

"""What is said of members. Never anything personal: numbers, tiers, instants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.membership.domain.tiers.assessment import Assessment
from services.membership.domain.tiers.tiers import Interval
from shared.contracts.membership import MemberEnrolled, MemberTierChanged, TierInterval
from shared.logs import current_origin
from shared.outbox import News

_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Trace:
    """What caused something: it travels through Kafka."""

    correlation_id: str
    traceparent: str


def member_enrolled(
    program_id: UUID,
    member_id: UUID,
    member_number: str,
    enrolled_at: datetime,
    channel: str,
    locale: str,
    home_mall_id: UUID | None,
    tier: str,
) -> MemberEnrolled:
    """A member joined, with the tier of rank 0."""
    return MemberEnrolled(
        program_id=program_id,
        member_id=member_id,
        member_number=member_number,
        enrolled_at=enrolled_at,
        channel=channel,
        locale=locale,
        home_mall_id=home_mall_id,
        tier=tier,
    )


def tier_news(
    program_id: UUID,
    assessments: Sequence[Assessment],
    now: datetime,
    causes: Mapping[UUID, Trace],
) -> list[News]:
    """Every move of every member, in the order of versions."""
    here = Trace(*current_origin())
    news = []
    for assessment in assessments:
        cause = causes.get(assessment.member_id, here)
        first = assessment.version - len(assessment.moves) + 1
        for version, move in enumerate(assessment.moves, start=first):
            event = MemberTierChanged(
                program_id=program_id,
                member_id=assessment.member_id,
                version=version,
                direction=move.direction,
                from_tier=move.from_tier,
                to_tier=move.to_tier,
                effective_at=move.effective_at,
                reason=move.reason,
                timeline=told_timeline(move.timeline),
            )
            news.append(News(event, now, cause.correlation_id, cause.traceparent))
    return news


def told_timeline(intervals: Sequence[Interval]) -> tuple[TierInterval, ...]:
    """The timeline as others copy it.

    The sale that lifts a tier was itself made at the lower one, so a tier reached by spend is told
    as held from the next microsecond on: whoever looks a purchase up by its instant agrees.
    """
    return tuple(TierInterval(tier=i.tier, since=_held_since(i)) for i in intervals)


def _held_since(interval: Interval) -> datetime:
    return interval.since + _NEXT if interval.cause == "spend" else interval.since

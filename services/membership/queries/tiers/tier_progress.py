"""Where a member stands: tier, how they came to it, and how far the next one is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.tiers import Interval, Tier, scheme_at
from services.membership.storage.tiers.tier_schemes import get_schemes
from services.membership.storage.tiers.tiers import read_timeline
from shared.db import driver


@dataclass(frozen=True, slots=True)
class TierProgress:
    """`credit_minor` is the spend in the window that ends now."""

    member_id: UUID
    tier: str
    since: datetime
    valid_until: datetime | None
    version: int
    timeline: tuple[Interval, ...]
    window_days: int
    credit_minor: int
    next_tier: Tier | None

    @property
    def gap_minor(self) -> int | None:
        """What is missing to the next tier; None at the top."""
        if self.next_tier is None:
            return None
        return max(0, self.next_tier.threshold_minor - self.credit_minor)


async def find_tier_progress(
    session: AsyncSession, now: datetime, program_id: UUID, member_id: UUID
) -> TierProgress | None:
    """The member's progress, or None when unknown."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT version, tier, since, timeline, due_at FROM member_tier "
        "WHERE program_id = $1 AND member_id = $2",
        program_id,
        member_id,
    )
    if row is None:
        return None
    scheme = scheme_at(await get_schemes(session, program_id), now)
    credit_minor = await connection.fetchval(
        "SELECT coalesce(sum(amount_minor), 0)::bigint FROM tier_credit WHERE program_id = $1 "
        "AND member_id = $2 AND purchased_at > $3 AND purchased_at <= $4",
        program_id,
        member_id,
        now - timedelta(days=scheme.window_days),
        now,
    )
    rank = scheme.rank_of(row["tier"])
    return TierProgress(
        member_id,
        row["tier"],
        row["since"],
        row["due_at"] if rank > 0 else None,
        row["version"],
        read_timeline(row["timeline"]),
        scheme.window_days,
        credit_minor,
        scheme.tiers[rank + 1] if rank + 1 < len(scheme.tiers) else None,
    )

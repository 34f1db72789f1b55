"""Hear of enrolments and tiers; judge again what a member bought since a tier differs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.directory.tiers import Tenure, first_difference
from services.campaigns.domain.receipts.receipts import to_be_judged
from services.campaigns.storage.directory.members import (
    MemberRow,
    lock_members,
    update_members,
    write_timeline,
)
from services.campaigns.storage.receipts.receipts import list_receipts_since
from services.campaigns.storage.rewards.decisions import Scene
from services.campaigns.storage.rules.handbook import share_handbook
from services.campaigns.usecases.rewards.settle_rewards import settle_rewards
from shared.consumer import Delivery
from shared.contracts.event import Event
from shared.contracts.membership import MemberEnrolled, MemberTierChanged


async def follow_members(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Work a batch of one programme's members. A timeline replaces an older version only."""
    program_id = deliveries[0].event.program_id
    handbook = await share_handbook(session, program_id)
    events = [(_member_id(d.event), d.event) for d in deliveries]
    before = await lock_members(session, program_id, [member_id for member_id, _ in events])
    after = dict(before)
    for member_id, event in events:
        after[member_id] = _told(after[member_id], event)
    changed = [row for member_id, row in after.items() if row != before[member_id]]
    if not changed:
        return
    await update_members(session, program_id, changed)
    if not handbook.rules.has_tier_rules:
        return
    since: dict[UUID, datetime] = {}
    for row in changed:
        instant = first_difference(before[row.member_id].timeline, row.timeline)
        if instant is not None:
            since[row.member_id] = instant
    if since:
        receipts = await list_receipts_since(session, program_id, since)
        causes = {_member_id(d.event): (d.correlation_id, d.traceparent) for d in deliveries}
        found = to_be_judged(receipts)
        await settle_rewards(
            session,
            Scene(program_id, now, handbook, after, found, reason="tier_changed", causes=causes),
        )


def _member_id(event: Event) -> UUID:
    assert isinstance(event, MemberEnrolled | MemberTierChanged)
    return event.member_id


def _told(row: MemberRow, event: Event) -> MemberRow:
    if isinstance(event, MemberEnrolled):
        row = row._replace(member_number=event.member_number, enrolled_at=event.enrolled_at)
        if row.tier_version < 0:
            first = write_timeline([Tenure(event.enrolled_at, event.tier)])
            row = row._replace(tier_version=0, timeline_json=first)
        return row
    assert isinstance(event, MemberTierChanged)
    if event.version <= row.tier_version:
        return row
    timeline = sorted((Tenure(t.since, t.tier) for t in event.timeline), key=lambda t: t.since)
    return row._replace(tier_version=event.version, timeline_json=write_timeline(timeline))

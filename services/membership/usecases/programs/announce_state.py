"""Say everything again as it now is, for a new service or after a lost broker."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory_plan import Directory
from services.membership.storage.directory.directory_news import (
    as_news,
    brand_changed,
    category_changed,
    mall_changed,
    shop_changed,
    tier_scheme_changed,
    till_changed,
)
from services.membership.storage.members.member_news import member_enrolled, told_timeline
from services.membership.storage.programs.announcements import (
    list_member_page,
    list_program_ids,
    list_whole_directory,
)
from services.membership.storage.programs.programs import lock_program
from services.membership.storage.tiers.tier_schemes import list_schemes
from services.membership.storage.tiers.tiers import read_timeline
from shared.contracts.event import Event
from shared.contracts.membership import MemberTierChanged
from shared.outbox import tell

MEMBERS_A_PAGE = 1_000


async def announce_state(session: AsyncSession, now: datetime) -> int:
    """Directory, tiers and members of every programme to the outbox. Returns how many events.

    Revisions and versions stay what they are: who is up to date has nothing to do.
    """
    count = 0
    for program_id in await list_program_ids(session):
        await lock_program(session, program_id)
        events = _directory_events(program_id, await list_whole_directory(session, program_id))
        schemes = await list_schemes(session, program_id)
        events += [tier_scheme_changed(program_id, scheme) for scheme in schemes[-1:]]
        await tell(session, as_news(events, now))
        count += len(events)
        if schemes:
            base = schemes[0].tiers[0].code
            async for page in _member_events(session, program_id, base):
                await tell(session, as_news(page, now))
                count += len(page)
    return count


def _directory_events(program_id: UUID, directory: Directory) -> list[Event]:
    events: list[Event] = [mall_changed(program_id, m) for m in directory.malls.values()]
    events += [brand_changed(program_id, label) for label in directory.brands.values()]
    events += [category_changed(program_id, label) for label in directory.categories.values()]
    malls = {mall.mall_id: mall for mall in directory.malls.values()}
    events += [shop_changed(program_id, s, malls[s.mall_id]) for s in directory.shops.values()]
    events += [till_changed(program_id, till) for till in directory.tills.values()]
    return events


async def _member_events(
    session: AsyncSession, program_id: UUID, base_tier: str
) -> AsyncIterator[list[Event]]:
    after = UUID(int=0)
    while rows := await list_member_page(session, program_id, after, MEMBERS_A_PAGE):
        yield [event for row in rows for event in _events_of(program_id, row, base_tier)]
        after = rows[-1]["member_id"]


def _events_of(program_id: UUID, row: Any, base_tier: str) -> list[Event]:
    events: list[Event] = [
        member_enrolled(
            program_id,
            row["member_id"],
            row["member_number"],
            row["enrolled_at"],
            row["channel"],
            row["locale"],
            row["home_mall_id"],
            base_tier,
        )
    ]
    if row["version"] > 0:
        events.append(
            MemberTierChanged(
                program_id=program_id,
                member_id=row["member_id"],
                version=row["version"],
                direction="corrected",
                from_tier=row["tier"],
                to_tier=row["tier"],
                effective_at=row["since"],
                reason="announced",
                timeline=told_timeline(read_timeline(row["timeline"])),
            )
        )
    return events

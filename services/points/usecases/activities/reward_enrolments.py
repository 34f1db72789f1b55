"""Members joined: what a programme gives for that, by its rule for the activity "enrolled"."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.activities.activities import (
    ENROLLED,
    Activity,
    activity_id_of,
    post_activity,
    rule_at,
)
from services.points.storage.activities.activities import (
    insert_activities,
    list_activities_by_id,
    list_rules,
)
from services.points.storage.activities.activity_accounts import find_place, lock_activity
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.request_keys import hash_request
from services.points.storage.zones import load_zones
from shared.contracts.membership import MemberEnrolled


async def reward_enrolments(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    events: Sequence[MemberEnrolled],
    origins: Mapping[UUID, tuple[str, str]],
) -> None:
    """Post it once a member for ever, by the rule in force when they joined. Their accounts are
    open and locked. Costs one look where there is no such rule."""
    rules = await list_rules(session, program_id, ENROLLED)
    if not rules:
        return
    made = {e.member_id: _made(program_id, e, now) for e in events}
    known = await list_activities_by_id(
        session, program_id, [activity.activity_id for activity in made.values()]
    )
    zone_of = await load_zones(session, program_id)
    write, kept = Write(), []
    for member_id in sorted(made):
        activity = made[member_id]
        rule = rule_at(rules, activity.happened_at)
        if rule is None or not rule.points or activity.activity_id in known:
            continue
        # The member's account is locked already; nobody else knows another wallet of theirs yet.
        look = await lock_activity(session, program_id, member_id, None, rule.wallet)
        if look.member.account_id != member_id or not look.member.is_open:
            continue
        write.books.origin = origins[member_id]
        place = await find_place(session, program_id, rule.wallet, zone_of(activity.mall_id))
        post_activity(write.books, rule, activity, look.payees(rule.wallet), place, now)
        kept.append(activity)
    if kept:
        await write_books(session, program_id, now, write)
        await insert_activities(session, program_id, kept)


def _made(program_id: UUID, event: MemberEnrolled, now: datetime) -> Activity:
    key = (event.member_id, ENROLLED, ENROLLED)
    return Activity(
        activity_id_of(program_id, *key),
        *key,
        event.enrolled_at,
        event.home_mall_id,
        None,
        hash_request(*key),
        "membership",
        now,
    )

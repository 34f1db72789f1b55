"""A member did something that earns points without a purchase: once for ever by its natural key."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.activities import activities
from services.points.domain.activities.activities import Activity, ActivityRule
from services.points.domain.activities.errors import (
    ActivityConflict,
    ActivityNotRewarded,
    ActivityOutOfTime,
    AlreadyReferred,
    ReferralOfSelf,
    ReferredMissing,
    ReferredUnknown,
)
from services.points.domain.ledger.account_checks import check_open
from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts.caps import count_usage
from services.points.domain.receipts.receipts import Bounds
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.activities.activities import (
    insert_activities,
    is_referred,
    list_activities_by_id,
    list_rules,
    load_times,
)
from services.points.storage.activities.activity_accounts import (
    ActivityLook,
    find_place,
    lock_activity,
)
from services.points.storage.expiry.activations import load_told_events
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.request_keys import hash_request
from services.points.storage.zones import load_zones
from shared.db import driver


@dataclass(frozen=True, slots=True)
class ActivityTold:
    """What somebody tells. `external_id` is theirs: the same means the same activity, for ever."""

    member_id: UUID
    kind: str
    external_id: str
    happened_at: datetime
    mall_id: UUID | None
    referred_id: UUID | None
    made_by: str


async def record_activity(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    told: ActivityTold,
    bounds: Bounds,
    origin: tuple[str, str],
) -> tuple[Activity, bool]:
    """Post what the rule in force then gives, to whom the member was merged into if they were.
    Returns it, and whether it is new.

    Raises `ActivityConflict` for the same with other content, and why it earns nothing:
    `MemberUnknown`, `ActivityNotRewarded`, `ActivityOutOfTime`,
    `ActivityLimitReached`, `ActivityTooSoon`, `ReferredMissing`, `ReferralOfSelf`,
    `ReferredUnknown`, `AlreadyReferred`. Nothing is stored then: tell it again when it may earn.
    """
    rules = await list_rules(session, program_id, told.kind)
    rule = activities.rule_at(rules, told.happened_at)
    wallet = POINTS if rule is None else rule.wallet
    look = await lock_activity(session, program_id, told.member_id, told.referred_id, wallet)
    made = _made(program_id, told, now)
    stored = await list_activities_by_id(session, program_id, [made.activity_id])
    if stored:
        [found] = stored.values()
        if found.request_hash != made.request_hash:
            raise ActivityConflict("This activity was told before with other content.")
        return found, False
    check_open(look.member)
    _check_time(told, now, bounds)
    await _check_referral(session, program_id, told, look)
    if rule is None:
        raise ActivityNotRewarded("This earns nothing.", kind=told.kind)
    if look.member.account_id != told.member_id:
        made.credited_member_id = look.member.account_id
    zone = (await load_zones(session, program_id))(told.mall_id)
    await load_told_events(await driver(session), program_id, look.accounts, [rule.pending])
    write = Write()
    write.books.origin = origin
    await _count(session, program_id, write, look.member, rule, told.happened_at, zone)
    place = await find_place(session, program_id, wallet, zone)
    activities.post_activity(write.books, rule, made, look.payees(wallet), place, now)
    await write_books(session, program_id, now, write)
    await insert_activities(session, program_id, [made])
    return made, True


def _made(program_id: UUID, told: ActivityTold, now: datetime) -> Activity:
    key = (told.member_id, told.kind, told.external_id)
    return Activity(
        activities.activity_id_of(program_id, *key),
        *key,
        told.happened_at,
        told.mall_id,
        told.referred_id,
        hash_request(*key, told.happened_at.timestamp(), told.mall_id, told.referred_id),
        told.made_by,
        now,
    )


def _check_time(told: ActivityTold, now: datetime, bounds: Bounds) -> None:
    if not now - bounds.late <= told.happened_at <= now + bounds.future:
        raise ActivityOutOfTime(
            f"Activities are taken for {bounds.late.days} days, and none that is still to come.",
            days_max=bounds.late.days,
        )


async def _check_referral(
    session: AsyncSession, program_id: UUID, told: ActivityTold, look: ActivityLook
) -> None:
    if (told.kind == activities.REFERRAL) != (told.referred_id is not None):
        raise ReferredMissing("A referral, and only a referral, names whom it brought.")
    if told.referred_id is None or look.referred is None:
        return
    if look.referred is look.member:
        raise ReferralOfSelf("Nobody can bring themselves.")
    if not look.referred.is_open:
        raise ReferredUnknown("Whom the member brought is not a member.")
    if await is_referred(session, program_id, [told.referred_id, look.referred.account_id]):
        raise AlreadyReferred("Somebody brought this member before.")


async def _count(
    session: AsyncSession,
    program_id: UUID,
    write: Write,
    account: Account,
    rule: ActivityRule,
    happened_at: datetime,
    zone: str,
) -> None:
    periods = activities.periods_of(rule, happened_at, zone)
    await load_times(session, program_id, {account.account_id: account}, periods)
    counted = activities.count_times(rule, happened_at, zone, account.used)
    write.books.usages += count_usage(
        account.used, account.account_id, counted, rule.points, 1, happened_at
    )

"""Earning without a purchase: what a check-in, a survey or a referral is worth, and how often."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.points.domain.activities.errors import ActivityLimitReached, ActivityTooSoon
from services.points.domain.expiry.expiry import NEVER, ExpiryModel, expiry_of, read_expiry
from services.points.domain.expiry.pending import (
    NOT_PENDING,
    PendingTerms,
    awaited_event,
    pending_until,
    told_at,
)
from services.points.domain.ledger.ledger import ISSUANCE, Account, Books, Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.caps import EVER, UsageKey, Used
from services.points.domain.receipts.policy_specs import read_pending
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import local_day

ENROLLED = "enrolled"
REFERRAL = "referral"
# Whose side of a referral: who brought, or who was brought.
MEMBER = "member"
REFERRED = "referred"
_NEIGHBOURS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """A version of what one kind of activity earns. The limits count how often it earned, by the
    mall's day on which it happened; None is no limit. Zero points: it earns nothing any more."""

    kind: str
    version: int
    effective_from: datetime
    points: int
    referred_points: int = 0
    day_max: int | None = None
    month_max: int | None = None
    ever_max: int | None = None
    cooldown_seconds: int = 0
    pending: PendingTerms = NOT_PENDING
    expiry: ExpiryModel = NEVER
    spec: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def usage_code(self) -> str:
        """The name under which it is counted, from version to version."""
        return f"activity:{self.kind}"


def read_rule(kind: str, version: int, since: datetime, spec: Mapping[str, Any]) -> ActivityRule:
    """A rule from its stored form."""
    return ActivityRule(
        kind,
        version,
        since,
        spec["points"],
        spec["referred_points"],
        spec["day_max"],
        spec["month_max"],
        spec["ever_max"],
        spec["cooldown_seconds"],
        read_pending(spec["pending"]),
        NEVER if spec["expiry"] is None else read_expiry(spec["expiry"]),
        spec,
    )


def rule_at(rules: Sequence[ActivityRule], instant: datetime) -> ActivityRule | None:
    """The rule in force, of one kind's versions: none before the first, none that earns nothing."""
    reached = [rule for rule in rules if rule.effective_from <= instant]
    found = max(reached, key=lambda rule: rule.version, default=None)
    return found if found is not None and found.points + found.referred_points > 0 else None


@dataclass(slots=True)
class Activity:
    """Something that a member did, once for ever by its natural key (member, kind, external id).

    `points` are the member's, `referred_points` those of whom they brought.
    """

    activity_id: UUID
    member_id: UUID
    kind: str
    external_id: str
    happened_at: datetime
    mall_id: UUID | None
    referred_id: UUID | None
    request_hash: bytes
    made_by: str
    recorded_at: datetime
    rule_version: int = 0
    points: int = 0
    referred_points: int = 0
    is_pending: bool = False
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    balance_after: int | None = None


def activity_id_of(program_id: UUID, member_id: UUID, kind: str, external_id: str) -> UUID:
    """The activity's id, made from its natural key."""
    return derived_id(program_id, "activity", member_id, kind, external_id)


def periods_of(rule: ActivityRule, happened_at: datetime, time_zone: str) -> list[str]:
    """The periods of usages that `count_times` looks at."""
    day = local_day(happened_at, time_zone)
    periods = [day.isoformat(), f"{day:%Y-%m}", EVER]
    if rule.cooldown_seconds:
        bucket = _bucket(rule, happened_at)
        periods += [str(bucket + neighbour) for neighbour in _NEIGHBOURS]
    return periods


def count_times(
    rule: ActivityRule, happened_at: datetime, time_zone: str, used: Mapping[UsageKey, Used]
) -> list[UsageKey]:
    """Where it counts. Raises `ActivityLimitReached` or `ActivityTooSoon`, with why."""
    day, code = local_day(happened_at, time_zone), rule.usage_code
    counted = [(code, day.isoformat()), (code, f"{day:%Y-%m}"), (code, EVER)]
    names = ("day", "month", "ever")
    for name, limit, key in zip(
        names, (rule.day_max, rule.month_max, rule.ever_max), counted, strict=True
    ):
        times = used[key].times if key in used else 0
        if limit is not None and times >= limit:
            raise ActivityLimitReached(
                f"This earns at most {limit} times ({name}).",
                kind=rule.kind,
                period=name,
                limit=limit,
                times=times,
            )
    if rule.cooldown_seconds:
        counted.append(_check_cooldown(rule, happened_at, used))
    return counted


def _check_cooldown(
    rule: ActivityRule, happened_at: datetime, used: Mapping[UsageKey, Used]
) -> UsageKey:
    # Those that earned lie at least the cooldown apart: a bucket of that length has one at most.
    code, bucket = f"{rule.usage_code}:cooldown:{rule.cooldown_seconds}", _bucket(rule, happened_at)
    for neighbour in _NEIGHBOURS:
        found = used.get((code, str(bucket + neighbour)))
        apart = timedelta(seconds=rule.cooldown_seconds)
        if found is not None and abs(found.last_at - happened_at) < apart:
            raise ActivityTooSoon(
                f"This earns once in {rule.cooldown_seconds} seconds.",
                kind=rule.kind,
                seconds=rule.cooldown_seconds,
                earned_at=found.last_at.isoformat(),
            )
    return code, str(bucket)


def _bucket(rule: ActivityRule, instant: datetime) -> int:
    return int(instant.timestamp()) // rule.cooldown_seconds


def post_activity(
    books: Books,
    rule: ActivityRule,
    activity: Activity,
    accounts: tuple[Account, Account | None],
    time_zone: str,
    now: datetime,
) -> None:
    """Credit the member, and whom they brought; the activity keeps what it earned.

    It is counted by the caller.
    """
    account, referred = accounts
    terms = _terms(rule, activity, account, MEMBER, time_zone, now)
    activity.rule_version = rule.version
    activity.is_pending, activity.activates_at = terms.pending, terms.activates_at
    activity.expires_at = terms.expires_at
    if rule.points:
        activity.points = rule.points
        books.credit(account, rule.points, _cause(rule, activity, account, MEMBER), terms)
    if referred is not None and rule.referred_points:
        activity.referred_points = rule.referred_points
        terms = _terms(rule, activity, referred, REFERRED, time_zone, now)
        books.credit(
            referred, rule.referred_points, _cause(rule, activity, referred, REFERRED), terms
        )
    activity.balance_after = account.balance


def _source_of(activity: Activity, side: str) -> UUID:
    own = activity.activity_id
    return own if side == MEMBER else derived_id(own, REFERRED)


def _told_at(
    rule: ActivityRule, activity: Activity, account: Account, side: str
) -> datetime | None:
    source_id = _source_of(activity, side)
    return told_at(account.told, rule.pending, account.account_id, source_id, activity.happened_at)


def _terms(
    rule: ActivityRule,
    activity: Activity,
    account: Account,
    side: str,
    time_zone: str,
    now: datetime,
) -> LotTerms:
    happened_at = activity.happened_at.astimezone(UTC)
    expires_at, sliding_months = expiry_of(rule.expiry, happened_at, time_zone)
    is_pending, activates_at = pending_until(rule.pending, happened_at, time_zone, now)
    return LotTerms(
        expires_at=expires_at,
        mall_id=activity.mall_id,
        pending=is_pending and _told_at(rule, activity, account, side) is None,
        activates_at=activates_at,
        sliding_months=sliding_months,
        earned_at=happened_at,
    )


def _cause(rule: ActivityRule, activity: Activity, account: Account, side: str) -> Cause:
    reason = {
        "rule": "activity",
        "kind": activity.kind,
        "side": side,
        "rule_version": rule.version,
        "activity_id": str(activity.activity_id),
        "external_id": activity.external_id,
        "happened_at": activity.happened_at.isoformat(),
    }
    if (awaits := awaited_event(rule.pending)) is not None:
        reason["awaits"] = awaits
    if (told := _told_at(rule, activity, account, side)) is not None:
        reason["told_at"] = told.isoformat()
    source_id = _source_of(activity, side)
    return Cause("earn", ISSUANCE, "activity", source_id, json.dumps(reason))

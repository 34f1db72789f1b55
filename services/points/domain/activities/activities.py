"""Earning without a purchase: what a check-in, a survey or a referral is worth, and how often."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.activities.errors import ActivityLimitReached, ActivityTooSoon
from services.points.domain.expiry.expiry import ExpiryModel, expiry_of, read_expiry
from services.points.domain.expiry.pending import (
    NOT_PENDING,
    PendingTerms,
    awaited_event,
    pending_until,
    told_at,
)
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import ISSUANCE, Books, Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.receipts.caps import EVER, UsageKey, Used
from services.points.domain.receipts.policy_specs import read_pending
from services.points.domain.receipts.receipt_books import derived_id
from services.points.domain.receipts.receipts import local_day
from services.points.domain.wallets.wallets import POINTS, Wallet, fitting, terms_of

ENROLLED = "enrolled"
REFERRAL = "referral"
# Whose side of a referral: who brought, or who was brought.
MEMBER = "member"
REFERRED = "referred"
_NEIGHBOURS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """A version of what one kind of activity earns. The limits count how often it earned, by the
    mall's day on which it happened; None is no limit. Zero points: it earns nothing any more.
    Without an `expiry` of its own, points of another wallet end as that says."""

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
    expiry: ExpiryModel | None = None
    wallet: str = POINTS
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
        None if spec["expiry"] is None else read_expiry(spec["expiry"]),
        spec.get("wallet", POINTS),
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

    `points` are the member's, `referred_points` those of whom they brought. `credited_member_id` is
    whom the member had been merged into. `notes` say which points did not count, None for none.
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
    wallet: str = POINTS
    credited_member_id: UUID | None = None
    notes: list[dict[str, Any]] | None = None

    @property
    def trimmed(self) -> int:
        """How many points did not count, of both sides."""
        return sum(note["points"] for note in self.notes or ())


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


class Place(NamedTuple):
    """Where points go: the kind of wallet, the mall's zone, and the zone of the wallet's days."""

    wallet: Wallet
    time_zone: str
    wallet_zone: str


def post_activity(
    books: Books,
    rule: ActivityRule,
    activity: Activity,
    accounts: tuple[Account, Account | None],
    place: Place,
    now: datetime,
) -> None:
    """Credit the member's wallet, and that of whom they brought; the activity keeps what it earned:
    what a limited wallet has no room for is trimmed, with a note.

    It is counted by the caller.
    """
    account, referred = accounts
    activity.rule_version, activity.wallet = rule.version, place.wallet.code
    made = _Made(rule, activity, place, now)
    activity.points = made.credit(books, account, MEMBER, rule.points)
    if referred is not None:
        credited = made.credit(books, referred, REFERRED, rule.referred_points)
        activity.referred_points = credited
    if activity.points or activity.referred_points:
        terms = made.terms(account, MEMBER)
        activity.is_pending, activity.activates_at = terms.pending, terms.activates_at
        activity.expires_at = terms.expires_at
    activity.balance_after = account.balance


class _Made(NamedTuple):
    """An activity that earns by a rule."""

    rule: ActivityRule
    activity: Activity
    place: Place
    now: datetime

    def credit(self, books: Books, account: Account, side: str, points: int) -> int:
        """Credit what fits, with a note of what does not. Returns it."""
        credited = fitting(self.place.wallet, account, points)
        if credited < points:
            self._note(account, side, points, points - credited)
        if credited:
            cause = self._cause(account, side, points - credited)
            books.credit(account, credited, cause, self.terms(account, side))
        return credited

    def _note(self, account: Account, side: str, worth: int, lost: int) -> None:
        note: dict[str, Any] = {
            "code": "wallet_trimmed",
            "side": side,
            "wallet": self.place.wallet.code,
            "worth": worth,
            "points": lost,
        }
        if side == MEMBER:  # How somebody else's wallet stands is not told.
            limit = self.place.wallet.balance_max
            note |= {"limit": limit, "balance_before": account.balance}
        self.activity.notes = [*(self.activity.notes or ()), note]

    def terms(self, account: Account, side: str) -> LotTerms:
        """The lot's, by the rule's own expiry or by the wallet's."""
        rule, activity, zone = self.rule, self.activity, self.place.time_zone
        happened_at = activity.happened_at.astimezone(UTC)
        is_pending, activates_at = pending_until(rule.pending, happened_at, zone, self.now)
        terms = LotTerms(
            mall_id=activity.mall_id,
            pending=is_pending and self._told_at(account, side) is None,
            activates_at=activates_at,
            earned_at=happened_at,
        )
        if rule.expiry is None:
            return terms_of(self.place.wallet, happened_at, self.place.wallet_zone, terms)
        expires_at, sliding_months = expiry_of(rule.expiry, happened_at, zone)
        return terms._replace(expires_at=expires_at, sliding_months=sliding_months)

    def _cause(self, account: Account, side: str, trimmed: int) -> Cause:
        rule, activity = self.rule, self.activity
        reason: dict[str, Any] = {
            "rule": "activity",
            "kind": activity.kind,
            "side": side,
            "rule_version": rule.version,
            "activity_id": str(activity.activity_id),
            "external_id": activity.external_id,
            "happened_at": activity.happened_at.isoformat(),
        }
        if trimmed:
            reason["trimmed"] = trimmed
        if (awaits := awaited_event(rule.pending)) is not None:
            reason["awaits"] = awaits
        if (told := self._told_at(account, side)) is not None:
            reason["told_at"] = told.isoformat()
        source_id = _source_of(activity, side)
        return Cause("earn", ISSUANCE, "activity", source_id, json.dumps(reason))

    def _told_at(self, account: Account, side: str) -> datetime | None:
        source_id, happened_at = _source_of(self.activity, side), self.activity.happened_at
        return told_at(account.told, self.rule.pending, account.account_id, source_id, happened_at)


def _source_of(activity: Activity, side: str) -> UUID:
    own = activity.activity_id
    return own if side == MEMBER else derived_id(own, REFERRED)

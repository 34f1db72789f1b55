"""Campaigns as rules: what a published version says, without where it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Scope:
    """What counts. An empty set means all; of several sets every one must fit."""

    malls: frozenset[UUID] = frozenset()
    shops: frozenset[UUID] = frozenset()
    brands: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reward:
    """`points` for kind "points", `gift_sku` for kind "gift"."""

    kind: Literal["points", "gift"]
    points: int | None = None
    gift_sku: str | None = None


@dataclass(frozen=True, slots=True)
class SpendAndGet:
    """满额赠: reach a threshold with one receipt or one local day, get a reward.

    `other_threshold_minor` is for people without a card, at the desk; None shuts them out.
    `times_max` rewards a receipt or day at most, each using up its threshold once.
    """

    scope: Scope
    currency: str
    basis: Literal["receipt", "day"]
    member_threshold_minor: int
    other_threshold_minor: int | None
    limit_per_member: int | None
    times_max: int
    reward: Reward
    grant: Literal["automatic", "desk"]


@dataclass(frozen=True, slots=True)
class PointsMultiplier:
    """More points on what is in scope at certain hours. `factor_thousandths` 2000 doubles.

    `weekdays` are ISO (Monday 1), minutes count from local midnight; a range whose end is before
    its start goes over midnight. Empty sets and a whole day mean no condition.
    """

    scope: Scope
    weekdays: frozenset[int]
    from_minute: int
    until_minute: int
    tiers: frozenset[str]
    factor_thousandths: int


Rule = SpendAndGet | PointsMultiplier


@dataclass(frozen=True, slots=True)
class Campaign:
    """One published version. It decides what was bought in all three of its intervals.

    `in_force_from` and `in_force_until` bound the version (None: open), `starts_at` and
    `ends_at` the campaign as this version has it, `ended_at` the whole campaign.
    """

    campaign_id: UUID
    version: int
    name_zh: str
    name_en: str
    family: str
    starts_at: datetime
    ends_at: datetime
    in_force_from: datetime | None
    in_force_until: datetime | None
    ended_at: datetime | None
    rule: Rule

    def decides(self, purchased_at: datetime) -> bool:
        """Whether this version is the one for a purchase at that instant."""
        return (
            self.starts_at <= purchased_at < self.ends_at
            and (self.in_force_from is None or self.in_force_from <= purchased_at)
            and (self.in_force_until is None or purchased_at < self.in_force_until)
            and (self.ended_at is None or purchased_at < self.ended_at)
        )


def family_of(campaign_id: UUID, spec: Mapping[str, Any]) -> str:
    """The family whose members share each receipt's amount; without one, the campaign alone."""
    return str(spec.get("family") or campaign_id)


def rule_from_json(rule: Mapping[str, Any]) -> Rule:
    """The typed rule of a stored spec."""
    if rule["kind"] == "spend_and_get":
        reward = rule["reward"]
        return SpendAndGet(
            scope=_scope(rule["scope"]),
            currency=rule["currency"],
            basis=rule["basis"],
            member_threshold_minor=rule["member_threshold_minor"],
            other_threshold_minor=rule["non_member_threshold_minor"],
            limit_per_member=rule["limit_per_member"],
            times_max=rule["times_max"],
            reward=Reward(reward["kind"], reward.get("points"), reward.get("gift_sku")),
            grant=rule["grant"],
        )
    return PointsMultiplier(
        scope=_scope(rule["scope"]),
        weekdays=frozenset(rule["weekdays"]),
        from_minute=minute_of_day(rule["from_time"]) if rule["from_time"] else 0,
        until_minute=minute_of_day(rule["until_time"]) if rule["until_time"] else MINUTES_A_DAY,
        tiers=frozenset(rule["tiers"]),
        factor_thousandths=rule["factor_thousandths"],
    )


def minute_of_day(text: str) -> int:
    """Minutes since midnight of "HH:MM"; "24:00" is the day's end."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _scope(scope: Mapping[str, Any]) -> Scope:
    return Scope(
        malls=frozenset(UUID(m) for m in scope["mall_ids"]),
        shops=frozenset(UUID(s) for s in scope["shop_ids"]),
        brands=frozenset(scope["brands"]),
        categories=frozenset(scope["categories"]),
    )

"""What points says of lots and accounts that change: other ends, freezes, cases, merges,
invitations.

Sliding ends are not told: each sale of a member may move them all, and the activity that does it is
told itself. Who keeps ends reads them at points.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event, Part
from shared.contracts.points import LEDGER


class LotEnd(Part):
    """The lot that the posting `lot_version` made, with its end before and after; null is never."""

    lot_version: int
    points: int
    before: datetime | None
    after: datetime | None


class _AccountChanged(Event):
    """Told in order with the account's postings. Why staff did it is not told: cases and notes are
    read at points, by those who may."""

    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("account_id",)

    account_id: UUID
    member_id: UUID | None
    wallet: str


class PointsEndsChanged(_AccountChanged):
    """Points end at another time than was told: staff or a campaign changed it, or they had ended
    while they were frozen and last a few days more since the thaw."""

    TYPE: ClassVar[str] = "points.ends_changed.v1"

    cause: Literal["staff", "campaign", "thaw"]
    campaign_id: UUID | None = None
    lots: tuple[LotEnd, ...]
    changed_at: datetime


class PointsFrozen(_AccountChanged):
    """Nothing goes out of the account, or of its lot `lot_version`, until the case is closed."""

    TYPE: ClassVar[str] = "points.frozen.v1"

    case_id: UUID
    lot_version: int | None
    frozen_at: datetime


class PointsThawed(_AccountChanged):
    """What the case froze is free again."""

    TYPE: ClassVar[str] = "points.thawed.v1"

    case_id: UUID
    lot_version: int | None
    thawed_at: datetime


class ReviewCaseOpened(Event):
    """A receipt earns nothing until somebody has looked at it. Whose it is, is not told."""

    TYPE: ClassVar[str] = "points.case_opened.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("transaction_id",)

    case_id: UUID
    transaction_id: UUID
    reasons: tuple[str, ...]
    opened_at: datetime


class AccountsMerged(Event):
    """Two accounts of one person became one. What is told of `merged_member_id` from now on is
    told as `survivor_member_id`'s; what was told before stays as it was told."""

    TYPE: ClassVar[str] = "points.accounts_merged.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("survivor_member_id",)

    merge_id: UUID
    merged_member_id: UUID
    survivor_member_id: UUID
    points: int
    merged_at: datetime


class AccountsMergeUndone(Event):
    """The merge was a mistake: both members are themselves again. `restored` points went back."""

    TYPE: ClassVar[str] = "points.accounts_merge_undone.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("survivor_member_id",)

    merge_id: UUID
    merged_member_id: UUID
    survivor_member_id: UUID
    restored: int
    undone_at: datetime


class PoolInvited(Event):
    """The owner of a household's pool asks the member to join. What the household calls it is read
    at points."""

    TYPE: ClassVar[str] = "points.pool_invited.v1"
    TOPIC: ClassVar[str] = LEDGER
    KEY: ClassVar[tuple[str, ...]] = ("pool_id",)

    pool_id: UUID
    owner_id: UUID
    member_id: UUID
    invited_at: datetime

"""What campaigns says: rewards granted and taken back, gifts handed out, campaigns published."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event

REWARDS = "campaigns.rewards"
DIRECTORY = "campaigns.directory"
ORDERS = "campaigns.orders"


class RewardGranted(Event):
    """A campaign gave a member something. `granted_at` is the instant of what earned it.

    `points` is set for kind "points", `gift_sku` and `gift_name` for kind "gift". `explanation`
    holds one human sentence a language ("zh-CN", "en"). `wallet` is where the points go. They can
    be used to the end of `last_day` in the mall; without it they end as what is bought then does.
    """

    TYPE: ClassVar[str] = "reward.granted.v1"
    TOPIC: ClassVar[str] = REWARDS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "grant_id")

    grant_id: UUID
    member_id: UUID | None
    campaign_id: UUID
    campaign_version: int
    campaign_name: str
    kind: Literal["points", "gift"]
    points: int | None = None
    gift_sku: str | None = None
    gift_name: str | None = None
    receipt_id: UUID | None = None
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    granted_at: datetime
    explanation: dict[str, str]
    wallet: str = "points"
    last_day: date | None = None


class RewardRevoked(Event):
    """A grant, or `points` of it, is taken back because of `reason`."""

    TYPE: ClassVar[str] = "reward.revoked.v1"
    TOPIC: ClassVar[str] = REWARDS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "grant_id")

    revocation_id: UUID
    grant_id: UUID
    member_id: UUID | None
    campaign_id: UUID
    kind: Literal["points", "gift"]
    points: int | None = None
    reason: str
    revoked_at: datetime
    wallet: str = "points"


class ExpiryChangeGranted(Event):
    """A campaign lets a member's points last longer: those that are not over when points hears it.

    `kind` "days" or "months": by `amount` of them; "last_day": to the end of `last_day` at least.
    Points never end earlier by it. `ending_by` leaves those alone whose last day comes later.
    """

    TYPE: ClassVar[str] = "expiry_change.granted.v1"
    TOPIC: ClassVar[str] = REWARDS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "grant_id")

    grant_id: UUID
    member_id: UUID
    campaign_id: UUID
    campaign_version: int
    campaign_name: str
    kind: Literal["days", "months", "last_day"]
    amount: int | None = None
    last_day: date | None = None
    ending_by: date | None = None
    granted_at: datetime


class GiftIssued(Event):
    """A desk handed out a granted gift."""

    TYPE: ClassVar[str] = "gift.issued.v1"
    TOPIC: ClassVar[str] = REWARDS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "grant_id")

    grant_id: UUID
    member_id: UUID | None
    campaign_id: UUID
    gift_sku: str
    issued_at: datetime
    issued_by: str


class GiftBillBackFlagged(Event):
    """A gift is out of the house and the receipts behind it no longer reach the threshold."""

    TYPE: ClassVar[str] = "gift.bill_back_flagged.v1"
    TOPIC: ClassVar[str] = REWARDS
    KEY: ClassVar[tuple[str, ...]] = ("member_id", "grant_id")

    grant_id: UUID
    member_id: UUID | None
    campaign_id: UUID
    gift_sku: str
    shortfall_minor: int
    flagged_at: datetime


class CampaignPublished(Event):
    """A version of a campaign is live."""

    TYPE: ClassVar[str] = "campaign.published.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("campaign_id",)

    campaign_id: UUID
    version: int
    kind: str
    name: str
    starts_at: datetime
    ends_at: datetime


class CampaignEnded(Event):
    """The campaign decides nothing that was bought from `ended_at` on."""

    TYPE: ClassVar[str] = "campaign.ended.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("campaign_id",)

    campaign_id: UUID
    version: int
    ended_at: datetime


class _OrderPoints(Event):
    """What a reward order asks of points. All that one order asks says the same `points`.

    In whatever order and however often they come, the end is the same: a cancelled order took
    nothing, one that was captured took its points. `reference` is what the member sees.
    """

    TOPIC: ClassVar[str] = ORDERS
    KEY: ClassVar[tuple[str, ...]] = ("order_id",)

    order_id: UUID
    member_id: UUID
    points: int
    reference: str
    mall_id: UUID | None = None
    shop_id: UUID | None = None
    asked_at: datetime


class OrderPointsHoldRequested(_OrderPoints):
    """Set the points aside, until the order captures or cancels them: no clock does."""

    TYPE: ClassVar[str] = "order.points_hold_requested.v1"


class OrderPointsCaptureRequested(_OrderPoints):
    """The reward is issued: spend the points, held before or not."""

    TYPE: ClassVar[str] = "order.points_capture_requested.v1"


class OrderPointsCancelRequested(_OrderPoints):
    """The order is off: free what is held, give back what was spent, and hold nothing later."""

    TYPE: ClassVar[str] = "order.points_cancel_requested.v1"

    why: str

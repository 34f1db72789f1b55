"""What membership says: who joined, which tier they hold, and the directory of malls and shops."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event, Part

LIFECYCLE = "membership.lifecycle"
DIRECTORY = "membership.directory"
ACCESS = "membership.access"


class MemberEnrolled(Event):
    """A member joined. `enrolled_at` may lie in the past for imports."""

    TYPE: ClassVar[str] = "member.enrolled.v1"
    TOPIC: ClassVar[str] = LIFECYCLE
    KEY: ClassVar[tuple[str, ...]] = ("member_id",)

    member_id: UUID
    member_number: str
    enrolled_at: datetime
    channel: str
    locale: str
    home_mall_id: UUID | None = None
    tier: str


class TierInterval(Part):
    """From `since` on, until the next interval's `since`, the member holds `tier`."""

    tier: str
    since: datetime


class MemberTierChanged(Event):
    """The member's tier timeline is now `timeline`, oldest first, whole.

    Copies replace what they hold when `version` is higher than theirs, whatever the order of
    arrival. `direction` is "corrected" when the past changed and the present tier did not.
    """

    TYPE: ClassVar[str] = "member.tier_changed.v1"
    TOPIC: ClassVar[str] = LIFECYCLE
    KEY: ClassVar[tuple[str, ...]] = ("member_id",)

    member_id: UUID
    version: int
    direction: Literal["up", "down", "corrected"]
    from_tier: str
    to_tier: str
    effective_at: datetime
    reason: str
    timeline: tuple[TierInterval, ...]


class MallChanged(Event):
    """A mall as it now is. `time_zone` is an IANA name and rules every local day and hour."""

    TYPE: ClassVar[str] = "mall.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("mall_id",)

    mall_id: UUID
    code: str
    name: str
    time_zone: str
    currency: str
    revision: int


class BrandChanged(Event):
    """A brand as it now is."""

    TYPE: ClassVar[str] = "brand.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("code",)

    code: str
    name: str
    revision: int


class CategoryChanged(Event):
    """A category of goods as it now is."""

    TYPE: ClassVar[str] = "category.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("code",)

    code: str
    name: str
    revision: int


class ShopChanged(Event):
    """A shop as it now is; its mall is spelled out, so that no other event must come first."""

    TYPE: ClassVar[str] = "shop.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("shop_id",)

    shop_id: UUID
    code: str
    name: str
    mall_id: UUID
    time_zone: str
    currency: str
    brand: str | None = None
    category: str | None = None
    is_open: bool
    revision: int


class TillChanged(Event):
    """A till as it now is. `key_version` signs; the previous one is good until its instant."""

    TYPE: ClassVar[str] = "till.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("shop_id",)

    shop_id: UUID
    till_id: str
    key_version: int
    previous_key_until: datetime | None = None
    is_active: bool
    revision: int


class TierStep(Part):
    """A tier and the spend in the rolling window, in minor units, from which it is held."""

    code: str
    name: str
    rank: int
    threshold_minor: int


class TierSchemeChanged(Event):
    """The programme's tiers, lowest first. Rank 0 is everybody's."""

    TYPE: ClassVar[str] = "tier_scheme.changed.v1"
    TOPIC: ClassVar[str] = DIRECTORY
    KEY: ClassVar[tuple[str, ...]] = ("program_id",)

    version: int
    window_days: int
    tiers: tuple[TierStep, ...]


class TokensRevoked(Event):
    """Access tokens issued up to `revoked_at` are refused from now on.

    `revoked_by` says what `value` is: "subject" the `sub` of tokens (a client's id, a member's id,
    or whoever an outside provider names), "token" the `jti` of one.
    """

    TYPE: ClassVar[str] = "tokens.revoked.v1"
    TOPIC: ClassVar[str] = ACCESS
    KEY: ClassVar[tuple[str, ...]] = ("program_id",)

    revoked_by: Literal["subject", "token"]
    value: str
    revoked_at: datetime

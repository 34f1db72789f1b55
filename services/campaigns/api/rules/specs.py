"""What marketing writes: a campaign's spec, of one of two kinds."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.campaigns.api.fields import Instant, Minor, TimeOfDay
from services.campaigns.domain.rules.campaigns import minute_of_day
from shared.http.fields import Code, CurrencyCode, Id, Name, Strict

MULTIPLIER_EXAMPLE: dict[str, Any] = {
    "name": {"zh": "周末美妆双倍积分", "en": "Double points on beauty at weekends"},
    "starts_at": "2026-03-01T00:00:00+08:00",
    "ends_at": "2026-04-01T00:00:00+08:00",
    "rule": {
        "kind": "points_multiplier",
        "factor_thousandths": 2000,
        "scope": {"categories": ["beauty"]},
        "weekdays": [6, 7],
        "from_time": "10:00",
        "until_time": "22:00",
        "tiers": ["gold", "diamond"],
    },
}
SPEND_EXAMPLE: dict[str, Any] = {
    "name": {"zh": "满额赠：春季", "en": "Spring gift with purchase"},
    "family": "spring-gifts",
    "starts_at": "2026-03-01T00:00:00+08:00",
    "ends_at": "2026-04-01T00:00:00+08:00",
    "rule": {
        "kind": "spend_and_get",
        "basis": "day",
        "currency": "CNY",
        "member_threshold_minor": 179900,
        "non_member_threshold_minor": 199900,
        "limit_per_member": 1,
        "grant": "desk",
        "reward": {"kind": "gift", "gift_sku": "spring-tote"},
    },
}
Listed: Any = Field(default_factory=list, max_length=1_000)


class Names(Strict):
    """A name in Chinese and English."""

    zh: Name
    en: Name


class ScopeSpec(Strict):
    """What counts. An empty list means all; of several lists every one must fit."""

    mall_ids: list[Id] = Listed
    shop_ids: list[Id] = Listed
    brands: list[Code] = Field(
        default_factory=list, max_length=1_000, description="a line without a brand has its shop's"
    )
    categories: list[Code] = Listed


class PointsReward(Strict):
    """Bonus points."""

    kind: Literal["points"]
    points: int = Field(ge=1, le=10**9)


class GiftReward(Strict):
    """One gift, to be picked up at a desk."""

    kind: Literal["gift"]
    gift_sku: Code


class SpendAndGetSpec(Strict):
    """满额赠: reach a threshold on one receipt or in one local day and get a reward.

    A reward uses up its threshold of the receipts' amounts, once for the whole family. A receipt
    without a member never adds up with others.
    """

    kind: Literal["spend_and_get"]
    basis: Literal["receipt", "day"]
    currency: CurrencyCode
    scope: ScopeSpec = Field(default_factory=ScopeSpec)
    member_threshold_minor: Minor
    non_member_threshold_minor: Minor | None = Field(
        default=None, description="for people without a card, at a desk; null shuts them out"
    )
    limit_per_member: int | None = Field(
        default=None, ge=1, le=10_000, description="rewards a member may get of the campaign"
    )
    times_max: int = Field(
        default=1, ge=1, le=100, description="automatic rewards of one receipt or day"
    )
    grant: Literal["automatic", "desk"]
    reward: Annotated[PointsReward | GiftReward, Field(discriminator="kind")]


class PointsMultiplierSpec(Strict):
    """More base points for what is in scope, before the tier's own factor.

    The bonus is floor(base points × (factor − 1)), rounded once for the receipt.
    """

    kind: Literal["points_multiplier"]
    scope: ScopeSpec = Field(default_factory=ScopeSpec)
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        default_factory=list, max_length=7, description="Monday is 1; none means every day"
    )
    from_time: TimeOfDay | None = None
    until_time: TimeOfDay | None = Field(
        default=None, description="before from_time: the range goes over midnight"
    )
    tiers: list[Code] = Field(
        default_factory=list, max_length=50, description="held at the purchase; none means all"
    )
    factor_thousandths: int = Field(ge=1001, le=10_000, description="2000 doubles")

    @model_validator(mode="after")
    def _hours_make_sense(self) -> Self:
        if (self.from_time is None) != (self.until_time is None):
            raise ValueError("Give both from_time and until_time, or neither.")
        if self.from_time is not None and self.until_time is not None:
            start, end = minute_of_day(self.from_time), minute_of_day(self.until_time)
            if start == end or start == 24 * 60:
                raise ValueError("The hours are empty.")
        return self


class CampaignSpec(Strict):
    """A campaign as it shall be. `starts_at` and `ends_at` may lie in the past."""

    model_config = ConfigDict(json_schema_extra={"examples": [SPEND_EXAMPLE, MULTIPLIER_EXAMPLE]})

    name: Names
    family: Code | None = Field(
        default=None,
        description="campaigns of one family share each receipt's amount; null: on its own",
    )
    starts_at: Instant
    ends_at: Instant
    rule: Annotated[SpendAndGetSpec | PointsMultiplierSpec, Field(discriminator="kind")]

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at.")
        return self

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, as they are stored."""
        return self.model_dump(mode="json")

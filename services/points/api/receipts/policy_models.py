"""What staff state about earning."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.points.api.expiry.expiry_models import ExpiryIn
from services.points.api.instants import KeptDay, KeptInstant
from services.points.api.receipts.pos_models import Sku
from services.points.domain.expiry.pending import PendingMode
from services.points.domain.receipts.caps import CapPeriod, Exceeded
from services.points.domain.receipts.earning import Clawback, Rounding, RoundingLevel
from services.points.domain.receipts.earning_rates import Combine, RulesCombine
from shared.http.fields import Code

POINTS_PER_MINOR_MAX = 9
_MILLI = 1_000
_SECONDS_MAX = 31 * 86_400

Whole = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000_000)]
Multiplier = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class _Stated(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RateIn(_Stated):
    """`points` for every `per_minor` of money. Zero points exclude. With `step_minor` only full
    steps of the amount count: 19.99 at steps of 10.00 counts as 10.00."""

    points: int = Field(strict=True, ge=0, le=10_000)
    per_minor: int = Field(strict=True, ge=1, le=1_000_000)
    step_minor: int = Field(1, strict=True, ge=1, le=1_000_000_000)

    @model_validator(mode="after")
    def _line_stays_countable(self) -> Self:
        """The largest line is 10^12; in millionths of a point it must fit 64 bits."""
        if self.points > POINTS_PER_MINOR_MAX * self.per_minor:
            raise ValueError(f"At most {POINTS_PER_MINOR_MAX} points for each minor unit.")
        return self


class RuleIn(_Stated):
    """More for the lines that fit everything it names: a rate on top, or a multiplier (in
    thousandths) of what the levels give. Of each list one entry must fit; an empty one fits all."""

    code: Code
    rate: RateIn | None = None
    multiplier_milli: Multiplier | None = None
    malls: list[UUID] = Field([], max_length=200)
    shops: list[UUID] = Field([], max_length=2_000)
    categories: list[Code] = Field([], max_length=500)
    brands: list[Code] = Field([], max_length=2_000)
    skus: list[Sku] = Field([], max_length=2_000)

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.rate is None) == (self.multiplier_milli is None):
            raise ValueError("A rule has a rate or a multiplier.")
        return self


class EligibleIn(_Stated):
    """What of a receipt counts. Tenders that are excluded are taken out of every line in
    proportion; excluded categories, brands and SKUs never earn, whatever rate there is."""

    tax: Literal["included", "excluded"] = "included"
    delivery: Literal["included", "excluded"] = "included"
    excluded_tenders: list[Literal["points", "gift_card", "stored_value", "coupon"]] = ["points"]
    excluded_categories: list[Code] = Field([], max_length=500)
    excluded_brands: list[Code] = Field([], max_length=2_000)
    excluded_skus: list[Sku] = Field([], max_length=2_000)


class CapIn(_Stated):
    """At most `points` in each period, by the purchase's day in the mall; `member` is for ever.
    What is over it is cut off, or the whole receipt earns nothing. A code counts on in later
    versions."""

    code: Code
    period: CapPeriod
    points: Whole
    when_exceeded: Exceeded = Exceeded.TRIM


class PendingIn(_Stated):
    """Until when points wait: none, `days` after the purchase, the day `on`, an `event`, or until
    staff make them active."""

    mode: PendingMode = PendingMode.NONE
    days: int | None = Field(None, strict=True, ge=1, le=3_650)
    on: KeptDay | None = None
    event: Code | None = None

    @model_validator(mode="after")
    def _says_until_when(self) -> Self:
        needed = {PendingMode.DAYS: "days", PendingMode.DATE: "on", PendingMode.EVENT: "event"}
        for name in ("days", "on", "event"):
            if (getattr(self, name) is not None) != (needed.get(self.mode) == name):
                raise ValueError("Give what the mode needs, and nothing else.")
        return self


_POLICY: JsonDict = {
    "effective_from": "2030-01-01T00:00:00+08:00",
    "programme": {"points": 1, "per_minor": 100},
    "categories": {"grocery": {"points": 1, "per_minor": 200}},
    "rules": [{"code": "fresh-triple", "multiplier_milli": 3000, "categories": ["fresh"]}],
    "tier_multipliers_milli": {"gold": 1500},
    "rounding": "floor",
    "eligible": {"tax": "included", "excluded_categories": ["fuel"]},
    "caps": [{"code": "daily", "period": "day", "points": 2000, "when_exceeded": "trim"}],
    "pending": {"mode": "days", "days": 7},
    "expires_months": 24,
}


class PolicyIn(_Stated):
    """How points are earned from some instant on.

    Of the levels programme, mall, category, brand and shop the most specific rate wins, or all add
    up (`combine`). `rules` come on top: the first that fits or all (`rules_combine`). Tier
    multipliers are in thousandths; a tier not named has 1000. A fraction is rounded once, at
    `rounding_level`. Below `minimum_minor` (eligible) a receipt earns nothing, nor within
    `cooldown_seconds` of one that did. `expiry`: see docs/expiry.md; `expires_months` is
    short for one of so many months.
    `clawback`: what refunds may take: all, into debt; down to zero; only what is there to spend.
    Corrected tiers and rewards taken back are no refunds: they take all.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_POLICY]})

    effective_from: KeptInstant
    programme: RateIn
    malls: dict[UUID, RateIn] = Field(default={}, max_length=200)
    categories: dict[Code, RateIn] = Field(default={}, max_length=500)
    brands: dict[Code, RateIn] = Field(default={}, max_length=2_000)
    shops: dict[UUID, RateIn] = Field(default={}, max_length=2_000)
    combine: Combine = Combine.MOST_SPECIFIC
    rules: list[RuleIn] = Field(default=[], max_length=100)
    rules_combine: RulesCombine = RulesCombine.SUM
    tier_multipliers_milli: dict[Code, Multiplier] = Field(default={}, max_length=50)
    rounding: Rounding = Rounding.FLOOR
    rounding_level: RoundingLevel = RoundingLevel.RECEIPT
    eligible: EligibleIn = EligibleIn()
    minimum_minor: Whole = 0
    caps: list[CapIn] = Field(default=[], max_length=20)
    cooldown_seconds: int = Field(default=0, strict=True, ge=0, le=_SECONDS_MAX)
    pending: PendingIn = PendingIn()
    expires_months: int | None = Field(default=None, strict=True, ge=1, le=120)
    expiry: ExpiryIn | None = None
    clawback: Clawback = Clawback.DEBT

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.expires_months is not None and self.expiry is not None:
            raise ValueError("Say expires_months or expiry.")
        for named in (self.rules, self.caps):
            codes = [item.code for item in named]
            if len(set(codes)) < len(codes):
                raise ValueError("Each code once.")
        if _most_milli(self) > POINTS_PER_MINOR_MAX * _MILLI:
            raise ValueError(f"Together at most {POINTS_PER_MINOR_MAX} points for each minor unit.")
        return self


def _most_milli(policy: PolicyIn) -> Fraction:
    """No less than the most that a minor unit could earn, in thousandths of a point."""

    def most(rates: Iterable[RateIn]) -> Fraction:
        return max((Fraction(rate.points, rate.per_minor) for rate in rates), default=Fraction(0))

    levels = [most([policy.programme])]
    levels += [most(x.values()) for x in (policy.malls, policy.categories)]
    levels += [most(x.values()) for x in (policy.brands, policy.shops)]
    base = sum(levels) if policy.combine is Combine.SUM else max(levels)
    factors = [max(0, (rule.multiplier_milli or _MILLI) - _MILLI) for rule in policy.rules]
    rates = [most([rule.rate] if rule.rate else []) for rule in policy.rules]
    if policy.rules_combine is RulesCombine.FIRST:
        return base * (_MILLI + max(factors, default=0)) + max(rates, default=Fraction(0)) * _MILLI
    return base * (_MILLI + sum(factors)) + sum(rates, Fraction(0)) * _MILLI


class WithdrawnOut(BaseModel):
    """Who withdrew the version before it began, when and why."""

    withdrawn_at: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    withdrawn_by: str = Field(examples=["admin"])
    reason: str = Field(examples=["Meant for 2027, stated for 2031"])


class PolicyOut(PolicyIn):
    """A stored version. Version 0 is the built-in one: a point for each full 1.00. What is
    `withdrawn` never begins."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**_POLICY, "version": 1, "policy_id": "0199f3a2-0000-7000-8000-0000000000a1"}
            ]
        }
    )

    version: int
    policy_id: UUID
    withdrawn: WithdrawnOut | None = None

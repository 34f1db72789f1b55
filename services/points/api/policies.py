"""How points are earned: versions that staff add and nobody changes."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.points.api.principals import POLICY
from services.points.domain.earning import Policy, Rounding
from services.points.queries.policies import list_policies
from services.points.usecases.set_earning_policy import set_earning_policy
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code

POINTS_PER_MINOR_MAX = 9
router = APIRouter(prefix="/v1/earning-policies", tags=["Earning policies"])


# What both Python and PostgreSQL can write down, in any time zone.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class RateIn(BaseModel):
    """`points` for every `per_minor` of money. Zero points exclude."""

    model_config = ConfigDict(strict=True, extra="forbid")
    points: int = Field(ge=0, le=10_000)
    per_minor: int = Field(ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _line_stays_countable(self) -> Self:
        """The largest line is 10^12; in millionths of a point it must fit 64 bits."""
        if self.points > POINTS_PER_MINOR_MAX * self.per_minor:
            raise ValueError(f"At most {POINTS_PER_MINOR_MAX} points for each minor unit.")
        return self


Multiplier = Annotated[int, Field(strict=True, ge=0, le=100_000)]


_POLICY: JsonDict = {
    "effective_from": "2030-01-01T00:00:00+08:00",
    "programme": {"points": 1, "per_minor": 100},
    "categories": {"grocery": {"points": 1, "per_minor": 200}},
    "tier_multipliers_milli": {"gold": 1500},
    "rounding": "floor",
    "expires_months": 24,
}


class PolicyIn(BaseModel):
    """The most specific rate wins: shop, then category, then programme.

    Multipliers are in thousandths by tier code; a tier not named has 1000. `expires_months`: the
    points of a purchase are good for so many months (month-end safe); null for ever.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_POLICY]})

    effective_from: Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)]
    programme: RateIn
    categories: dict[Code, RateIn] = Field(default={}, max_length=500)
    shops: dict[UUID, RateIn] = Field(default={}, max_length=2_000)
    tier_multipliers_milli: dict[Code, Multiplier] = Field(default={}, max_length=50)
    rounding: Rounding = Rounding.FLOOR
    expires_months: int | None = Field(default=None, strict=True, ge=1, le=120)


class PolicyOut(PolicyIn):
    """A stored version. Version 0 is the built-in one: a point for each full 1.00."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_POLICY, "version": 1}]})

    version: int


@router.post("", summary="Add a version", status_code=201)
async def add_policy(body: PolicyIn, staff: CurrentStaff, session: Tx, now: Now) -> PolicyOut:
    """In force from `effective_from` until a later version starts. Role: points.policy."""
    require_role(staff, POLICY)
    spec = body.model_dump(mode="json", exclude={"effective_from"})
    policy = await set_earning_policy(
        session, now, staff.program_id, body.effective_from, spec, staff.subject
    )
    return _out(policy)


@router.get("", summary="All versions")
async def read_policies(staff: CurrentStaff, session: Tx) -> list[PolicyOut]:
    """Oldest first, the built-in one included. Role: points.policy."""
    require_role(staff, POLICY)
    return [_out(policy) for policy in await list_policies(session, staff.program_id)]


def _out(policy: Policy) -> PolicyOut:
    def rates(named: dict[Any, Any]) -> dict[Any, RateIn]:
        return {
            name: RateIn(points=rate.points, per_minor=rate.per_minor)
            for name, rate in named.items()
        }

    return PolicyOut(
        version=policy.version,
        effective_from=policy.effective_from,
        programme=rates({"": policy.programme})[""],
        categories=rates(policy.categories),
        shops=rates(policy.shops),
        tier_multipliers_milli=policy.tier_multipliers_milli,
        rounding=policy.rounding,
        expires_months=policy.expires_months,
    )

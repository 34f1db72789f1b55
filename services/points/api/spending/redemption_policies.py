"""How points pay at tills: versions that staff add and nobody changes."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.points.api.paging import AfterVersion, PageSize
from services.points.api.principals import POLICY, READ, check_may_read_rules
from services.points.api.receipts.policy_models import WithdrawnOut
from services.points.domain.receipts.withdrawals import Withdrawal
from services.points.domain.spending.tariffs import RedemptionPolicy
from services.points.queries.receipts.policies import list_redemption_versions
from services.points.usecases.spending.set_redemption_policy import set_redemption_policy
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code

router = APIRouter(prefix="/v1/redemption-policies", tags=["Redemption policies"])
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TARIFF: JsonDict = {
    "step_points": 100,
    "step_minor": 100,
    "minimum_points": 100,
    "share_percent_max": 50,
}
_POLICY: JsonDict = {
    **_TARIFF,
    "effective_from": "2030-01-01T00:00:00+08:00",
    "tiers": {"gold": {**_TARIFF, "share_percent_max": 100}},
    "return_grace_days": 30,
}


class TariffIn(BaseModel):
    """`step_points` pay `step_minor` of money, in whole steps only."""

    model_config = ConfigDict(extra="forbid")

    step_points: int = Field(strict=True, ge=1, le=1_000_000)
    step_minor: int = Field(strict=True, ge=1, le=1_000_000)
    minimum_points: int = Field(0, strict=True, ge=0, le=1_000_000_000)
    share_percent_max: int = Field(
        100, strict=True, ge=1, le=100, description="of a receipt's total, by all points together"
    )


class RedemptionPolicyIn(TariffIn):
    """How points pay from `effective_from` until a later version starts.

    A tier that is named has a tariff of its own. With `mall_ids` or `shop_ids` points pay only
    in those. Points that come back after their end are good for `return_grace_days` more.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_POLICY]})

    effective_from: Annotated[AwareDatetime, Field(ge=_EARLIEST, lt=_LATEST)]
    tiers: dict[Code, TariffIn] = Field(default={}, max_length=50)
    mall_ids: list[UUID] | None = Field(default=None, max_length=1_000)
    shop_ids: list[UUID] | None = Field(default=None, max_length=10_000)
    return_grace_days: int = Field(default=0, strict=True, ge=0, le=366)

    @model_validator(mode="after")
    def _points_are_worth_counting(self) -> Self:
        """The dearest point pays 1,000.00: no receipt's amount leaves what can be counted."""
        tariffs: list[TariffIn] = [self, *self.tiers.values()]
        for tariff in tariffs:
            if tariff.step_minor > 100_000 * tariff.step_points:
                raise ValueError("A point pays at most 100000 minor units.")
        return self


class RedemptionPolicyOut(RedemptionPolicyIn):
    """A stored version; what is `withdrawn` never begins."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_POLICY, "version": 1}]})

    version: int
    withdrawn: WithdrawnOut | None = None


@router.post("", summary="Add a version", status_code=201)
async def add_redemption_policy(
    body: RedemptionPolicyIn, staff: CurrentStaff, session: Tx, now: Now
) -> RedemptionPolicyOut:
    """In force from `effective_from` until a later version starts. Role: points.policy."""
    require_whole(staff, POLICY)
    spec = body.model_dump(mode="json", exclude={"effective_from"})
    policy = await set_redemption_policy(
        session, now, staff.program_id, body.effective_from, spec, staff.subject
    )
    return _out(policy)


@router.get("", summary="All versions")
async def read_redemption_policies(
    staff: CurrentStaff, session: Tx, after: AfterVersion = -1, limit: PageSize = 200
) -> list[RedemptionPolicyOut]:
    """Oldest first, those that were withdrawn included; pass the last one's version as `after` for
    more. Without any, points do not pay at tills. Role: points.policy or
    points.read."""
    check_may_read_rules(staff, READ, POLICY)
    found = await list_redemption_versions(session, staff.program_id)
    return [_out(*one) for one in found if one[0].version > after][:limit]


def _out(policy: RedemptionPolicy, withdrawal: Withdrawal | None = None) -> RedemptionPolicyOut:
    return RedemptionPolicyOut(
        version=policy.version,
        effective_from=policy.effective_from,
        **policy.tariff._asdict(),
        tiers={tier: TariffIn(**own._asdict()) for tier, own in policy.tiers.items()},
        mall_ids=_listed(policy.mall_ids),
        shop_ids=_listed(policy.shop_ids),
        return_grace_days=policy.return_grace_days,
        withdrawn=None if withdrawal is None else WithdrawnOut(**withdrawal._asdict()),
    )


def _listed(ids: frozenset[UUID] | None) -> list[UUID] | None:
    return None if ids is None else sorted(ids)

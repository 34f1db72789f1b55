"""What activities earn: versions by kind, that staff add and nobody changes."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.points.api.activities.activities import Instant
from services.points.api.expiry.expiry_models import ExpiryIn
from services.points.api.paging import AfterVersion, PageSize
from services.points.api.principals import POLICY, READ, check_may_read_rules
from services.points.api.receipts.policy_models import PendingIn
from services.points.domain.activities.activities import ActivityRule
from services.points.domain.expiry.pending import PendingMode
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.activities.activities import list_rules
from services.points.usecases.activities.set_activity_rule import set_activity_rule
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Strict

router = APIRouter(prefix="/v1/activity-rules", tags=["Activities"])
Points = Annotated[int, Field(ge=0, le=1_000_000)]
Times = Annotated[int, Field(ge=1, le=1_000_000)]
_EXAMPLE: dict[str, Any] = {
    "kind": "check_in",
    "effective_from": "2030-01-01T00:00:00+08:00",
    "points": 5,
    "day_max": 1,
    "month_max": 20,
    "expiry": {"kind": "months", "months": 12},
}


class ActivityRuleIn(Strict):
    """What a kind of activity earns from `effective_from` on; zero points end it.

    `day_max`, `month_max` and `ever_max` say how often it earns a member, by the mall's days;
    `cooldown_seconds` how far apart. Of a referral `points` are the member's who brought somebody,
    `referred_points` the other's. `enrolled` is earned by joining, without anybody telling.
    `wallet` is one of `GET /v1/wallets`: its points end as the wallet says unless `expiry` says
    otherwise, what is over its limit is trimmed, and only points wait (`pending`).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kind: Code
    effective_from: Instant
    points: Points
    referred_points: Points = 0
    day_max: Times | None = None
    month_max: Times | None = None
    ever_max: Times | None = None
    cooldown_seconds: int = Field(0, ge=0, le=31 * 86_400)
    pending: PendingIn = PendingIn()
    expiry: ExpiryIn | None = None
    wallet: Code = POINTS

    @model_validator(mode="after")
    def _only_points_wait(self) -> Self:
        if self.wallet != POINTS and self.pending.mode is not PendingMode.NONE:
            raise ValueError("Only points wait.")
        return self


class ActivityRuleOut(BaseModel):
    """A stored version."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "version": 1, "referred_points": 0}]}
    )

    kind: str
    version: int
    effective_from: Instant
    points: int
    referred_points: int
    day_max: int | None = None
    month_max: int | None = None
    ever_max: int | None = None
    cooldown_seconds: int = 0
    pending: PendingIn = PendingIn()
    expiry: ExpiryIn | None = None
    wallet: str = POINTS


def _out(rule: ActivityRule) -> ActivityRuleOut:
    return ActivityRuleOut.model_validate(
        {
            **rule.spec,
            "kind": rule.kind,
            "version": rule.version,
            "effective_from": rule.effective_from.isoformat(),
        }
    )


@router.post("", summary="Add a version", status_code=201)
async def add_rule(
    body: ActivityRuleIn, staff: CurrentStaff, session: Tx, now: Now
) -> ActivityRuleOut:
    """In force from `effective_from` until the kind's next version. Role: points.policy."""
    require_whole(staff, POLICY)
    spec = body.model_dump(mode="json", exclude={"kind", "effective_from"})
    rule = await set_activity_rule(
        session, now, staff.program_id, body.kind, body.effective_from, spec, staff.subject
    )
    return _out(rule)


@router.get("", summary="All versions")
async def read_rules(
    staff: CurrentStaff,
    session: Tx,
    kind: Annotated[Code | None, Query()] = None,
    after_kind: Annotated[Code | None, Query(description="of the last rule of the page before")] = (
        None
    ),
    after: AfterVersion = -1,
    limit: PageSize = 200,
) -> list[ActivityRuleOut]:
    """By kind, the oldest first; of one `kind` if it is given. Pass the last one's kind and version
    as `after_kind` and `after` for more. Role: points.policy
    or points.read."""
    check_may_read_rules(staff, READ, POLICY)
    seen = (after_kind or kind or "", after)
    found = await list_rules(session, staff.program_id, kind, seen, limit)
    return [_out(rule) for rule in found]

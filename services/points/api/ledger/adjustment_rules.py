"""The reasons that a programme has for adjustments, and from where two people must agree."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.points.api.principals import POLICY, READ, check_may_read_rules
from services.points.api.state import settings_of
from services.points.domain.ledger.adjustments import AdjustmentRules, ReasonCode
from services.points.domain.ledger.errors import ReasonCodeRepeated
from services.points.storage.ledger.adjustments import find_rules
from services.points.usecases.ledger.set_adjustment_rules import set_adjustment_rules
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Code, Name, Strict

router = APIRouter(prefix="/v1/adjustment-rules", tags=["Adjustments"])
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
_EXAMPLE: dict[str, Any] = {
    "points_unchecked_max": 1_000,
    "reason_codes": [
        {
            "code": "goodwill",
            "names": {"zh-CN": "服务补偿", "en": "Goodwill"},
            "needs_evidence": False,
        },
        {
            "code": "system_error",
            "names": {"zh-CN": "系统差错", "en": "System error"},
            "needs_evidence": True,
        },
    ],
}


class ReasonCodeIn(Strict):
    """A reason, with its names by language; some need evidence."""

    code: Code
    names: dict[Language, Name] = Field(max_length=20)
    needs_evidence: bool = False


class AdjustmentRulesIn(Strict):
    """More points than `points_unchecked_max` that one person gives to a member within 24 hours, or
    takes from them, in one adjustment or many, need a second person's approval.
    Without reason codes any will do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    points_unchecked_max: int = Field(ge=0, le=1_000_000_000)
    reason_codes: list[ReasonCodeIn] = Field(max_length=200)


class AdjustmentRulesOut(BaseModel):
    """The rules in force. Version 0 is built in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, **_EXAMPLE}]})

    version: int
    points_unchecked_max: int
    reason_codes: list[ReasonCodeIn]


def _out(rules: AdjustmentRules) -> AdjustmentRulesOut:
    return AdjustmentRulesOut(
        version=rules.version,
        points_unchecked_max=rules.points_unchecked_max,
        reason_codes=[
            ReasonCodeIn(code=r.code, names=r.names, needs_evidence=r.needs_evidence)
            for r in rules.reason_codes
        ],
    )


@router.get("", summary="Rules for adjustments")
async def read_rules(staff: CurrentStaff, session: Tx, request: Request) -> AdjustmentRulesOut:
    """What holds now. Role: points.policy or points.read."""
    check_may_read_rules(staff, READ, POLICY)
    found = await find_rules(session, staff.program_id)
    default = settings_of(request).adjustment_points_unchecked_max
    return _out(found or AdjustmentRules(0, default))


@router.put("", summary="Set the rules for adjustments")
async def set_rules(
    body: AdjustmentRulesIn, staff: CurrentStaff, session: Tx, now: Now
) -> AdjustmentRulesOut:
    """Holds from now on, as the next version; earlier ones are kept. Role: points.policy."""
    require_whole(staff, POLICY)
    codes = tuple(ReasonCode(r.code, dict(r.names), r.needs_evidence) for r in body.reason_codes)
    if len({reason.code for reason in codes}) < len(codes):
        raise ReasonCodeRepeated("A reason code stands twice in the list.")
    return _out(
        await set_adjustment_rules(
            session, now, staff.program_id, body.points_unchecked_max, codes, staff.subject
        )
    )

"""Versions of policies that never begin."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ConfigDict, Field

from services.points.api.principals import POLICY
from services.points.api.receipts.policy_models import WithdrawnOut
from services.points.api.state import bounds_of, settings_of
from services.points.domain.receipts.withdrawals import PolicyKind, Withdrawal
from services.points.usecases.receipts.withdraw_policy import withdraw_policy
from shared.auth import require_whole
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Name, Strict

router = APIRouter(prefix="/v1")
Version = Annotated[int, Path(ge=0, le=2**31 - 1, examples=[1])]


class WithdrawalIn(Strict):
    """Why the version shall not begin."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Meant for 2027, stated for 2031"}]}
    )

    reason: Name


class WithdrawalOut(WithdrawnOut):
    """A version that never begins; it stays in the list of all versions."""

    version: int = Field(examples=[3])
    effective_from: datetime = Field(examples=["2031-01-01T00:00:00Z"])


@router.post(
    "/earning-policies/{version}/withdrawal",
    summary="Withdraw a version",
    tags=["Earning policies"],
)
async def withdraw_earning_policy(
    version: Version,
    body: WithdrawalIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    request: Request,
) -> WithdrawalOut:
    """The version `version` has not begun and never will: earlier ones may be stated again. Once it
    is withdrawn, asking again changes nothing. Role: points.policy."""
    return await _withdraw(PolicyKind.EARNING, version, body, staff, session, now, request)


@router.post(
    "/redemption-policies/{version}/withdrawal",
    summary="Withdraw a version",
    tags=["Redemption policies"],
)
async def withdraw_redemption_policy(
    version: Version,
    body: WithdrawalIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    request: Request,
) -> WithdrawalOut:
    """The version `version` has not begun and never will: earlier ones may be stated again. Once it
    is withdrawn, asking again changes nothing. Role: points.policy."""
    return await _withdraw(PolicyKind.REDEMPTION, version, body, staff, session, now, request)


async def _withdraw(
    kind: PolicyKind,
    version: int,
    body: WithdrawalIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    request: Request,
) -> WithdrawalOut:
    require_whole(staff, POLICY)
    withdrawal = Withdrawal(now, staff.subject, body.reason)
    lead = bounds_of(settings_of(request)).future
    effective_from, kept = await withdraw_policy(
        session, staff.program_id, kind, version, withdrawal, lead
    )
    return WithdrawalOut(version=version, effective_from=effective_from, **kept._asdict())

"""Grants: what members got, why, and handing gifts out."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.api.fields import Cursor, Limit
from services.campaigns.api.principals import (
    DESK,
    require_mall,
    require_reader,
    require_self_or_reader,
)
from services.campaigns.domain.rewards.errors import GrantUnknown
from services.campaigns.queries.rewards.grants import (
    get_grant,
    list_member_grants,
    list_member_withheld,
)
from services.campaigns.storage.desk.claim_book import Desk
from services.campaigns.usecases.desk.issue_gift import issue_gift
from shared.auth import Member, Staff, require_role
from shared.http.depends import CurrentStaff, MemberOrStaff, Now, Tx
from shared.http.fields import Id, Name, Strict

router = APIRouter(prefix="/v1", tags=["grants"])

_GRANT_EXAMPLE: dict[str, Any] = {
    "grant_id": "0199f3a2-c1d0-7b7e-8000-0000000000e1",
    "campaign_id": "0199f3a2-c1d0-7b7e-8000-0000000000c1",
    "campaign_version": 1,
    "origin": "desk",
    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
    "kind": "gift",
    "status": "granted",
    "points": None,
    "points_revoked": 0,
    "gift_sku": "spring-tote",
    "gift_name_zh": "春季托特包",
    "gift_name_en": "Spring tote",
    "shortfall_minor": 0,
    "mall_id": "0199f3a2-c1d0-7b7e-8000-0000000000a1",
    "shop_id": "0199f3a2-c1d0-7b7e-8000-0000000000b1",
    "receipt_id": "0199f3a2-c1d0-7b7e-8000-0000000000f1",
    "granted_at": "2026-03-10T11:20:00Z",
    "decided_at": "2026-03-10T12:00:00Z",
    "issued_at": None,
    "issued_by": None,
    "issued_mall_id": None,
    "claim_id": "0199f3a2-c1d0-7b7e-8000-0000000000d1",
    "inputs": {
        "receipts": [
            {"receipt_id": "0199f3a2-c1d0-7b7e-8000-0000000000f1", "amount_minor": 179900}
        ],
        "threshold_minor": 179900,
        "currency": "CNY",
    },
    "explanation": {
        "zh-CN": "活动“满额赠：春季”第 1 版：当日累计消费满 1,799.00 CNY，获得春季托特包；"
        "使用消费额 1,799.00。",
        "en": "“Spring gift with purchase”, version 1: spend 1,799.00 CNY on one day and get "
        "Spring tote; 1,799.00 was used for it.",
    },
    "revocations": [],
}


class RevocationAnswer(BaseModel):
    """`points` (null: the gift) were taken back because of `reason`."""

    revocation_id: UUID
    points: int | None
    reason: str
    revoked_at: datetime


class GrantAnswer(BaseModel):
    """A reward with its explanation: version, receipts with the amounts used, and sentences.

    `bill_back`: the gift is out and `shortfall_minor` is missing behind it after a refund.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_GRANT_EXAMPLE]})

    grant_id: UUID
    campaign_id: UUID
    campaign_version: int
    origin: Literal["automatic", "desk"]
    member_id: UUID | None
    kind: Literal["points", "gift"]
    status: Literal["granted", "issued", "bill_back", "revoked"]
    points: int | None
    points_revoked: int
    gift_sku: str | None
    gift_name_zh: str | None
    gift_name_en: str | None
    shortfall_minor: int
    mall_id: UUID
    shop_id: UUID
    receipt_id: UUID
    granted_at: datetime = Field(description="the purchase that earned it")
    decided_at: datetime
    issued_at: datetime | None
    issued_by: str | None
    issued_mall_id: UUID | None
    claim_id: UUID | None
    inputs: dict[str, Any]
    explanation: dict[str, str]
    revocations: list[RevocationAnswer]


class WithheldAnswer(BaseModel):
    """A threshold reached on a local day for which nothing was given."""

    campaign_id: UUID
    campaign_version: int
    local_day: date
    reason: Literal["limit_reached", "out_of_stock"]
    decided_at: datetime


class GrantPage(BaseModel):
    """A member's grants, newest first; `withheld` (the latest 100) on the first page only."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_GRANT_EXAMPLE], "next": None, "withheld": []}]}
    )

    items: list[GrantAnswer]
    next: UUID | None
    withheld: list[WithheldAnswer]


class IssueRequest(Strict):
    """Where the gift is handed out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mall_id": "0199f3a2-c1d0-7b7e-8000-0000000000a1"}]}
    )

    mall_id: Id
    desk: Name | None = None


async def _visible(session: AsyncSession, who: Member | Staff, grant_id: UUID) -> GrantAnswer:
    row = await get_grant(session, who.program_id, grant_id)
    if isinstance(who, Member) and row["member_id"] != who.member_id:
        raise GrantUnknown("No grant has this id.")
    return GrantAnswer.model_validate(row)


@router.get("/members/{member_id}/grants", summary="List a member's rewards")
async def list_of_member(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> GrantPage:
    """Newest first. Members see their own; staff need the role campaigns or desk."""
    require_self_or_reader(who, member_id)
    page = await list_member_grants(session, who.program_id, member_id, cursor, limit)
    withheld = []
    if cursor is None:
        withheld = await list_member_withheld(session, who.program_id, member_id)
    return GrantPage(
        items=[GrantAnswer.model_validate(row) for row in page.rows],
        next=page.next,
        withheld=[WithheldAnswer.model_validate(row) for row in withheld],
    )


@router.get("/grants/{grant_id}", summary="Explain a reward")
async def read(grant_id: UUID, who: MemberOrStaff, session: Tx) -> GrantAnswer:
    """Why it was given and what became of it. Members see their own."""
    if isinstance(who, Staff):
        require_reader(who)
    return await _visible(session, who, grant_id)


@router.post("/grants/{grant_id}/issue", summary="Hand out a gift")
async def issue(
    grant_id: UUID, body: IssueRequest, staff: CurrentStaff, session: Tx, now: Now
) -> GrantAnswer:
    """A gift that is out already stays so. Role: desk, in the mall."""
    require_role(staff, DESK)
    require_mall(staff, body.mall_id)
    desk = Desk(staff.subject, body.mall_id, body.desk)
    await issue_gift(session, now, staff.program_id, grant_id, desk)
    return await _visible(session, staff, grant_id)

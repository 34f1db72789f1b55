"""The desk: claims with receipts, decided at once, and their book."""

from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.campaigns.api.fields import Cursor, Day, Limit, MemberCode
from services.campaigns.api.principals import DESK, require_mall, require_reader
from services.campaigns.domain.desk.errors import MemberCodeRefused
from services.campaigns.queries.desk.claims import list_claims
from services.campaigns.queries.rules.campaigns import get_campaign
from services.campaigns.storage.desk.claim_book import Desk
from services.campaigns.storage.desk.claims import Paper
from services.campaigns.storage.request_keys import request_key
from services.campaigns.usecases.desk.claim_reward import Claim, claim_reward
from shared.auth import MemberCodeInvalid, read_member_code, require_role
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx, runtime_of
from shared.http.fields import Id, MemberNumber, Name, ReceiptNumber, Strict, TillId

router = APIRouter(prefix="/v1/campaigns/{campaign_id}/claims", tags=["desk"])

Reason = Literal[
    "below_threshold",
    "campaign_not_live",
    "limit_reached",
    "member_unknown",
    "members_only",
    "not_in_scope",
    "out_of_stock",
    "receipt_of_other_member",
    "receipt_unknown",
    "receipt_used",
]
_PAPER: dict[str, Any] = {
    "shop_id": "0199f3a2-c1d0-7b7e-8000-0000000000b1",
    "till_id": "T1",
    "receipt_number": "R-10001",
    "business_date": "2026-03-10",
}
_MALL = "0199f3a2-c1d0-7b7e-8000-0000000000a1"
_MEMBER = "0199f3a2-c1d0-7b7e-8000-00000000000a"
_CAMPAIGN = "0199f3a2-c1d0-7b7e-8000-0000000000c1"
_CLAIM = "0199f3a2-c1d0-7b7e-8000-0000000000d1"
_GRANT = "0199f3a2-c1d0-7b7e-8000-0000000000e1"


class PaperRef(Strict):
    """A receipt as it is printed."""

    shop_id: Id
    till_id: TillId
    receipt_number: ReceiptNumber
    business_date: Day


class ClaimRequest(Strict):
    """A card, shown in at most one way, and receipts. No card: for somebody without one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"mall_id": _MALL, "member_number": "482913750264", "receipts": [_PAPER]},
                {"mall_id": _MALL, "desk": "L1 service desk", "receipts": [_PAPER]},
            ]
        }
    )

    mall_id: Id = Field(description="where the desk is; one of the caller's malls")
    desk: Name | None = None
    member_id: Id | None = None
    member_number: MemberNumber | None = None
    member_code: MemberCode | None = Field(
        default=None, description="the code on the member's screen"
    )
    receipts: list[PaperRef] = Field(min_length=1, max_length=50)
    hand_out: bool = Field(default=False, description="a granted gift leaves the desk right now")

    @model_validator(mode="after")
    def _one_card_and_each_receipt_once(self) -> Self:
        cards = (self.member_id, self.member_number, self.member_code)
        if sum(card is not None for card in cards) > 1:
            raise ValueError("Show the card in one way.")
        papers = [tuple(receipt.model_dump().values()) for receipt in self.receipts]
        if len(set(papers)) != len(papers):
            raise ValueError("Show each receipt once.")
        return self


class ReceiptDecision(BaseModel):
    """What a receipt counted for, in minor units; `available_minor` was not used before."""

    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    status: Literal[
        "counted", "unknown", "of_other_member", "used", "not_in_scope", "not_live", "not_judged"
    ]
    eligible_minor: int
    available_minor: int
    used_minor: int


class RewardOffered(BaseModel):
    """What the campaign gives; `gift_name` by language."""

    kind: Literal["points", "gift"]
    points: int | None
    gift_sku: str | None
    gift_name: dict[str, str] | None


class ClaimAnswer(BaseModel):
    """The decision. A refusal says why by `reason`, with the shortfall where there is one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "claim_id": _CLAIM,
                    "campaign_id": _CAMPAIGN,
                    "campaign_version": 1,
                    "decided_at": "2026-03-10T12:00:00Z",
                    "member_id": _MEMBER,
                    "decision": "granted",
                    "reason": None,
                    "threshold_minor": 179900,
                    "shortfall_minor": 0,
                    "receipts": [
                        {
                            **_PAPER,
                            "status": "counted",
                            "eligible_minor": 180000,
                            "available_minor": 180000,
                            "used_minor": 179900,
                        }
                    ],
                    "reward": {
                        "kind": "gift",
                        "points": None,
                        "gift_sku": "spring-tote",
                        "gift_name": {"zh-CN": "春季托特包", "en": "Spring tote"},
                    },
                    "grant_id": _GRANT,
                    "is_handed_out": False,
                    "explanation": {"en": "“Spring gift”, version 1: spend 1,799.00 CNY …"},
                }
            ]
        }
    )

    claim_id: UUID
    campaign_id: UUID
    campaign_version: int | None
    decided_at: datetime
    member_id: UUID | None
    decision: Literal["granted", "refused"]
    reason: Reason | None
    threshold_minor: int
    shortfall_minor: int
    receipts: list[ReceiptDecision]
    reward: RewardOffered | None
    grant_id: UUID | None
    is_handed_out: bool
    explanation: dict[str, str] | None


class BookLine(BaseModel):
    """Who, when, member, receipts, gift, quantity, desk; and what was decided."""

    claim_id: UUID
    campaign_id: UUID
    staff: str
    decided_at: datetime
    member_id: UUID | None
    receipts: list[ReceiptDecision]
    gift_sku: str | None
    quantity: int
    mall_id: UUID
    desk: str | None
    decision: Literal["granted", "refused"]
    reason: Reason | None
    grant_id: UUID | None


class BookPage(BaseModel):
    """Lines of the desk's book in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "claim_id": _CLAIM,
                            "campaign_id": _CAMPAIGN,
                            "staff": "desk-7",
                            "decided_at": "2026-03-10T12:00:00Z",
                            "member_id": None,
                            "receipts": [],
                            "gift_sku": "spring-tote",
                            "quantity": 0,
                            "mall_id": _MALL,
                            "desk": "L1 service desk",
                            "decision": "refused",
                            "reason": "below_threshold",
                            "grant_id": None,
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    items: list[BookLine]
    next: UUID | None


@router.post("", status_code=201, summary="Claim a reward at the desk", response_model=ClaimAnswer)
async def claim(
    campaign_id: UUID,
    body: ClaimRequest,
    staff: CurrentStaff,
    key: IdempotencyKey,
    request: Request,
    session: Tx,
    now: Now,
) -> Any:
    """Decide now whether these receipts earn the reward, and write it in the book either way.

    A member may show receipts of their own and receipts that are nobody's. Role: desk, in the mall.
    """
    require_role(staff, DESK)
    require_mall(staff, body.mall_id)
    member_id = body.member_id
    if body.member_code is not None:
        deployment_key = runtime_of(request).settings.deployment_key.get_secret_value()
        try:
            member_id = read_member_code(
                deployment_key, staff.program_id, body.member_code, int(now.timestamp())
            )
        except MemberCodeInvalid as error:
            raise MemberCodeRefused(error.detail) from error
    asked = Claim(
        campaign_id,
        Desk(staff.subject, body.mall_id, body.desk),
        [Paper(**receipt.model_dump()) for receipt in body.receipts],
        member_id,
        body.member_number,
        body.hand_out,
    )
    content = f"{campaign_id} {body.model_dump_json()}"
    return await claim_reward(
        session, now, staff.program_id, request_key("claim_reward", key, content), asked
    )


@router.get("", summary="Read the desk's book")
async def read_book(
    campaign_id: UUID,
    staff: CurrentStaff,
    session: Tx,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BookPage:
    """Every claim of the campaign at the caller's malls, in order. Role: campaigns or desk."""
    require_reader(staff)
    await get_campaign(session, staff.program_id, campaign_id)
    page = await list_claims(session, staff.program_id, campaign_id, staff.mall_ids, cursor, limit)
    items = [BookLine.model_validate(row) for row in page.rows]
    return BookPage(items=items, next=page.next)

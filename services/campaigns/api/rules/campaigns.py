"""Campaigns: draft, publish, end, read."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.api.fields import Cursor, Limit
from services.campaigns.api.principals import CAMPAIGNS, require_reader
from services.campaigns.api.rules.specs import SPEND_EXAMPLE, CampaignSpec
from services.campaigns.queries.rules.campaigns import get_campaign, list_campaigns
from services.campaigns.storage.request_keys import request_key
from services.campaigns.usecases.rules.change_draft import change_draft
from services.campaigns.usecases.rules.draft_campaign import draft_campaign
from services.campaigns.usecases.rules.end_campaign import end_campaign
from services.campaigns.usecases.rules.publish_campaign import publish_campaign
from shared.auth import require_role
from shared.http.depends import CurrentStaff, IdempotencyKey, Now, Tx

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])

_CAMPAIGN_EXAMPLE: dict[str, Any] = {
    "campaign_id": "0199f3a2-c1d0-7b7e-8000-0000000000c1",
    "status": "live",
    "live_version": 1,
    "draft": None,
    "versions": [
        {
            "version": 1,
            "spec": SPEND_EXAMPLE,
            "published_at": "2026-02-27T03:00:00Z",
            "published_by": "marketing-1",
        }
    ],
    "created_at": "2026-02-26T03:00:00Z",
    "created_by": "marketing-1",
    "ended_at": None,
}


class PublishedVersion(BaseModel):
    """An immutable version."""

    version: int
    spec: dict[str, Any]
    published_at: datetime
    published_by: str


class CampaignAnswer(BaseModel):
    """A campaign. `draft` is what the next publication makes live."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CAMPAIGN_EXAMPLE]})

    campaign_id: UUID
    status: Literal["draft", "live", "ended"]
    live_version: int | None
    draft: dict[str, Any] | None
    versions: list[PublishedVersion]
    created_at: datetime
    created_by: str
    ended_at: datetime | None


class CampaignPage(BaseModel):
    """Campaigns in the order of their making."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_CAMPAIGN_EXAMPLE], "next": None}]}
    )

    items: list[CampaignAnswer]
    next: UUID | None = Field(description="send it as `cursor` for the next page")


async def _answer(session: AsyncSession, program_id: UUID, campaign_id: UUID) -> CampaignAnswer:
    return CampaignAnswer.model_validate(await get_campaign(session, program_id, campaign_id))


@router.post("", status_code=201, summary="Draft a campaign")
async def draft(
    body: CampaignSpec, staff: CurrentStaff, key: IdempotencyKey, session: Tx, now: Now
) -> CampaignAnswer:
    """Nothing happens to members until it is published. Role: campaigns."""
    require_role(staff, CAMPAIGNS)
    request = request_key("draft_campaign", key, body.model_dump_json())
    campaign_id = await draft_campaign(
        session, now, staff.program_id, request, body.as_json(), staff.subject
    )
    return await _answer(session, staff.program_id, campaign_id)


@router.get("", summary="List campaigns")
async def list_all(
    staff: CurrentStaff,
    session: Tx,
    status: Annotated[Literal["draft", "live", "ended"] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CampaignPage:
    """In the order of their making. Role: campaigns or desk."""
    require_reader(staff)
    page = await list_campaigns(session, staff.program_id, status, cursor, limit)
    items = [CampaignAnswer.model_validate(row) for row in page.rows]
    return CampaignPage(items=items, next=page.next)


@router.get("/{campaign_id}", summary="Read a campaign")
async def read(campaign_id: UUID, staff: CurrentStaff, session: Tx) -> CampaignAnswer:
    """With its draft and every published version. Role: campaigns or desk."""
    require_reader(staff)
    return await _answer(session, staff.program_id, campaign_id)


@router.put("/{campaign_id}/draft", summary="Change the draft")
async def change(
    campaign_id: UUID, body: CampaignSpec, staff: CurrentStaff, session: Tx
) -> CampaignAnswer:
    """What is live stays as it is until the draft is published. Role: campaigns."""
    require_role(staff, CAMPAIGNS)
    await change_draft(session, staff.program_id, campaign_id, body.as_json())
    return await _answer(session, staff.program_id, campaign_id)


@router.post("/{campaign_id}/publish", summary="Publish the draft")
async def publish(campaign_id: UUID, staff: CurrentStaff, session: Tx, now: Now) -> CampaignAnswer:
    """The draft becomes the next version, immutable and live; without a draft nothing changes.

    Receipts keep the version that was in force when they were bought. Receipts stored before a
    back-dated campaign was published are judged within moments. Role: campaigns.
    """
    require_role(staff, CAMPAIGNS)
    await publish_campaign(session, now, staff.program_id, campaign_id, staff.subject)
    return await _answer(session, staff.program_id, campaign_id)


@router.post("/{campaign_id}/end", summary="End a campaign")
async def end(campaign_id: UUID, staff: CurrentStaff, session: Tx, now: Now) -> CampaignAnswer:
    """Nothing that is bought from now on counts, and its desk closes. Role: campaigns."""
    require_role(staff, CAMPAIGNS)
    await end_campaign(session, now, staff.program_id, campaign_id)
    return await _answer(session, staff.program_id, campaign_id)

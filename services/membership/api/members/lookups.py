"""Finding a member: by phone, number, code or another identity."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.api.fields import Phone
from services.membership.api.principals import (
    keys_of,
    require_member_desk,
    require_registered,
    settings_of,
)
from services.membership.domain.members.errors import MemberCodeRefused, MemberUnknown
from services.membership.domain.members.identities import (
    IdentityType,
    normalise_identity,
)
from services.membership.domain.members.phones import mask_phone
from services.membership.domain.members.sealing import blind_index
from services.membership.queries.members.members import find_member, find_member_by_number
from services.membership.storage.members.members import find_members_by_index
from services.membership.storage.programs.programs import get_program
from shared.auth import MemberCodeInvalid, read_member_code
from shared.http.depends import CurrentTill, Now, StaffOrService, Tx
from shared.http.fields import PLAIN, MemberNumber, Strict

router = APIRouter(prefix="/v1/members", tags=["members"])


class IdentityRef(Strict):
    """An identity of any type."""

    type: IdentityType
    value: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=PLAIN)]


class LookupRequest(Strict):
    """Exactly one way of naming a member."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13800138000"}]})

    phone: Phone | None = None
    member_number: MemberNumber | None = None
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{52}$")] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        ways = [name for name, value in self if value is not None]
        if len(ways) != 1:
            raise ValueError("Name the member in exactly one way.")
        return self


class SearchRequest(LookupRequest):
    """Exactly one way of naming a member; staff and front ends have one more."""

    identity: IdentityRef | None = None


class LookupAnswer(BaseModel):
    """The member, as far as a till or desk needs to know."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
                    "member_number": "482913750264",
                    "tier": "silver",
                    "phone": "+86138****8000",
                    "enrolled_at": "2026-03-10T12:00:00Z",
                }
            ]
        }
    )

    member_id: UUID
    member_number: str
    tier: str
    phone: str | None = Field(description="masked")
    enrolled_at: datetime


@router.post("/lookup", summary="Find a member at a till")
async def look_up(
    body: LookupRequest, till: CurrentTill, request: Request, session: Tx, now: Now
) -> LookupAnswer:
    """By phone, member number or the code on the member's screen; signed by a till."""
    await require_registered(session, till, now)
    return await _look_up(request, session, now, till.program_id, body)


@router.post("/search", summary="Find a member at a desk")
async def search(
    body: SearchRequest, who: StaffOrService, request: Request, session: Tx, now: Now
) -> LookupAnswer:
    """By phone, member number, code or another identity. Role: members or front_end."""
    require_member_desk(who)
    return await _look_up(request, session, now, who.program_id, body)


async def _look_up(
    request: Request, session: AsyncSession, now: datetime, program_id: UUID, body: LookupRequest
) -> LookupAnswer:
    keys = keys_of(request, program_id)
    member_id = await _find(request, session, now, program_id, body)
    view = None if member_id is None else await find_member(session, program_id, keys, member_id)
    if view is None:
        raise MemberUnknown("No member is known by this.")
    return LookupAnswer(
        member_id=view.member_id,
        member_number=view.member_number,
        tier=view.tier,
        phone=None if view.phone is None else mask_phone(view.phone),
        enrolled_at=view.enrolled_at,
    )


async def _find(
    request: Request, session: AsyncSession, now: datetime, program_id: UUID, body: LookupRequest
) -> UUID | None:
    if body.member_number is not None:
        return await find_member_by_number(session, program_id, body.member_number)
    if body.code is not None:
        deployment_key = settings_of(request).deployment_key.get_secret_value()
        try:
            return read_member_code(deployment_key, program_id, body.code, int(now.timestamp()))
        except MemberCodeInvalid as error:
            raise MemberCodeRefused(error.detail) from error
    kind: IdentityType = "phone"
    value = body.phone or ""
    if isinstance(body, SearchRequest) and body.identity is not None:
        kind, value = body.identity.type, body.identity.value
    region = (await get_program(session, program_id)).region
    plain = normalise_identity(kind, value, region)
    index = blind_index(keys_of(request, program_id).index, kind, plain)
    return (await find_members_by_index(session, program_id, kind, [index])).get(index)

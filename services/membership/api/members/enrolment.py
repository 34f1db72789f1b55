"""Joining: at a desk, in a front end, at a till, or by import."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from services.membership.api.fields import Day, Instant, Phone
from services.membership.api.principals import (
    keys_of,
    require_member_desk,
    require_registered,
)
from services.membership.domain.members.members import Channel, Enrolled, EnrolWanted, Locale
from services.membership.queries.directory.directory import find_mall_code
from services.membership.usecases.members.enrol_members import enrol_members
from shared.errors import DomainError
from shared.http.depends import CurrentTill, Now, StaffOrService, Tx
from shared.http.fields import Code, Name, Strict
from shared.http.problems import FieldProblem, field_problems

router = APIRouter(prefix="/v1/members", tags=["enrolment"])
_ENROLLED: JsonDict = {
    "member_id": "0199f3a2-c1d0-7b7e-8000-00000000000a",
    "member_number": "482913750264",
    "enrolled_at": "2026-03-10T12:00:00Z",
    "tier": "member",
    "is_new": True,
}


class AtTill(Strict):
    """What a till knows of somebody who wants to join."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "138 0013 8000"}]})

    phone: Phone
    name: Name | None = None
    birthday: Day | None = None
    locale: Locale = "zh-CN"


class EnrolRequest(AtTill):
    """Somebody who wants to join."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "mini_program",
                    "phone": "13800138000",
                    "name": "王小明",
                    "birthday": "1990-05-20",
                    "locale": "zh-CN",
                    "home_mall": "riverside",
                }
            ]
        }
    )

    channel: Channel
    home_mall: Code | None = Field(None, description="a mall's code")
    enrolled_at: Instant | None = Field(None, description="for channel import only; else now")


class EnrolAnswer(BaseModel):
    """The member of this phone; `is_new` when this request made them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENROLLED]})

    member_id: UUID
    member_number: str
    enrolled_at: datetime
    tier: str
    is_new: bool


class BatchRequest(Strict):
    """Up to 1,000 people. Each item is checked by itself, as in POST /v1/members."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "channel": "import",
                            "phone": "13800138000",
                            "enrolled_at": "2025-01-02T09:30:00+08:00",
                        }
                    ]
                }
            ]
        }
    )

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1_000)]


class BatchItem(BaseModel):
    """What became of one item: created, existing, or rejected with a code."""

    status: str = Field(examples=["created"])
    member: EnrolAnswer | None = None
    code: str | None = Field(None, examples=["phone_invalid"])
    detail: str | None = None
    errors: list[FieldProblem] | None = None


class BatchAnswer(BaseModel):
    """One result an item, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"status": "created", "member": _ENROLLED},
                        {"status": "rejected", "code": "phone_invalid", "detail": "No such phone."},
                    ]
                }
            ]
        }
    )

    items: list[BatchItem]


def _wanted(body: EnrolRequest) -> EnrolWanted:
    return EnrolWanted(
        body.phone,
        body.channel,
        body.locale,
        body.name,
        body.birthday,
        body.home_mall,
        body.enrolled_at,
    )


async def _enrol_one(
    request: Request, session: Tx, now: Now, program_id: UUID, wanted: EnrolWanted
) -> Enrolled:
    keys = keys_of(request, program_id)
    (answer,) = await enrol_members(session, now, program_id, keys, [wanted])
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _answered(enrolled: Enrolled, response: Response) -> EnrolAnswer:
    response.status_code = status.HTTP_201_CREATED if enrolled.is_new else status.HTTP_200_OK
    return _answer(enrolled)


def _answer(enrolled: Enrolled) -> EnrolAnswer:
    return EnrolAnswer(
        member_id=enrolled.member_id,
        member_number=enrolled.member_number,
        enrolled_at=enrolled.enrolled_at,
        tier=enrolled.tier,
        is_new=enrolled.is_new,
    )


@router.post(
    "",
    summary="Enrol a member",
    status_code=201,
    responses={200: {"model": EnrolAnswer, "description": "The phone is a member's already."}},
)
async def post_member(
    body: EnrolRequest,
    who: StaffOrService,
    request: Request,
    response: Response,
    session: Tx,
    now: Now,
) -> EnrolAnswer:
    """The same phone is the same member: 201 the first time, 200 after. Role: members or front_end.

    A known member stays as they are; nothing of the request changes them.
    """
    require_member_desk(who)
    enrolled = await _enrol_one(request, session, now, who.program_id, _wanted(body))
    return _answered(enrolled, response)


@router.post(
    "/enrol-at-till",
    summary="Enrol a member at a till",
    status_code=201,
    responses={200: {"model": EnrolAnswer, "description": "The phone is a member's already."}},
)
async def enrol_at_till(
    body: AtTill, till: CurrentTill, request: Request, response: Response, session: Tx, now: Now
) -> EnrolAnswer:
    """As POST /v1/members, signed by a till: channel pos, home mall the till's."""
    await require_registered(session, till, now)
    mall = await find_mall_code(session, till.program_id, till.shop_id)
    wanted = EnrolWanted(body.phone, "pos", body.locale, body.name, body.birthday, mall)
    return _answered(await _enrol_one(request, session, now, till.program_id, wanted), response)


@router.post("/batch", summary="Enrol many members", response_model_exclude_none=True)
async def post_batch(
    body: BatchRequest, who: StaffOrService, request: Request, session: Tx, now: Now
) -> BatchAnswer:
    """One result an item; a bad item does not spoil its neighbours. Role: members or front_end."""
    require_member_desk(who)
    read = [_read(item) for item in body.items]
    wanted = [item for item in read if isinstance(item, EnrolWanted)]
    keys = keys_of(request, who.program_id)
    answers = iter(await enrol_members(session, now, who.program_id, keys, wanted))
    return BatchAnswer(
        items=[_result(next(answers)) if isinstance(i, EnrolWanted) else i for i in read]
    )


def _read(item: dict[str, Any]) -> EnrolWanted | BatchItem:
    try:
        return _wanted(EnrolRequest.model_validate(item))
    except ValidationError as error:
        found = error.errors(include_input=False, include_context=False, include_url=False)
        problems = [FieldProblem(**p) for p in field_problems(found)]
        return BatchItem(status="rejected", code="validation_failed", errors=problems)


def _result(answer: Enrolled | DomainError) -> BatchItem:
    if isinstance(answer, DomainError):
        return BatchItem(status="rejected", code=answer.code, detail=answer.detail)
    return BatchItem(status="created" if answer.is_new else "existing", member=_answer(answer))

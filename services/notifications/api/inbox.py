"""A member's inbox: list, count, read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.api.pages import InboxCursor, Limit, read_cursor, write_cursor
from services.notifications.api.principals import MESSAGES
from services.notifications.domain.causes import CauseKind
from services.notifications.domain.errors import MemberUnknown, MessageUnknown
from services.notifications.queries.inbox import (
    count_unread,
    find_inbox_message,
    is_member_known,
    list_inbox,
)
from services.notifications.usecases.read_all_messages import read_all_messages
from services.notifications.usecases.read_message import read_message
from shared.auth import Member, Staff, require_role
from shared.http.depends import CurrentMember, MemberOrStaff, Now, Tx

router = APIRouter(prefix="/v1/members/{member_id}/messages", tags=["inbox"])

MEMBER_EXAMPLE = "0199f3a2-c1d0-7b7e-8d3c-0a1b2c3d4e5f"
MESSAGE_EXAMPLE: dict[str, Any] = {
    "message_id": "0199f3a2-d000-7c11-9a2b-3c4d5e6f7a8b",
    "cause": "reward_points",
    "title": "1,200 points for you",
    "body": "Spring in the mall gave you 1,200 points on 10 March 2026. You spent 900.00 today.",
    "locale": "en",
    "occurred_at": "2026-03-10T11:58:00Z",
    "sent_at": "2026-03-10T12:00:00Z",
    "read_at": None,
}
MemberId = Annotated[UUID, Path(description="the member", examples=[MEMBER_EXAMPLE])]
MessageId = Annotated[
    UUID, Path(description="the message", examples=[MESSAGE_EXAMPLE["message_id"]])
]


class InboxMessage(BaseModel):
    """What the member was told, in the words and the language of the day it was sent."""

    model_config = ConfigDict(json_schema_extra={"example": MESSAGE_EXAMPLE})

    message_id: UUID
    cause: CauseKind
    title: str
    body: str
    locale: str
    occurred_at: datetime = Field(description="when the cause happened; imports lie in the past")
    sent_at: datetime
    read_at: datetime | None


class InboxPage(BaseModel):
    """Newest first. `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"messages": [MESSAGE_EXAMPLE], "next_cursor": None}}
    )

    messages: list[InboxMessage]
    next_cursor: str | None


class UnreadCount(BaseModel):
    """How many messages of the inbox have not been read."""

    model_config = ConfigDict(json_schema_extra={"example": {"unread": 3}})

    unread: int


class ReadResult(BaseModel):
    """How many messages became read by this call."""

    model_config = ConfigDict(json_schema_extra={"example": {"read": 3}})

    read: int


@router.get("", summary="List the inbox")
async def get_inbox(
    member_id: MemberId,
    who: MemberOrStaff,
    session: Tx,
    cursor: InboxCursor = None,
    limit: Limit = 20,
    unread: Annotated[bool, Query(description="only those not read", examples=[True])] = False,
) -> InboxPage:
    """The member's messages, newest first. For the member, or staff with role `messages`."""
    await _admit(session, who, member_id)
    rows = await list_inbox(
        session,
        who.program_id,
        member_id,
        unread_only=unread,
        after=read_cursor(cursor),
        count_max=limit + 1,
    )
    messages = [InboxMessage.model_validate(row) for row in rows[:limit]]
    has_more = len(rows) > limit
    last = messages[-1] if has_more else None
    return InboxPage(
        messages=messages,
        next_cursor=write_cursor(last.sent_at, last.message_id) if last else None,
    )


@router.get("/unread-count", summary="Count unread messages")
async def get_unread_count(member_id: MemberId, who: MemberOrStaff, session: Tx) -> UnreadCount:
    """The number for the badge. For the member, or staff with role `messages`."""
    await _admit(session, who, member_id)
    return UnreadCount(unread=await count_unread(session, who.program_id, member_id))


@router.post("/read-all", summary="Mark all messages read")
async def post_read_all(
    member_id: MemberId, who: CurrentMember, session: Tx, now: Now
) -> ReadResult:
    """Marks every message that is visible now. Safe to repeat: the second time reads none."""
    await _admit(session, who, member_id)
    return ReadResult(read=await read_all_messages(session, now, who.program_id, member_id))


@router.post("/{message_id}/read", summary="Mark a message read")
async def post_read(
    member_id: MemberId, message_id: MessageId, who: CurrentMember, session: Tx, now: Now
) -> InboxMessage:
    """Safe to repeat: `read_at` stays that of the first time."""
    await _admit(session, who, member_id)
    await read_message(session, now, who.program_id, member_id, message_id)
    row: Any = await find_inbox_message(session, who.program_id, member_id, message_id)
    if row is None:
        raise MessageUnknown("No message of this inbox has this id.")
    return InboxMessage.model_validate(row)


async def _admit(session: AsyncSession, who: Member | Staff, member_id: UUID) -> None:
    """A member has one inbox, empty until news arrives; staff may look into any member's."""
    if isinstance(who, Staff):
        require_role(who, MESSAGES)
        if await is_member_known(session, who.program_id, member_id):
            return
    elif who.member_id == member_id:
        return
    raise MemberUnknown("No member has this id.")

"""Why a message went out or did not: the audit view for staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from services.notifications.api.pages import Limit
from services.notifications.api.principals import MESSAGES
from services.notifications.domain.causes import CauseKind
from services.notifications.domain.errors import MessageUnknown
from services.notifications.domain.gate import Outcome
from services.notifications.domain.messages import Channel, State
from services.notifications.queries.audit import find_message, list_messages
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Tx

router = APIRouter(prefix="/v1/messages", tags=["messages"])

EXAMPLE: dict[str, Any] = {
    "message_id": "0199f3a2-d000-7c11-9a2b-3c4d5e6f7a8b",
    "member_id": "0199f3a2-c1d0-7b7e-8d3c-0a1b2c3d4e5f",
    "cause": {
        "kind": "tier_up",
        "id": "gold:114",
        "step": 1,
        "occurred_at": "2026-03-10T11:58:00Z",
        "facts": {"tier": "gold", "from_tier": "silver"},
    },
    "channel": "inbox",
    "state": "sent",
    "reason": None,
    "template": {"locale": "en", "version": 0},
    "verdicts": [
        {"check": "member_known", "outcome": "pass", "reason": None, "until": None},
        {"check": "not_sent", "outcome": "pass", "reason": None, "until": None},
        {"check": "fresh", "outcome": "pass", "reason": None, "until": None},
        {"check": "wordable", "outcome": "pass", "reason": None, "until": None},
    ],
    "title": "You are now Gold",
    "body": "On 10 March 2026 you rose from Silver to Gold. Your new benefits are ready.",
    "attempts": 1,
    "created_at": "2026-03-10T11:59:59Z",
    "planned_at": "2026-03-10T11:59:59Z",
    "due_at": "2026-03-10T11:59:59Z",
    "sent_at": "2026-03-10T12:00:00Z",
    "read_at": None,
    "correlation_id": "0199f3a2c1d07b7e",
}


class CauseView(BaseModel):
    """What happened. `(member, kind, id, step)` is told once for ever, through each channel."""

    kind: CauseKind
    id: str
    step: int
    occurred_at: datetime
    facts: dict[str, Any]


class TemplateRef(BaseModel):
    """Which words: version 0 is the house's own."""

    locale: str
    version: int


class VerdictView(BaseModel):
    """What one check of the gate said the last time it was asked."""

    check: str
    outcome: Outcome
    reason: str | None
    until: datetime | None


class MessageView(BaseModel):
    """A message with the whole answer to "why was it sent, or not".

    `reason` says why it is deferred, suppressed or failed. `template` is null while the member,
    and so the language, is not known. `attempts` counts how often it came before the gate.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    message_id: UUID
    member_id: UUID
    cause: CauseView
    channel: Channel
    state: State
    reason: str | None
    template: TemplateRef | None
    verdicts: list[VerdictView]
    title: str | None
    body: str | None
    attempts: int
    created_at: datetime
    planned_at: datetime | None
    due_at: datetime
    sent_at: datetime | None
    read_at: datetime | None
    correlation_id: str


class MessagePage(BaseModel):
    """Newest planned first. `next_cursor` is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"messages": [EXAMPLE], "next_cursor": None}}
    )

    messages: list[MessageView]
    next_cursor: UUID | None


@router.get("", summary="List a member's messages in any state")
async def get_messages(
    staff: CurrentStaff,
    session: Tx,
    member_id: Annotated[UUID, Query(examples=[EXAMPLE["member_id"]])],
    state: Annotated[State | None, Query(description="only in this state")] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Limit = 20,
) -> MessagePage:
    """Through every channel, those that wait or were suppressed too. Role: messages."""
    require_role(staff, MESSAGES)
    rows = await list_messages(
        session,
        staff.program_id,
        member_id=member_id,
        state=state.value if state else None,
        after=cursor,
        count_max=limit + 1,
    )
    messages = [_view(row) for row in rows[:limit]]
    return MessagePage(
        messages=messages, next_cursor=messages[-1].message_id if len(rows) > limit else None
    )


@router.get("/{message_id}", summary="Explain a message")
async def get_message(
    message_id: Annotated[UUID, Path(examples=[EXAMPLE["message_id"]])],
    staff: CurrentStaff,
    session: Tx,
) -> MessageView:
    """Its cause, its template's version, the gate's verdicts and what became of it.

    Role: messages.
    """
    require_role(staff, MESSAGES)
    row = await find_message(session, staff.program_id, message_id)
    if row is None:
        raise MessageUnknown("No message has this id.")
    return _view(row)


def _view(row: Mapping[str, Any]) -> MessageView:
    template = (
        TemplateRef(locale=row["locale"], version=row["template_version"])
        if row["locale"] is not None
        else None
    )
    cause = CauseView(
        kind=row["cause_kind"],
        id=row["cause_id"],
        step=row["step"],
        occurred_at=row["occurred_at"],
        facts=row["facts"],
    )
    return MessageView.model_validate({**row, "cause": cause, "template": template})

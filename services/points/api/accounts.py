"""Balances, statements, receipts and explanations, for the member and for staff."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.points.api.principals import check_may_read
from services.points.domain.errors import MemberUnknown, PostingUnknown
from services.points.domain.sentences import sentences_of
from services.points.queries.accounts import (
    find_balance,
    find_posting,
    list_postings,
    list_receipts,
)
from shared.db import driver
from shared.http.depends import MemberOrStaff, Tx, reads_of

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Accounts"])
PageSize = Annotated[int, Query(ge=1, le=200)]
Version = Annotated[int, Path(ge=1, le=2**62)]


class BalanceOut(BaseModel):
    """Points now. `balance` is negative when claw-backs left a debt, told in `debt` too."""

    member_id: UUID
    balance: int = Field(examples=[199])
    debt: int = Field(examples=[0])
    version: int = Field(examples=[1], description="number of postings so far")


class PostingRow(BaseModel):
    """One movement of points."""

    version: int
    points: int
    balance_after: int
    kind: str = Field(examples=["earn"])
    purchased_at: datetime | None
    recorded_at: datetime


class StatementPage(BaseModel):
    """Newest first. Pass `next_before` as `before` for the older ones; null on the last page."""

    postings: list[PostingRow]
    next_before: int | None


class LotTaken(BaseModel):
    """What a posting took from a lot."""

    lot_version: int
    points: int


class PostingExplained(PostingRow):
    """A posting with its source, its rule's version and inputs, and sentences for people."""

    counter_account: str
    source_kind: str
    source_id: UUID
    reason: dict[str, Any]
    sentences: dict[str, str]
    lot_remaining: int | None
    expires_at: datetime | None
    mall_id: UUID | None
    shop_id: UUID | None
    campaign_id: UUID | None
    takes: list[LotTaken]


class ReceiptRow(BaseModel):
    """A receipt of the member. `earned` and `clawed` are a sale's points now."""

    transaction_id: UUID
    kind: str
    status: str
    shop_id: UUID
    mall_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    purchased_at: datetime
    recorded_at: datetime
    total_minor: int
    points: int
    earned: int
    clawed: int


class ReceiptPage(BaseModel):
    """The latest first. Pass `next_before` as `before` for more; null on the last page."""

    receipts: list[ReceiptRow]
    next_before: UUID | None


@router.get("/points", summary="Balance", response_model=BalanceOut)
async def read_balance(member_id: UUID, who: MemberOrStaff, request: Request) -> Response:
    """The balance right now: what every 201 of a till so far has posted."""
    check_may_read(who, member_id)
    found = await find_balance(reads_of(request), who.program_id, member_id)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    balance, version = found
    # The hottest read: its four fields are written by hand, checked against the model by a test.
    return Response(
        f'{{"member_id":"{member_id}","balance":{balance},'
        f'"debt":{max(0, -balance)},"version":{version}}}',
        media_type="application/json",
    )


@router.get("/postings", summary="Statement")
async def read_statement(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: PageSize = 50,
) -> StatementPage:
    """Every movement of the member's points, in pages."""
    check_may_read(who, member_id)
    if await find_balance(await driver(session), who.program_id, member_id) is None:
        raise MemberUnknown("No such member in this programme.")
    rows = await list_postings(session, who.program_id, member_id, before, limit)
    postings = [PostingRow(**row) for row in rows]
    is_full = len(postings) == limit and postings[-1].version > 1
    return StatementPage(postings=postings, next_before=postings[-1].version if is_full else None)


@router.get("/postings/{version}", summary="One posting explained")
async def explain_posting(
    member_id: UUID, version: Version, who: MemberOrStaff, session: Tx
) -> PostingExplained:
    """Why these points moved: rule, version, inputs, lots, and a sentence in two languages."""
    check_may_read(who, member_id)
    found = await find_posting(session, who.program_id, member_id, version)
    if found is None:
        raise PostingUnknown("No such posting for this member.")
    return PostingExplained(**found, sentences=sentences_of(found["points"], found["reason"]))


@router.get("/receipts", summary="Receipts")
async def read_receipts(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> ReceiptPage:
    """The member's sales and refunds."""
    check_may_read(who, member_id)
    if await find_balance(await driver(session), who.program_id, member_id) is None:
        raise MemberUnknown("No such member in this programme.")
    rows = await list_receipts(session, who.program_id, member_id, before, limit)
    receipts = [ReceiptRow(**row) for row in rows]
    is_full = len(receipts) == limit
    return ReceiptPage(
        receipts=receipts, next_before=receipts[-1].transaction_id if is_full else None
    )

"""Balances, statements, receipts and explanations, for the member and for staff."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.points.api.instants import AsOf
from services.points.api.paging import next_before
from services.points.api.principals import check_may_read
from services.points.domain.ledger.errors import MemberUnknown, PostingUnknown
from services.points.domain.ledger.sentences import sentences_of
from services.points.queries.expiry.pending import find_pending_at, find_points
from services.points.queries.ledger.accounts import (
    find_balance,
    find_posting,
    list_postings,
    list_receipts,
)
from services.points.queries.ledger.as_of import find_balance_at, instant_of
from shared.db import Driver, Statements, driver
from shared.http.depends import MemberOrStaff, Tx, reads_of

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Accounts"])
PageSize = Annotated[int, Query(ge=1, le=200)]
Version = Annotated[int, Path(ge=1, le=2**62, examples=[1])]
_RECEIPT_ID = "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"
_MALL_ID = "0199f3a2-c1d0-7b7e-8000-000000000002"
_SHOP_ID = "0199f3a2-c1d0-7b7e-8000-000000000003"
_REASON: dict[str, Any] = {
    "rule": "earning_policy",
    "policy_version": 1,
    "tier": "gold",
    "multiplier_milli": 1500,
    "weight": 19900,
    "denominator": 100,
    "rounding": "floor",
}


class ActivationRow(BaseModel):
    """Points that wait; without `activates_at` for an event or for staff."""

    activates_at: datetime | None = Field(examples=["2026-03-16T16:00:00Z", None])
    points: int = Field(examples=[20])


class BalanceOut(BaseModel):
    """Points now. `balance` is negative when claw-backs left a debt, told in `debt` too. `pending`
    points are in the balance and cannot be spent yet; `activations` says from when on."""

    member_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    balance: int = Field(examples=[199])
    debt: int = Field(examples=[0])
    version: int = Field(examples=[1], description="number of postings so far")
    pending: int = Field(examples=[20])
    activations: list[ActivationRow]


class PostingRow(BaseModel):
    """One movement of points."""

    version: int = Field(examples=[1])
    points: int = Field(examples=[298])
    balance_after: int = Field(examples=[298])
    kind: str = Field(examples=["earn"])
    purchased_at: datetime | None = Field(examples=["2026-03-10T11:30:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])


class StatementPage(BaseModel):
    """Newest first. Pass `next_before` as `before` for the older ones; null on the last page."""

    postings: list[PostingRow]
    next_before: int | None = Field(examples=[None, 151])


class LotTaken(BaseModel):
    """What a posting took from a lot."""

    lot_version: int = Field(examples=[1])
    points: int = Field(examples=[100])


class PostingExplained(PostingRow):
    """A posting with its source, its rule's version and inputs, and sentences for people."""

    counter_account: str = Field(examples=["issuance"])
    source_kind: str = Field(examples=["sale"])
    source_id: UUID = Field(examples=[_RECEIPT_ID])
    reason: dict[str, Any] = Field(examples=[_REASON])
    sentences: dict[str, str] = Field(examples=[sentences_of(298, _REASON)])
    lot_remaining: int | None = Field(examples=[298])
    expires_at: datetime | None = Field(examples=[None, "2028-03-10T16:00:00Z"])
    mall_id: UUID | None = Field(examples=[_MALL_ID])
    shop_id: UUID | None = Field(examples=[_SHOP_ID])
    campaign_id: UUID | None = Field(examples=[None], description="of a campaign's reward")
    takes: list[LotTaken]


class ReceiptRow(BaseModel):
    """A receipt of the member. `earned` and `clawed` are a sale's points now."""

    transaction_id: UUID = Field(examples=[_RECEIPT_ID])
    kind: str = Field(examples=["sale"])
    status: str = Field(examples=["posted"])
    shop_id: UUID = Field(examples=[_SHOP_ID])
    mall_id: UUID = Field(examples=[_MALL_ID])
    till_id: str = Field(examples=["T1"])
    receipt_number: str = Field(examples=["R-10001"])
    business_date: date = Field(examples=["2026-03-10"])
    purchased_at: datetime = Field(examples=["2026-03-10T11:30:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])
    total_minor: int = Field(examples=[19900])
    points: int = Field(examples=[298])
    earned: int = Field(examples=[298])
    clawed: int = Field(examples=[0])
    trimmed: int = Field(examples=[0], description="points that caps or the cooldown took")
    notes: list[dict[str, Any]] | None = Field(examples=[None], description="why not all counted")


class ReceiptPage(BaseModel):
    """The latest first. Pass `next_before` as `before` for more; null on the last page."""

    receipts: list[ReceiptRow]
    next_before: UUID | None = Field(examples=[None, _RECEIPT_ID])


@router.get("/points", summary="Balance", response_model=BalanceOut)
async def read_balance(
    member_id: UUID, who: MemberOrStaff, request: Request, as_of: AsOf = None
) -> Response:
    """The balance right now: what every 201 of a till so far has posted. Or as it once was."""
    check_may_read(who, member_id)
    found = await _points(reads_of(request), who.program_id, member_id, as_of)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    balance, version, pending, activations = found
    # The hottest read: its few fields are written by hand, checked against the model by a test.
    return Response(
        f'{{"member_id":"{member_id}","balance":{balance},'
        f'"debt":{max(0, -balance)},"version":{version},'
        f'"pending":{pending},"activations":{activations}}}',
        media_type="application/json",
    )


async def _points(
    reads: Statements, program_id: UUID, member_id: UUID, as_of: date | datetime | None
) -> tuple[int, int, int, str] | None:
    if as_of is None:
        return await find_points(reads, program_id, member_id)
    instant = await instant_of(reads, program_id, as_of)
    found = await find_balance_at(reads, program_id, member_id, instant)
    if found is None:
        return None
    return *found, *await find_pending_at(reads, program_id, member_id, found[1], instant)


async def _balance(
    reads: Statements | Driver, program_id: UUID, member_id: UUID, as_of: date | datetime | None
) -> tuple[int, int] | None:
    if as_of is None:
        return await find_balance(reads, program_id, member_id)
    instant = await instant_of(reads, program_id, as_of)
    return await find_balance_at(reads, program_id, member_id, instant)


@router.get("/postings", summary="Statement")
async def read_statement(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: PageSize = 50,
    as_of: AsOf = None,
) -> StatementPage:
    """Every movement of the member's points, in pages; or those that were there once."""
    check_may_read(who, member_id)
    found = await _balance(await driver(session), who.program_id, member_id, as_of)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    if as_of is not None:
        before = min(before or 2**62, found[1] + 1)
    return statement_page(
        await list_postings(session, who.program_id, member_id, before, limit), limit
    )


def statement_page(rows: Sequence[Mapping[str, Any]], limit: int) -> StatementPage:
    """A page of postings. Each account's first is its version 1: nothing comes before."""
    postings = [PostingRow(**row) for row in rows]
    before = next_before(postings, limit, lambda posting: posting.version)
    return StatementPage(postings=postings, next_before=None if before == 1 else before)


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
    before = next_before(receipts, limit, lambda receipt: receipt.transaction_id)
    return ReceiptPage(receipts=receipts, next_before=before)

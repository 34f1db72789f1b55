"""Balances, statements, receipts and explanations, for the member and for staff."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.points.api.instants import AsOf
from services.points.api.ledger.statements import (
    MALL_ID,
    RECEIPT_ID,
    SHOP_ID,
    LotChangePage,
    PostingExplained,
    StatementPage,
    Version,
    explain,
    lot_changes_page,
    statement_page,
)
from services.points.api.paging import PageSize, next_before
from services.points.api.principals import check_may_read
from services.points.domain.ledger.errors import MemberUnknown
from services.points.queries.expiry.pending import find_pending_at, find_points
from services.points.queries.ledger.accounts import (
    find_balance,
    list_postings,
    list_receipts,
)
from services.points.queries.ledger.as_of import find_balance_at, instant_of
from shared.db import Driver, Statements, driver
from shared.http.depends import MemberOrStaff, Now, Tx, reads_of, runtime_of

router = APIRouter(prefix="/v1/members/{member_id}", tags=["Accounts"])


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


class ReceiptRow(BaseModel):
    """A receipt of the member. `earned` and `clawed` are a sale's points now."""

    transaction_id: UUID = Field(examples=[RECEIPT_ID])
    kind: str = Field(examples=["sale"])
    status: str = Field(examples=["posted"])
    shop_id: UUID = Field(examples=[SHOP_ID])
    mall_id: UUID = Field(examples=[MALL_ID])
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
    notes: list[dict[str, Any]] | None = Field(examples=[None], description="what the till heard")


class ReceiptPage(BaseModel):
    """The latest first. Pass `next_before` as `before` for more; null on the last page."""

    receipts: list[ReceiptRow]
    next_before: UUID | None = Field(examples=[None, RECEIPT_ID])


@router.get("/points", summary="Balance", response_model=BalanceOut)
async def read_balance(
    member_id: UUID, who: MemberOrStaff, request: Request, as_of: AsOf = None
) -> Response:
    """The balance right now: what every 201 of a till so far has posted. Or as it once was."""
    check_may_read(who, member_id)
    found = await _points(request, who.program_id, member_id, as_of)
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
    request: Request, program_id: UUID, member_id: UUID, as_of: date | datetime | None
) -> tuple[int, int, int, str] | None:
    reads = reads_of(request)
    if as_of is None:
        return await find_points(reads, program_id, member_id)
    instant = await instant_of(reads, program_id, as_of, runtime_of(request).clock())
    found = await find_balance_at(reads, program_id, member_id, instant)
    if found is None:
        return None
    return *found, *await find_pending_at(reads, program_id, member_id, found[1], instant)


async def _balance(
    reads: Statements | Driver,
    program_id: UUID,
    member_id: UUID,
    as_of: date | datetime | None,
    now: datetime,
) -> tuple[int, int] | None:
    if as_of is None:
        return await find_balance(reads, program_id, member_id)
    instant = await instant_of(reads, program_id, as_of, now)
    return await find_balance_at(reads, program_id, member_id, instant)


@router.get("/postings", summary="Statement")
async def read_statement(
    member_id: UUID,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: PageSize = 50,
    as_of: AsOf = None,
) -> StatementPage:
    """Every movement of the member's points, in pages; or those that were there once."""
    check_may_read(who, member_id)
    found = await _balance(await driver(session), who.program_id, member_id, as_of, now)
    if found is None:
        raise MemberUnknown("No such member in this programme.")
    if as_of is not None:
        before = min(before or 2**62, found[1] + 1)
    return statement_page(
        await list_postings(session, who.program_id, member_id, before, limit), limit
    )


@router.get("/postings/{version}", summary="One posting explained")
async def explain_posting(
    member_id: UUID, version: Version, who: MemberOrStaff, session: Tx
) -> PostingExplained:
    """Why these points moved: rule, version, inputs, lots, and a sentence in two languages."""
    check_may_read(who, member_id)
    return await explain(session, who.program_id, member_id, version)


@router.get("/postings/{version}/lot-changes", summary="What became of a posting's lot")
async def read_lot_changes(
    member_id: UUID,
    version: Version,
    who: MemberOrStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> LotChangePage:
    """Other ends, points that became good, freezes and thaws of the points that this posting gave
    to `member_id`, in pages. Staff see by whom and why."""
    check_may_read(who, member_id)
    return await lot_changes_page(session, who, member_id, version, before, limit)


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

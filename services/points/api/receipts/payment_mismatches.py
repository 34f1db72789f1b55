"""Receipts that say otherwise than the books what points paid of them: staff see to them."""

from collections.abc import Mapping
from datetime import date, datetime
from json import loads
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.api.paging import PageSize, next_before
from services.points.api.principals import CASES, check_place
from services.points.domain.accounting.liability import check_days
from services.points.domain.receipts.errors import PaymentMismatchUnknown
from services.points.domain.receipts.points_payments import Mismatch, notes_with
from services.points.queries.receipts.payment_mismatches import (
    OPEN,
    SETTLED,
    MismatchFilter,
    find_payment_mismatch,
    list_payment_mismatches,
)
from services.points.usecases.receipts.settle_payment_mismatch import (
    Settlement,
    settle_payment_mismatch,
)
from shared.auth import require_role
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import Name, Strict

router = APIRouter(prefix="/v1/payment-mismatches", tags=["Redemptions"])
Day = Annotated[date | None, Query(ge=date(1990, 1, 1), lt=date(2200, 1, 1))]
_RECEIPT_ID = "5f0c1b9e-6d2a-5b7f-9d7e-3a1c4e5f6a7b"


class SettlementIn(Strict):
    """What was done about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Seen with the shop"}]})

    note: Name


class PaymentOut(BaseModel):
    """Points that paid, and how many of them came back so far."""

    redemption_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-0000000000d1"])
    points: int = Field(examples=[400])
    amount_minor: int | None = Field(examples=[400])
    returned: int = Field(examples=[0])


class PaymentMismatchOut(BaseModel):
    """A receipt that differs from what points paid of it when it was recorded, as its till was
    told by `codes`. By the books points paid `redeemed_minor`, by the receipt `tendered_minor`;
    `claimed_minor` is a total that a payment was made for, null when it was the receipt's own."""

    transaction_id: UUID = Field(examples=[_RECEIPT_ID])
    status: Literal["open", "settled"] = Field(examples=["open"])
    codes: list[str] = Field(examples=[["points_tender_differs"]])
    redeemed_minor: int = Field(examples=[400])
    tendered_minor: int = Field(examples=[500])
    claimed_minor: int | None = Field(examples=[None])
    total_minor: int = Field(examples=[19900])
    currency: str = Field(examples=["CNY"])
    payments: list[PaymentOut]
    member_id: UUID | None = Field(examples=["0199f3a2-c1d0-7b7e-8000-00000000000a"])
    mall_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-000000000002"])
    shop_id: UUID = Field(examples=["0199f3a2-c1d0-7b7e-8000-000000000003"])
    till_id: str = Field(examples=["T1"])
    cashier_id: str | None = Field(examples=["C7"])
    receipt_number: str = Field(examples=["R-10001"])
    business_date: date = Field(examples=["2026-03-10"])
    purchased_at: datetime = Field(examples=["2026-03-10T11:30:00Z"])
    recorded_at: datetime = Field(examples=["2026-03-10T11:30:01Z"])
    settled_by: str | None = Field(examples=[None])
    settled_at: datetime | None = Field(examples=[None])
    note: str | None = Field(examples=[None])


class PaymentMismatchPage(BaseModel):
    """The newest first. Pass `next_before` as `before` for more; null on the last page."""

    mismatches: list[PaymentMismatchOut]
    next_before: UUID | None = Field(examples=[None, _RECEIPT_ID])


def _out(row: Mapping[str, Any]) -> PaymentMismatchOut:
    found = Mismatch(row["redeemed_minor"], row["tendered_minor"], row["claimed_minor"])
    told = loads(notes_with(None, found, row["total_minor"]))
    return PaymentMismatchOut(
        **row,
        status=OPEN if row["settled_at"] is None else SETTLED,
        codes=[note["code"] for note in told],
    )


async def _get(session: AsyncSession, program_id: UUID, transaction_id: UUID) -> dict[str, Any]:
    row = await find_payment_mismatch(session, program_id, transaction_id)
    if row is None:
        raise PaymentMismatchUnknown("No such receipt that differs from what points paid.")
    return row


@router.get("", summary="Receipts that differ from what points paid")
async def read_payment_mismatches(
    staff: CurrentStaff,
    session: Tx,
    status: Literal["open", "settled"] | None = None,
    mall_id: UUID | None = None,
    first_day: Day = None,
    last_day: Day = None,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> PaymentMismatchPage:
    """Open ones, settled ones, or all: of the malls and shops that the caller may touch, of
    `mall_id`, of business dates from `first_day` to `last_day`. Role: points.cases."""
    require_role(staff, CASES)
    check_days(first_day, last_day)
    older_than = None
    if before is not None:
        last = await _get(session, staff.program_id, before)
        older_than = last["recorded_at"], before
    places = staff.mall_ids, staff.shop_ids
    wanted = MismatchFilter(status, mall_id, first_day, last_day, *places)
    rows = await list_payment_mismatches(session, staff.program_id, wanted, older_than, limit)
    return PaymentMismatchPage(
        mismatches=[_out(row) for row in rows],
        next_before=next_before(rows, limit, lambda row: row["transaction_id"]),
    )


@router.post("/{transaction_id}/settlement", summary="Say what was done about it")
async def settle(
    transaction_id: UUID, body: SettlementIn, staff: CurrentStaff, session: Tx, now: Now
) -> PaymentMismatchOut:
    """Takes the receipt `transaction_id` off the list of the open ones; no points move. What was
    settled before stays as it is. Role: points.cases, for the receipt's shop or mall."""
    require_role(staff, CASES)
    row = await _get(session, staff.program_id, transaction_id)
    check_place(staff, row["mall_id"], row["shop_id"])
    settlement = Settlement(transaction_id, body.note, staff.subject)
    await settle_payment_mismatch(session, now, staff.program_id, settlement)
    return _out(await _get(session, staff.program_id, transaction_id))

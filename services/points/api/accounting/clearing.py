"""What malls owe each other because points of one were burned at another."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.paging import PageSize
from services.points.api.principals import require_finance
from services.points.domain.accounting.clearing import Due, positions
from services.points.domain.accounting.errors import ClearingStatementUnknown, PageStartIncomplete
from services.points.domain.accounting.liability import programme_day
from services.points.domain.wallets.wallets import POINTS
from services.points.queries.accounting.clearing import (
    find_statement,
    list_prices,
    list_statements,
    report_clearing,
)
from services.points.storage.accounting.clearing import Price
from services.points.storage.accounting.liability import find_program_zone
from services.points.usecases.accounting.net_clearing import net_clearing
from services.points.usecases.accounting.set_clearing_price import set_clearing_price
from shared.http.depends import CurrentStaff, Now, Tx
from shared.http.fields import (
    ISO_TEXT,
    LAX,
    Code,
    CurrencyCode,
    Strict,
    day_within,
    instant_within,
)
from shared.ids import new_id

router = APIRouter(prefix="/v1/clearing", tags=["Books"])
Instant = Annotated[datetime, ISO_TEXT, instant_within(1990, 2199), LAX]
DayAsked = Annotated[date | None, Query(ge=date(1990, 1, 1), lt=date(2200, 1, 1))]
_PRICE: dict[str, Any] = {
    "wallet": "points",
    "effective_from": "2026-01-01T00:00:00Z",
    "amount_minor": 1,
    "per_points": 2,
    "currency": "CNY",
}
# Statements of before each wallet had a price of its own are told as they were: without `wallet`.
NettedWallet = Annotated[
    str | None, Field(exclude_if=lambda wallet: wallet is None, examples=["points"])
]
_A, _B = "0199f3a2-c1d0-7b7e-8000-000000000002", "0199f3a2-c1d0-7b7e-8000-000000000004"
_ID = "0199f3a2-c1d0-7b7e-8000-0000000000c1"


class PriceIn(Strict):
    """What a point, or a unit of another `wallet`, is worth between malls from an instant on:
    `amount_minor` for `per_points`; 0 where malls do not pay for it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PRICE]})

    wallet: Code = POINTS
    effective_from: Instant
    amount_minor: int = Field(ge=0, le=10**9)
    per_points: int = Field(ge=1, le=10**6)
    currency: CurrencyCode


class PriceOut(BaseModel):
    """A price as stated."""

    wallet: str = Field(examples=["points"])
    effective_from: datetime = Field(examples=["2026-01-01T00:00:00Z"])
    amount_minor: int = Field(examples=[1])
    per_points: int = Field(examples=[2])
    currency: str = Field(examples=["CNY"])
    recorded_by: str = Field(examples=["admin"])


class DueOut(BaseModel):
    """`debtor` pays `creditor` for units of `wallet`; a mall that is null is the programme itself.
    Statements of before wallets had prices netted them all as points, and have no `wallet`."""

    wallet: NettedWallet
    debtor_mall_id: UUID | None = Field(examples=[_A])
    creditor_mall_id: UUID | None = Field(examples=[_B])
    currency: str = Field(examples=["CNY"])
    points: int = Field(examples=[301])
    amount_minor: int = Field(examples=[151])


class PositionOut(BaseModel):
    """What a mall gets for units of `wallet` over all, negative when it pays. Those of a wallet and
    currency sum to zero."""

    wallet: NettedWallet
    mall_id: UUID | None = Field(examples=[_B])
    currency: str = Field(examples=["CNY"])
    points: int = Field(examples=[301])
    amount_minor: int = Field(examples=[151])


class ClearingOut(BaseModel):
    """Dues between pairs of malls by wallet, and what that is for each mall."""

    dues: list[DueOut]
    positions: list[PositionOut]


class StatementIn(Strict):
    """The period's last day; it begins where the one before it ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"last_day": "2026-01-31"}]})

    last_day: Annotated[date, ISO_TEXT, day_within(1990, 2199), LAX]


class StatementHead(BaseModel):
    """A period that was netted."""

    statement_id: UUID = Field(examples=[_ID])
    ends_at: datetime = Field(examples=["2026-01-31T16:00:00Z"])
    entries: int = Field(examples=[1])
    made_at: datetime = Field(examples=["2026-02-01T02:00:00Z"])
    made_by: str = Field(examples=["finance"])


class StatementOut(StatementHead, ClearingOut):
    """A statement with its dues, which never change."""


@router.post("/prices", summary="State the price of a wallet", status_code=201)
async def add_price(body: PriceIn, staff: CurrentStaff, session: Tx, now: Now) -> PriceOut:
    """Of a point, or of a unit of another wallet of the programme, from an instant that no
    statement has netted yet; prices are never replaced. Role: points.finance."""
    require_finance(staff)
    price = Price(**body.model_dump())
    await set_clearing_price(session, now, staff.program_id, price, staff.subject)
    return PriceOut(**price._asdict(), recorded_by=staff.subject)


@router.get("/prices", summary="Prices of wallets")
async def read_prices(
    staff: CurrentStaff,
    session: Tx,
    after: Annotated[Instant | None, Query(description="`effective_from` of the last one")] = None,
    after_wallet: Annotated[Code | None, Query(description="`wallet` of the last one")] = None,
    limit: PageSize = 200,
) -> list[PriceOut]:
    """The oldest first, of one instant by wallet; pass the last one's `effective_from` and `wallet`
    as `after` and `after_wallet`, both or neither, for more. Role: points.finance."""
    require_finance(staff)
    if (after is None) != (after_wallet is None):
        raise PageStartIncomplete("Pass both `after` and `after_wallet`, or neither.")
    rows = await list_prices(session, staff.program_id, after, after_wallet, limit)
    return [PriceOut(**row) for row in rows]


@router.get("", summary="Clearing of some days")
async def read_clearing(
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    first_day: DayAsked = None,
    last_day: DayAsked = None,
) -> ClearingOut:
    """What is due for these days of the programme, both included, netted or not: up to today, from
    the first of the last day's month on, unless told. Money is rounded once for each wallet and
    pair of malls, half away from zero. Role: points.finance."""
    require_finance(staff)
    dues = await report_clearing(session, staff.program_id, now, first_day, last_day)
    return ClearingOut(**_lists(dues))


@router.post(
    "/statements",
    summary="Net a period",
    status_code=201,
    responses={200: {"model": StatementOut, "description": "Netted before; same answer."}},
)
async def net_period(
    body: StatementIn, staff: CurrentStaff, session: Tx, now: Now, response: Response
) -> StatementOut:
    """Every entry until the end of that day that no statement had, each wallet by itself and at its
    own price. Role: points.finance."""
    require_finance(staff)
    is_new = await net_clearing(
        session, now, staff.program_id, new_id(), body.last_day, staff.subject
    )
    response.status_code = 201 if is_new else 200
    zone = await find_program_zone(session, staff.program_id)
    ends_at = programme_day(body.last_day, zone).ends_at
    return _statement(await find_statement(session, staff.program_id, ends_at=ends_at))


@router.get("/statements", summary="Netted periods")
async def read_statements(staff: CurrentStaff, session: Tx) -> list[StatementHead]:
    """The newest first, at most 200. Role: points.finance."""
    require_finance(staff)
    rows = await list_statements(session, staff.program_id)
    return [StatementHead(**row) for row in rows]


@router.get("/statements/{statement_id}", summary="A netted period")
async def read_statement(
    statement_id: Annotated[UUID, Path()], staff: CurrentStaff, session: Tx
) -> StatementOut:
    """With its dues. Role: points.finance."""
    require_finance(staff)
    return _statement(await find_statement(session, staff.program_id, statement_id=statement_id))


def _statement(found: dict[str, Any] | None) -> StatementOut:
    if found is None:
        raise ClearingStatementUnknown("No such statement.")
    return StatementOut(**{**found, **_lists(found["dues"])})


def _lists(dues: Iterable[Due]) -> dict[str, Any]:
    listed = list(dues)
    return {
        "dues": [
            DueOut(
                wallet=due.wallet,
                debtor_mall_id=due.debtor,
                creditor_mall_id=due.creditor,
                currency=due.currency,
                points=due.points,
                amount_minor=due.amount_minor,
            )
            for due in listed
        ],
        "positions": [PositionOut(**position._asdict()) for position in positions(listed)],
    }

"""Wallets beside the points: what staff state of each, what members have in them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.points.api.expiry.expiry_models import ExpiryIn
from services.points.api.instants import AsOf
from services.points.api.ledger.statements import (
    LotChangePage,
    PostingExplained,
    StatementPage,
    Version,
    explain,
    lot_changes_page,
    statement_page,
)
from services.points.api.paging import AfterVersion, PageSize
from services.points.api.principals import POLICY, READ, check_may_read, check_may_read_rules
from services.points.api.state import settings_of
from services.points.domain.expiry.expiry import read_expiry
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.wallets.wallets import POINTS, Wallet, account_id_of
from services.points.queries.ledger.accounts import list_postings
from services.points.queries.ledger.as_of import find_balance_at, instant_of
from services.points.queries.wallets.wallets import (
    list_balances,
    list_balances_at,
    list_wallet_types,
    list_wallet_versions,
)
from services.points.storage.wallets.wallets import get_wallet
from services.points.usecases.wallets.set_wallet import set_wallet
from shared.auth import require_whole
from shared.db import driver
from shared.http.depends import CurrentStaff, MemberOrStaff, Now, Tx
from shared.http.fields import Name

router = APIRouter(tags=["Wallets"])
WalletCode = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", examples=["stars"], description="its code")
]


_WALLET: dict[str, Any] = {
    "name": "Stars",
    "expiry": {"kind": "end_of_year"},
    "balance_max": 10000,
    "gift_points_a_day_max": 50,
    "may_transfer": True,
    "may_redeem": True,
}


class WalletIn(BaseModel):
    """What holds for credits from now on. `balance_max`: automatic credits are trimmed to it,
    credits by hand above it are refused. `gift_points_a_day_max`: what one member gives to others
    within 24 hours, null for no limit; where `may_transfer` is false, nobody gives anything."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [_WALLET]}
    )

    name: Name
    expiry: ExpiryIn
    balance_max: int | None = Field(default=None, ge=1, le=10**15)
    gift_points_a_day_max: int | None = Field(default=None, ge=1, le=10**15)
    may_transfer: bool = True
    may_redeem: bool = True


class WalletOut(BaseModel):
    """A kind of wallet. The points are built in: earning policies say how they end."""

    wallet: str = Field(examples=["stars"])
    name: str = Field(examples=["Stars"])
    expiry: dict[str, Any] | None = Field(examples=[{"kind": "end_of_year"}])
    balance_max: int | None = Field(examples=[10000])
    gift_points_a_day_max: int | None = Field(
        examples=[50], description="what one member gives within 24 hours; null: no limit"
    )
    may_transfer: bool = Field(examples=[True])
    may_redeem: bool = Field(examples=[True])


class WalletVersionOut(WalletOut):
    """What was stated of a wallet, by whom, and since when."""

    version: int = Field(examples=[1])
    effective_from: datetime = Field(examples=["2026-03-10T12:00:00Z"])
    recorded_by: str = Field(examples=["admin"])


class WalletBalance(BaseModel):
    """What a member has in one wallet."""

    wallet: str = Field(examples=["stars"])
    balance: int = Field(examples=[12])
    version: int = Field(examples=[3], description="number of postings so far")


@router.put(
    "/v1/wallets/{wallet}",
    summary="State a wallet",
    responses={201: {"model": WalletOut, "description": "It is new."}},
)
async def put_wallet(
    wallet: WalletCode,
    body: WalletIn,
    staff: CurrentStaff,
    session: Tx,
    now: Now,
    response: Response,
) -> WalletOut:
    """Lots keep the end that they have; later credits follow this. Role: points.policy."""
    require_whole(staff, POLICY)
    expiry = body.expiry.model_dump(mode="json", exclude_unset=True)
    stated = Wallet(
        wallet,
        body.name,
        read_expiry(expiry),
        body.balance_max,
        body.may_transfer,
        body.may_redeem,
        gift_points_a_day_max=body.gift_points_a_day_max,
    )
    is_new = await set_wallet(session, now, staff.program_id, stated, expiry, staff.subject)
    response.status_code = 201 if is_new else 200
    return WalletOut(wallet=wallet, **{**body.model_dump(), "expiry": expiry})


@router.get("/v1/wallets", summary="List wallets")
async def read_wallets(staff: CurrentStaff, session: Tx, request: Request) -> list[WalletOut]:
    """The built-in points first; what bounds their gifts bounds offers, too. Role: points.policy or
    points.read."""
    check_may_read_rules(staff, READ, POLICY)
    built_in = WalletOut(
        wallet=POINTS,
        name="Points",
        expiry=None,
        balance_max=None,
        gift_points_a_day_max=settings_of(request).transfer_points_a_day_max,
        may_transfer=True,
        may_redeem=True,
    )
    rows = await list_wallet_types(session, staff.program_id)
    return [built_in, *(WalletOut(**row) for row in rows)]


@router.get("/v1/wallets/{wallet}/versions", summary="Versions of a wallet")
async def read_wallet_versions(
    wallet: WalletCode,
    staff: CurrentStaff,
    session: Tx,
    after: AfterVersion = -1,
    limit: PageSize = 200,
) -> list[WalletVersionOut]:
    """All that was ever stated of `wallet`, the oldest first; what was earned under a version ends
    by it, however late it comes. Pass the last one's version as `after` for more. Role:
    points.policy or points.read."""
    check_may_read_rules(staff, READ, POLICY)
    await get_wallet(session, staff.program_id, wallet)
    rows = await list_wallet_versions(session, staff.program_id, wallet, after, limit)
    return [WalletVersionOut(**row) for row in rows]


@router.get("/v1/members/{member_id}/wallets", summary="Balances in all wallets")
async def read_balances(
    member_id: UUID, who: MemberOrStaff, session: Tx, now: Now, as_of: AsOf = None
) -> list[WalletBalance]:
    """Points first, then every wallet of the programme, empty ones too; now, or as it once was."""
    check_may_read(who, member_id)
    if as_of is None:
        balances = await list_balances(session, who.program_id, member_id)
    else:
        instant = await instant_of(await driver(session), who.program_id, as_of, now)
        balances = await list_balances_at(session, who.program_id, member_id, instant)
    if balances is None:
        raise MemberUnknown("No such member in this programme.")
    return [WalletBalance(**row) for row in balances]


@router.get("/v1/members/{member_id}/wallets/{wallet}/postings", summary="Statement of a wallet")
async def read_wallet_statement(
    member_id: UUID,
    wallet: WalletCode,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: PageSize = 50,
    as_of: AsOf = None,
) -> StatementPage:
    """Every movement in one of the member's wallets, newest first, in pages; or those that were
    there once."""
    check_may_read(who, member_id)
    if await list_balances(session, who.program_id, member_id) is None:
        raise MemberUnknown("No such member in this programme.")
    await get_wallet(session, who.program_id, wallet)
    account_id = account_id_of(member_id, wallet)
    if as_of is not None:
        reads = await driver(session)
        instant = await instant_of(reads, who.program_id, as_of, now)
        found = await find_balance_at(reads, who.program_id, account_id, instant)
        before = min(before or 2**62, 1 + (0 if found is None else found[1]))
    rows = await list_postings(session, who.program_id, account_id, before, limit)
    return statement_page(rows, limit)


@router.get(
    "/v1/members/{member_id}/wallets/{wallet}/postings/{version}",
    summary="One posting of a wallet explained",
)
async def explain_wallet_posting(
    member_id: UUID, wallet: WalletCode, version: Version, who: MemberOrStaff, session: Tx
) -> PostingExplained:
    """Why this moved in a wallet of `member_id`: rule, inputs, lots, and a sentence in two
    languages."""
    check_may_read(who, member_id)
    return await explain(session, who.program_id, account_id_of(member_id, wallet), version)


@router.get(
    "/v1/members/{member_id}/wallets/{wallet}/postings/{version}/lot-changes",
    summary="What became of a lot in a wallet",
)
async def read_wallet_lot_changes(
    member_id: UUID,
    wallet: WalletCode,
    version: Version,
    who: MemberOrStaff,
    session: Tx,
    before: UUID | None = None,
    limit: PageSize = 50,
) -> LotChangePage:
    """As for points: other ends, freezes and thaws. Staff see by whom and why."""
    check_may_read(who, member_id)
    account_id = account_id_of(member_id, wallet)
    return await lot_changes_page(session, who, account_id, version, before, limit)

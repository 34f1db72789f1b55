"""When what a member has in a wallet ends."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.points.api.expiry.expiry import Day, ExpiryScheduleOut, schedule_out
from services.points.api.principals import check_may_read
from services.points.api.wallets.wallets import WalletCode
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.wallets.wallets import account_id_of
from services.points.queries.expiry.expiring import ExpirySchedule, find_expiry_schedule
from services.points.queries.ledger.accounts import find_balance
from services.points.storage.wallets.wallets import get_wallet
from services.points.storage.zones import load_wallet_zones
from shared.db import driver
from shared.http.depends import MemberOrStaff, Now, Tx

router = APIRouter(prefix="/v1/members/{member_id}/wallets/{wallet}", tags=["Wallets"])
_EMPTY = ExpirySchedule(0, 0, [])


@router.get("/expiring", summary="What ends when in a wallet")
async def read_wallet_ends(
    member_id: UUID,
    wallet: WalletCode,
    who: MemberOrStaff,
    session: Tx,
    now: Now,
    by: Annotated[Day | None, Query(description="add up what ends until then")] = None,
) -> ExpiryScheduleOut:
    """All of it by the day on which it ends, the earliest first; of other wallets than the points
    in the programme's own days."""
    check_may_read(who, member_id)
    if await find_balance(await driver(session), who.program_id, member_id) is None:
        raise MemberUnknown("No such member in this programme.")
    await get_wallet(session, who.program_id, wallet)
    account_id = account_id_of(member_id, wallet)
    found = await find_expiry_schedule(session, who.program_id, account_id)
    zone_of = await load_wallet_zones(session, who.program_id, wallet)
    return schedule_out(member_id, found or _EMPTY, zone_of, now, by)

"""Hand out a granted gift at a desk."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.desk.errors import GiftOfOtherMall
from services.campaigns.domain.rewards.errors import GrantNotIssuable, GrantUnknown
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.storage.desk.claim_book import Desk, hand_out_gift
from services.campaigns.storage.directory.members import lock_members
from services.campaigns.storage.receipts.receipts import lock_receipts
from services.campaigns.storage.rewards.grants import list_grants, lock_grant
from services.campaigns.storage.rules.gifts import get_shelf_mall


async def issue_gift(
    session: AsyncSession, now: datetime, program_id: UUID, grant_id: UUID, desk: Desk
) -> None:
    """A gift that is out already stays so: a repeat is safe.

    Raises `GrantUnknown`, `GrantNotIssuable` (revoked, or points), `GiftOfOtherMall`.
    """
    seen = await list_grants(session, program_id, [grant_id])
    if not seen:
        raise GrantUnknown("No grant has this id.")
    # The locks under which rewards are judged: a refund cannot take the gift back meanwhile.
    await _lock_party(session, program_id, seen[0])
    grant = await lock_grant(session, program_id, grant_id)
    assert grant is not None
    if grant.is_out:
        return
    if grant.kind != "gift" or grant.status == "revoked":
        raise GrantNotIssuable(
            "Only a gift that is granted can be handed out.", grant_status=grant.status
        )
    assert grant.stock_id is not None
    shelf_mall = await get_shelf_mall(session, program_id, grant.stock_id)
    if shelf_mall is not None and shelf_mall != desk.mall_id:
        raise GiftOfOtherMall("This gift is kept for another mall's desk.", mall_id=str(shelf_mall))
    await hand_out_gift(session, program_id, now, grant, desk)


async def _lock_party(session: AsyncSession, program_id: UUID, grant: Grant) -> None:
    if grant.member_id is not None:
        await lock_members(session, program_id, [grant.member_id])
    else:
        await lock_receipts(session, program_id, grant.receipt_ids)

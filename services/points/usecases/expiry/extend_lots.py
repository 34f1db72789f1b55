"""Campaigns let members' points last longer, each grant once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.errors import ExpiryChangeIncomplete
from services.points.domain.expiry.expiry_changes import (
    ChangedLot,
    ChangeKind,
    ExpiryChange,
    ZoneOf,
    change_ends,
)
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import OpenLot
from services.points.domain.receipts.receipts import local_day
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.ledger.change_news import ends_changed
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts, survivor_of
from services.points.storage.request_keys import claim_keys
from services.points.storage.zones import load_zones
from shared.consumer import Delivery
from shared.contracts.campaigns import ExpiryChangeGranted
from shared.outbox import News, tell

_OPERATION = "expiry_change_grant"
_AMOUNT_MAX = 3_650
_INSTANT = timedelta(microseconds=1)


async def extend_lots(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Give the members' open lots more time. What is over is not brought back by a campaign.

    Raises `MemberUnknown` when an account is not open: the event is put aside and can be replayed;
    `ExpiryChangeIncomplete` when it does not say how much longer.
    """
    events = [_event_of(delivery) for delivery in deliveries]
    accounts = await lock_accounts(session, program_id, {event.member_id for event in events})
    grants = {str(event.grant_id): event for event in events}
    new = await claim_keys(session, program_id, _OPERATION, sorted(grants), now)
    if not new:
        return
    zone_of = await load_zones(session, program_id)
    await load_lots(session, program_id, accounts)
    write = Write()
    news: list[News] = []
    origins = {_event_of(d).grant_id: (d.correlation_id, d.traceparent) for d in deliveries}
    for key, event in grants.items():
        if key in new:
            account = survivor_of(accounts, event.member_id)
            assert account is not None
            changed = _extend(write.books, now, account, event, zone_of)
            told = ends_changed(program_id, now, account, "campaign", changed, event.campaign_id)
            news += [News(one, now, *origins[event.grant_id]) for one in told]
    if write.books.lot_changes:
        await write_books(session, program_id, now, write)
        await tell(session, news)


def _event_of(delivery: Delivery) -> ExpiryChangeGranted:
    return cast(ExpiryChangeGranted, delivery.event)


def _extend(
    books: Books, now: datetime, account: Account, event: ExpiryChangeGranted, zone_of: ZoneOf
) -> list[ChangedLot]:
    if not account.is_open:
        raise MemberUnknown("The member has no account yet.")
    reason = {
        "rule": "campaign",
        "campaign_id": str(event.campaign_id),
        "campaign_version": event.campaign_version,
        "campaign_name": event.campaign_name,
        "grant_id": str(event.grant_id),
    }
    lots = [lot for lot in account.lots if _is_meant(lot, now, event, zone_of)]
    # Nobody hears a refusal: what would last longer than is kept lasts as long as is kept.
    change = _change_of(event)
    return change_ends(books, account, lots, change, zone_of, reason, is_bounded=True)


def _is_meant(lot: OpenLot, now: datetime, event: ExpiryChangeGranted, zone_of: ZoneOf) -> bool:
    ends_at = lot.expires_at
    if ends_at is None or ends_at <= now:
        return False
    if event.ending_by is None:
        return True
    return local_day(ends_at - _INSTANT, zone_of(lot.terms.mall_id)) <= event.ending_by


def _change_of(event: ExpiryChangeGranted) -> ExpiryChange:
    if event.kind == "last_day":
        if event.last_day is None:
            raise ExpiryChangeIncomplete("The grant does not say until when.")
        return ExpiryChange(ChangeKind.LAST_DAY, on=event.last_day)
    if event.amount is None or not 0 < event.amount <= _AMOUNT_MAX:
        raise ExpiryChangeIncomplete("The grant does not say how much longer.")
    return ExpiryChange(ChangeKind(event.kind), event.amount)

"""A member's tiers changed, maybe in the past: re-rate what was bought since they differ."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.receipts import receipt_books
from services.points.domain.receipts.tiers import first_difference
from services.points.storage.expiry.activations import load_told_events_of
from services.points.storage.ledger.accounts import (
    list_sales_since,
    list_timeline_versions,
    replace_timeline,
    touch_sales_of,
)
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.directory import load_policies
from services.points.storage.receipts.pos_transactions import (
    load_lots,
    lock_accounts,
    lock_pos_batch,
    survivor_of,
)
from services.points.storage.receipts.stored_receipts import list_by_id, list_refunds
from services.points.storage.receipts.usages import limits_of, load_usages
from shared.consumer import Delivery
from shared.contracts.membership import MemberTierChanged


async def apply_tier_changes(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Keep the newest timeline of each member; post an adjustment for each sale that it changes.

    The sales keep the policy that they were rated by; only the tier's multiplier is looked up
    anew, so that a year replayed at any speed ends in the same books.
    """
    newest: dict[UUID, Delivery] = {}
    for delivery in deliveries:
        event = delivery.event
        assert isinstance(event, MemberTierChanged)
        held = newest.get(event.member_id)
        if held is None or _version(held) < event.version:
            newest[event.member_id] = delivery
    accounts = await lock_accounts(session, program_id, newest)
    known = await list_timeline_versions(session, program_id, sorted(newest))
    write = Write()
    loaded: set[UUID] = set()
    for member_id in sorted(newest):
        delivery, account = newest[member_id], accounts[member_id]
        if _version(delivery) > known[member_id]:
            write.books.origin = (delivery.correlation_id, delivery.traceparent)
            payer = survivor_of(accounts, member_id)
            assert payer is not None
            await _apply(session, now, program_id, account, payer, delivery, write, loaded)
    if write.changes:
        await write_books(session, program_id, now, write)


def _version(delivery: Delivery) -> int:
    assert isinstance(delivery.event, MemberTierChanged)
    return delivery.event.version


async def _apply(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    account: Account,
    payer: Account,
    delivery: Delivery,
    write: Write,
    loaded: set[UUID],
) -> None:
    """`payer` has the points: the account itself, or the one that it was merged into."""
    event = delivery.event
    assert isinstance(event, MemberTierChanged)
    timeline = sorted((interval.since, interval.tier) for interval in event.timeline)
    since = first_difference(account.timeline, timeline)
    await replace_timeline(session, program_id, account.account_id, event.version, timeline)
    account.timeline = timeline
    if since is None:
        return
    sale_ids = await list_sales_since(session, program_id, account.account_id, since)
    if not sale_ids:
        return
    await lock_pos_batch(session, program_id, (), sale_ids, ())
    policies = await load_policies(session, program_id)
    sales = await list_by_id(session, program_id, policies, sale_ids)
    refunds = await list_refunds(session, program_id, policies, sale_ids)
    of_payer = {payer.account_id: payer}
    if payer.account_id not in loaded:
        # Once: what was decided for it in this batch is in these copies only.
        await load_lots(session, program_id, of_payer)
        loaded.add(payer.account_id)
    await load_usages(session, program_id, of_payer, limits_of(sales.values()))
    await load_told_events_of(session, program_id, of_payer, policies.values())
    own_timeline, payer.timeline = payer.timeline, timeline
    for sale_id in sale_ids:
        sale = sales[sale_id]
        if receipt_books.rerate_sale(
            write.books, payer, sale, refunds.get(sale_id, []), event.version, now
        ):
            write.changes[sale_id] = sale
    payer.timeline = own_timeline if payer is not account else timeline
    if payer is not account:
        # What it used of limits may have changed without a posting.
        await touch_sales_of(session, program_id, payer.account_id)

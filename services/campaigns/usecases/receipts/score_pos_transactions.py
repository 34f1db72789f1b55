"""Hear of sales, refunds and attributions; give and take back what they earn and undo."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.errors import ReceiptMoved
from services.campaigns.domain.receipts.receipts import Line, Refund, Sale, StoredReceipt, merge
from services.campaigns.storage.directory.members import lock_members
from services.campaigns.storage.receipts.parties import list_parties
from services.campaigns.storage.receipts.receipts import store_receipts
from services.campaigns.storage.rewards.decisions import Scene
from services.campaigns.storage.rewards.reward_news import Cause
from services.campaigns.storage.rules.handbook import Handbook, share_handbook
from services.campaigns.usecases.rewards.settle_rewards import settle_rewards
from shared.consumer import Delivery
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded
from shared.ids import quick_uuid

PosTransaction = PosTransactionRecorded | PosTransactionAttributed


async def score_pos_transactions(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Work a batch of one programme's receipts, in any order, heard any number of times.

    Raises `ReceiptMoved` (try again) when a desk took one of them in the same moment.
    """
    program_id = quick_uuid(deliveries[0].event.program_id)
    handbook = await share_handbook(session, program_id)
    news: dict[UUID, StoredReceipt] = {}
    causes: dict[UUID, Cause] = {}
    for delivery in deliveries:
        heard = _receipt_of(cast(PosTransaction, delivery.event), handbook)
        known = news.get(heard.receipt_id)
        news[heard.receipt_id] = merge(known, heard) if known else heard
        causes[heard.receipt_id] = (delivery.correlation_id, delivery.traceparent)
        if heard.member_id is not None:
            causes[heard.member_id] = causes[heard.receipt_id]
    parties = await list_parties(session, program_id, list(news))
    named = {r.member_id for r in news.values() if r.member_id is not None}
    members = await lock_members(session, program_id, parties | named)
    changed, fresh = await store_receipts(session, program_id, list(news.values()))
    if any(r.member_id and r.member_id not in members for r in changed.values()):
        raise ReceiptMoved("A receipt got its member while its news was worked.")
    scene = Scene(
        program_id,
        now,
        handbook,
        members,
        changed,
        frozenset(fresh),
        "receipt_refunded",
        causes,
    )
    await settle_rewards(session, scene)


def _receipt_of(event: PosTransaction, handbook: Handbook) -> StoredReceipt:
    receipt_id = quick_uuid(event.receipt_id)
    member_id = None if event.member_id is None else quick_uuid(event.member_id)
    if event.kind == "refund":
        parts: list[tuple[int | None, int]] = [
            (line.original_line_number, line.amount_minor) for line in event.lines
        ]
        if not parts:
            parts = [(None, event.total_minor)]
        refund = Refund(event.transaction_id, tuple(parts))
        return StoredReceipt(receipt_id, member_id, None, (refund,))
    shop_id = quick_uuid(event.shop_id)
    shop = handbook.shops.get(shop_id)
    brand, category = shop or (None, None)
    sale = Sale(
        mall_id=quick_uuid(event.mall_id),
        shop_id=shop_id,
        till_id=event.till_id,
        receipt_number=event.receipt_number,
        business_date=event.business_date,
        # As it comes back from the database: news says the same whichever way it was made.
        purchased_at=event.purchased_at.astimezone(UTC),
        time_zone=event.time_zone,
        currency=event.currency,
        total_minor=event.total_minor,
        lines=tuple(
            Line(
                x.line_number,
                x.category or category,
                x.brand or brand,
                x.amount_minor,
                x.base_micro,
            )
            for x in event.lines
        ),
        shop_brand=brand,
        shop_category=category,
        shop_is_known=shop is not None,
    )
    return StoredReceipt(receipt_id, member_id, sale)

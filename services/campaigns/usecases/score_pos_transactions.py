"""Hear of sales, refunds and attributions; give and take back what they earn and undo."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.errors import ReceiptMoved
from services.campaigns.domain.receipts import Line, Refund, Sale, StoredReceipt, merge
from services.campaigns.storage.decisions import Scene
from services.campaigns.storage.handbook import Handbook, share_handbook
from services.campaigns.storage.members import lock_members
from services.campaigns.storage.parties import list_parties
from services.campaigns.storage.receipts import store_receipts
from services.campaigns.usecases.settle_rewards import settle_rewards
from shared.consumer import Delivery
from shared.contracts.event import Event
from shared.contracts.points import PosTransactionAttributed, PosTransactionRecorded

PosTransaction = PosTransactionRecorded | PosTransactionAttributed


async def score_pos_transactions(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Work a batch of one programme's receipts, in any order, heard any number of times.

    Raises `ReceiptMoved` (try again) when a desk took one of them in the same moment.
    """
    program_id = deliveries[0].event.program_id
    handbook = await share_handbook(session, program_id)
    news: dict[UUID, StoredReceipt] = {}
    for delivery in deliveries:
        heard = _receipt_of(delivery.event, handbook)
        known = news.get(heard.receipt_id)
        news[heard.receipt_id] = merge(known, heard) if known else heard
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
        _causes(deliveries),
    )
    await settle_rewards(session, scene)


def _causes(deliveries: Sequence[Delivery]) -> Mapping[UUID, tuple[str, str]]:
    causes = {}
    for delivery in deliveries:
        event = _pos_transaction(delivery.event)
        causes[event.receipt_id] = (delivery.correlation_id, delivery.traceparent)
        if event.member_id is not None:
            causes[event.member_id] = causes[event.receipt_id]
    return causes


def _pos_transaction(event: Event) -> PosTransaction:
    assert isinstance(event, PosTransactionRecorded | PosTransactionAttributed)
    return event


def _receipt_of(any_event: Event, handbook: Handbook) -> StoredReceipt:
    event = _pos_transaction(any_event)
    if event.kind == "refund":
        parts: list[tuple[int | None, int]] = [
            (line.original_line_number, line.amount_minor) for line in event.lines
        ]
        if not parts:
            parts = [(None, event.total_minor)]
        refund = Refund(event.transaction_id, tuple(parts))
        return StoredReceipt(event.receipt_id, event.member_id, None, (refund,))
    brand, category = handbook.shops.get(event.shop_id, (None, None))
    sale = Sale(
        mall_id=event.mall_id,
        shop_id=event.shop_id,
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
        shop_is_known=event.shop_id in handbook.shops,
    )
    return StoredReceipt(event.receipt_id, event.member_id, sale)

"""Campaigns granted points, or took some back: post them once each."""

from collections.abc import Sequence
from datetime import datetime
from json import dumps
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import ledger
from services.points.domain.errors import MemberUnknown
from services.points.domain.ledger import Account, Books, Cause
from services.points.domain.lots import LotTerms
from services.points.storage.accounts import list_posted_sources
from services.points.storage.books import Write, write_books
from services.points.storage.pos_transactions import load_lots, lock_accounts, survivor_of
from shared.consumer import Delivery
from shared.contracts.campaigns import RewardGranted, RewardRevoked


async def credit_rewards(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Credit grants of points and claw back revoked ones, in the order told.

    A revocation may make debt, as any claw-back. Raises `MemberUnknown` when a reward comes for an
    account that is not open: the event is put aside and can be replayed.
    """
    moving = [d for d in deliveries if _moves_points(d)]
    if not moving:
        return
    accounts = await lock_accounts(session, program_id, {_member_of(d) for d in moving})
    done = await _list_done(session, program_id, moving)
    if any(isinstance(d.event, RewardRevoked) for d in moving):
        await load_lots(session, program_id, accounts)
    write = Write()
    for delivery in moving:
        source = _source_of(delivery)
        if source in done:
            continue
        done.add(source)
        write.books.origin = (delivery.correlation_id, delivery.traceparent)
        account = survivor_of(accounts, _member_of(delivery))
        assert account is not None
        _post(write.books, account, delivery)
    if write.books.postings:
        await write_books(session, program_id, now, write)


def _moves_points(delivery: Delivery) -> bool:
    event = delivery.event
    assert isinstance(event, RewardGranted | RewardRevoked)
    return event.kind == "points" and bool(event.points) and event.member_id is not None


def _member_of(delivery: Delivery) -> UUID:
    event = delivery.event
    assert isinstance(event, RewardGranted | RewardRevoked)
    assert event.member_id is not None
    return event.member_id


def _source_of(delivery: Delivery) -> tuple[str, UUID]:
    event = delivery.event
    if isinstance(event, RewardGranted):
        return "reward", event.grant_id
    assert isinstance(event, RewardRevoked)
    return "reward_reversal", event.revocation_id


async def _list_done(
    session: AsyncSession, program_id: UUID, deliveries: Sequence[Delivery]
) -> set[tuple[str, UUID]]:
    done: set[tuple[str, UUID]] = set()
    sources = [_source_of(d) for d in deliveries]
    for kind in ("reward", "reward_reversal"):
        ids = [source_id for source_kind, source_id in sources if source_kind == kind]
        if ids:
            found = await list_posted_sources(session, program_id, kind, ids)
            done |= {(kind, source_id) for source_id in found}
    return done


def _post(books: Books, account: Account, delivery: Delivery) -> None:
    if not account.is_open:
        raise MemberUnknown("The reward's member has no account yet.")
    event, (kind, source_id) = delivery.event, _source_of(delivery)
    if isinstance(event, RewardGranted):
        assert event.points is not None
        reason = {
            "rule": "campaign",
            "campaign_id": str(event.campaign_id),
            "campaign_version": event.campaign_version,
            "campaign_name": event.campaign_name,
            "receipt_id": str(event.receipt_id) if event.receipt_id else None,
            "sentences": event.explanation,
        }
        cause = Cause(kind, ledger.ISSUANCE, kind, source_id, dumps(reason), event.granted_at)
        terms = LotTerms(
            mall_id=event.mall_id,
            shop_id=event.shop_id,
            campaign_id=event.campaign_id,
            funding="campaign",
        )
        books.credit(account, event.points, cause, terms)
        return
    assert isinstance(event, RewardRevoked)
    assert event.points is not None
    reason = {
        "rule": "campaign_revoked",
        "campaign_id": str(event.campaign_id),
        "grant_id": str(event.grant_id),
        "why": event.reason,
    }
    cause = Cause(kind, ledger.CLAWBACK, kind, source_id, dumps(reason), event.revoked_at)
    books.claw_back(account, event.points, cause, own_source=event.grant_id)

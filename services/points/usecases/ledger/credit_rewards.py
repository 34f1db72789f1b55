"""Campaigns granted points, or took some back: post them once each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from json import dumps
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.given_points import GivenTerms, ending_on
from services.points.domain.ledger import ledger
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.ledger.ledger import Books, Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.wallets.errors import WalletUnknown
from services.points.domain.wallets.wallets import BUILT_IN, POINTS, Wallet, fitting, terms_of
from services.points.storage.accounting.liability import find_program_zone
from services.points.storage.expiry.given_points import load_given_terms
from services.points.storage.ledger.accounts import list_posted_sources
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts, survivor_of
from services.points.storage.wallets.wallets import (
    list_wallets,
    open_wallet_accounts,
    sum_grants_left,
)
from shared.consumer import Delivery
from shared.contracts.campaigns import RewardGranted, RewardRevoked
from shared.db import Collision


async def credit_rewards(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Credit grants of points and claw back revoked ones, in the order told.

    Points end as the grant says, or as what was bought when it was earned; other wallets' by their
    own model. A revocation may make debt, as any claw-back. What a wallet's limit leaves no room
    for is trimmed, and not taken back later. Raises `MemberUnknown` when a reward comes for an
    account that is not open, and `WalletUnknown`: the event is put aside and can be replayed.
    """
    moving = [d for d in deliveries if _moves_points(d)]
    if not moving:
        return
    wanted = {(_member_of(d), _event_of(d).wallet) for d in moving}
    ids = await open_wallet_accounts(session, program_id, wanted)
    members = {member_id for member_id, _ in wanted}
    accounts = await lock_accounts(session, program_id, members | set(ids.values()))
    wallets = await _find_wallets(session, program_id, {wallet for _, wallet in wanted})
    done = await _list_done(session, program_id, moving)
    if any(isinstance(d.event, RewardRevoked) for d in moving):
        await load_lots(session, program_id, accounts)
    in_wallets = [_event_of(d) for d in moving if _event_of(d).wallet != POINTS]
    left = await sum_grants_left(session, program_id, [e.grant_id for e in in_wallets])
    given = await load_given_terms(session, program_id)
    write = Write()
    for delivery in moving:
        source = _source_of(delivery)
        if source in done:
            continue
        done.add(source)
        write.books.origin = (delivery.correlation_id, delivery.traceparent)
        account = _account_of(accounts, ids, delivery)
        if isinstance(event := delivery.event, RewardGranted):
            kept = wallets[event.wallet]
            left[event.grant_id] = _credit(write.books, account, kept, given, delivery)
        else:
            limit = None if _event_of(delivery).wallet == POINTS else left
            _claw_back(write.books, account, delivery, limit)
    if write.books.postings:
        await write_books(session, program_id, now, write)


class _Wallets(dict[str, tuple[Wallet, str]]):
    """Wallets with the zone of their days, by code. Raises `WalletUnknown` for others."""

    def __missing__(self, code: str) -> tuple[Wallet, str]:
        raise WalletUnknown(f"There is no wallet {code!r} in this programme.", wallet=code)


async def _find_wallets(
    session: AsyncSession, program_id: UUID, codes: Collection[str]
) -> _Wallets:
    if not set(codes) - {POINTS}:
        return _Wallets({POINTS: (BUILT_IN, "UTC")})
    zone = await find_program_zone(session, program_id)
    found = await list_wallets(session, program_id)
    return _Wallets({code: (wallet, zone) for code, wallet in found.items()})


def _account_of(
    accounts: Mapping[UUID, Account], ids: Mapping[tuple[UUID, str], UUID], delivery: Delivery
) -> Account:
    event, member_id = _event_of(delivery), _member_of(delivery)
    member = survivor_of(accounts, member_id)
    if member is None or not member.is_open or (member_id, event.wallet) not in ids:
        raise MemberUnknown("The reward's member has no account yet.")
    if event.wallet == POINTS:
        return member
    account = accounts[ids[member_id, event.wallet]]
    if account.member_id != member.member_id:
        raise Collision("The account was merged meanwhile.")
    return account


def _moves_points(delivery: Delivery) -> bool:
    event = delivery.event
    assert isinstance(event, RewardGranted | RewardRevoked)
    return event.kind == "points" and bool(event.points) and event.member_id is not None


def _event_of(delivery: Delivery) -> RewardGranted | RewardRevoked:
    event = delivery.event
    assert isinstance(event, RewardGranted | RewardRevoked)
    return event


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


def _credit(
    books: Books,
    account: Account,
    kept: tuple[Wallet, str],
    given: GivenTerms,
    delivery: Delivery,
) -> int:
    """Credit what fits; returns it."""
    wallet, event = kept[0], delivery.event
    assert isinstance(event, RewardGranted)
    assert event.points is not None
    kind, source_id = _source_of(delivery)
    reason = {
        "rule": "campaign",
        "campaign_id": str(event.campaign_id),
        "campaign_version": event.campaign_version,
        "campaign_name": event.campaign_name,
        "receipt_id": str(event.receipt_id) if event.receipt_id else None,
        "sentences": event.explanation,
    }
    points = fitting(wallet, account, event.points)
    if points < event.points:
        reason |= {"granted": event.points, "trimmed": event.points - points}
    if points:
        cause = Cause(kind, ledger.ISSUANCE, kind, source_id, dumps(reason), event.granted_at)
        books.credit(account, points, cause, _terms(kept, given, event))
    return points


def _terms(kept: tuple[Wallet, str], given: GivenTerms, event: RewardGranted) -> LotTerms:
    wallet, zone = kept
    terms = LotTerms(
        mall_id=event.mall_id,
        shop_id=event.shop_id,
        campaign_id=event.campaign_id,
        funding="campaign",
    )
    if wallet.code == POINTS:
        terms = given.ending(terms, event.granted_at)
    else:
        terms = terms_of(wallet, event.granted_at, zone, terms)
    if event.last_day is None:
        return terms
    return ending_on(terms, event.last_day, given.zone_of(event.mall_id))


def _claw_back(
    books: Books, account: Account, delivery: Delivery, left: dict[UUID, int] | None
) -> None:
    """Take the reward back: from a wallet with a limit no more than is `left` of its grant."""
    event = delivery.event
    assert isinstance(event, RewardRevoked)
    assert event.points is not None
    points = event.points if left is None else min(event.points, left.get(event.grant_id, 0))
    if left is not None:
        left[event.grant_id] = left.get(event.grant_id, 0) - points
    if not points:
        return
    kind, source_id = _source_of(delivery)
    reason = {
        "rule": "campaign_revoked",
        "campaign_id": str(event.campaign_id),
        "grant_id": str(event.grant_id),
        "why": event.reason,
    }
    cause = Cause(kind, ledger.CLAWBACK, kind, source_id, dumps(reason), event.revoked_at)
    books.claw_back(account, points, cause, own_source=event.grant_id)

"""What is written into the books, as rows of the types that books.sql takes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import REDEMPTION, LotChange, NewPosting
from services.points.domain.ledger.lots import ACTIVE, PENDING, LotTerms
from services.points.domain.receipts.pos_records import Stored
from shared.ids import new_id

_NO_TERMS = LotTerms()
Origin = tuple[str, str]


class NewRecord(NamedTuple):
    """A receipt to be stored. `fills` when a refund's placeholder stands in its place."""

    stored: Stored
    content: str
    fills: bool


class ReadyEvent(NamedTuple):
    """An event of `pos.transactions` as text, with the correlation id and trace behind it."""

    type: str
    key: str
    data: str
    origin: Origin


class Move(NamedTuple):
    """Where postings leave an account that was at `version_before`."""

    account_id: UUID
    version_before: int
    version: int
    balance: int
    pending: int
    held: int


class Seen(NamedTuple):
    """An account as it was when its postings were decided without a lock."""

    account_id: UUID
    version: int
    tier_version: int
    pending: int
    held: int


def record_row(record: NewRecord) -> tuple[Any, ...]:
    """A receipt as the database's `new_pos_transaction`."""
    s = record.stored
    return (
        s.transaction_id,
        s.kind,
        s.status,
        s.receipt_id,
        s.shop_id,
        s.mall_id,
        s.till_id,
        s.receipt_number,
        s.business_date,
        s.purchased_at,
        s.total_minor,
        s.member_id,
        s.awaited_number,
        record.content,
        s.fingerprint,
        s.rating.policy.version if s.rating is not None else None,
        s.earned,
        s.clawed,
        s.points,
        s.balance_after,
        s.trimmed,
        s.forgiven,
        s.notes,
        record.fills,
        s.cashier_id,
        s.is_watched,
    )


def change_row(s: Stored) -> tuple[Any, ...]:
    """A stored receipt as the database's `changed_pos_transaction`."""
    return (
        s.transaction_id,
        s.status,
        s.member_id,
        s.earned,
        s.clawed,
        s.points,
        s.balance_after,
        s.trimmed,
        s.forgiven,
        s.notes,
    )


def posting_row(posting: NewPosting, origins: Mapping[Origin, int]) -> tuple[Any, ...]:
    """A posting as the database's `new_posting`; `origins` number its origin."""
    cause, terms = posting.cause, posting.terms or _NO_TERMS
    # What comes back late is a new lot: it happened where it was spent, or nowhere, and not where
    # the lot was issued.
    place = _NO_TERMS if cause.counter_account == REDEMPTION else terms
    return (
        new_id(),
        posting.account_id,
        posting.member_id,
        posting.wallet,
        posting.version,
        posting.points,
        posting.balance_after,
        cause.kind,
        cause.counter_account,
        cause.source_kind,
        cause.source_id,
        cause.purchased_at,
        cause.reason,
        terms.expires_at,
        cause.mall_id or place.mall_id,
        cause.shop_id or place.shop_id,
        terms.campaign_id,
        terms.funding,
        terms.mall_id,
        terms.shop_id,
        None if posting.terms is None else PENDING if terms.pending else ACTIVE,
        terms.activates_at,
        terms.sliding_months,
        terms.earned_at or cause.purchased_at,
        posting.pending_after,
        posting.held_after,
        origins[posting.origin],
        terms.origin_id,
    )


def moves_of(postings: Sequence[NewPosting]) -> list[Move]:
    """Where the postings, which are in the order of versions, leave each account."""
    moves: dict[UUID, Move] = {}
    for posting in postings:
        account_id, earlier = posting.account_id, moves.get(posting.account_id)
        moves[account_id] = Move(
            account_id,
            posting.version - 1 if earlier is None else earlier.version_before,
            posting.version,
            posting.balance_after,
            posting.pending_after,
            posting.held_after,
        )
    return list(moves.values())


def account_row(account: Account) -> tuple[Any, ...]:
    """An account as the database's `changed_account`."""
    whose = "pool" if account.member_id is None else "open"
    status = whose if account.merged_into is None else "merged"
    return (
        account.account_id,
        status,
        account.pending,
        account.held,
        account.frozen_case,
        account.merged_into,
    )


def lot_row(change: LotChange) -> tuple[Any, ...]:
    """A lot's change as the database's `changed_lot`."""
    return (
        new_id(),
        change.account_id,
        change.lot_version,
        change.kind,
        change.reason,
        PENDING if change.terms.pending else ACTIVE,
        change.terms.activates_at,
        change.terms.expires_at,
        change.frozen_case,
    )


def event_row(event: ReadyEvent, origins: Mapping[Origin, int]) -> tuple[Any, ...]:
    """An event as the database's `new_event`; `origins` number its origin."""
    return (new_id(), event.type, event.key, event.data, origins[event.origin])

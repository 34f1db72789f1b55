"""The one way into the books: what was decided, written in one round trip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books, LotChange, NewPosting
from services.points.domain.ledger.lots import ACTIVE, PENDING, LotTerms, OpenLot
from services.points.domain.receipts.pos_records import Stored
from shared.db import Collision, Statements, driver
from shared.ids import new_id

_WRITE = (
    "SELECT write_books($1, $2, $3::new_pos_transaction[], $4::changed_pos_transaction[], "
    "$5::new_posting[], $6::new_take[], $7::new_take[], $8::changed_account[], "
    "$9::changed_lot[], $10::new_usage[], $11::new_event[], $12, $13, $14::account_move[])"
)
_WRITE_PLAIN = (
    "SELECT write_plain_sales($1, $2, $3::seen_account[], $4::new_pos_transaction[], "
    "$5::new_posting[], $6::new_take[], $7::account_move[], $8::new_usage[], $9::new_event[], "
    "$10, $11)"
)
_COLLISION = "GA001"
_RECEIPTS = "pk_pos_transaction"
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


@dataclass(slots=True)
class Write:
    """Everything that one use case decided for one programme."""

    books: Books = field(default_factory=Books)
    records: list[NewRecord] = field(default_factory=list)
    changes: dict[UUID, Stored] = field(default_factory=dict)
    news: list[ReadyEvent] = field(default_factory=list)


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


async def write_books(session: AsyncSession, program_id: UUID, now: datetime, write: Write) -> None:
    """Write it all. Raises `Collision` when somebody stored one of the receipts meanwhile."""
    connection = await driver(session)
    books, origins = write.books, number_origins(write)
    try:
        await connection.execute(
            _WRITE,
            program_id,
            now,
            [_record_row(record) for record in write.records],
            [_change_row(stored) for stored in write.changes.values()],
            [posting_row(posting, origins) for posting in books.postings],
            books.takes,
            books.returns,
            [account_row(account) for account in books.accounts.values()],
            [_lot_row(change) for change in books.lot_changes],
            books.usages,
            [_event_row(event, origins) for event in write.news],
            [correlation_id for correlation_id, _ in origins],
            [traceparent for _, traceparent in origins],
            moves_of(books.postings),
        )
    except asyncpg.PostgresError as error:
        raise collision_or(error) from error


async def write_plain_sales(
    statements: Statements, program_id: UUID, now: datetime, seen: Sequence[Seen], write: Write
) -> None:
    """Write and commit it all if no account moved since it was `seen`, else raise `Collision`.

    Plain sales change no receipt that is stored, and no account but by their postings.
    """
    assert not write.changes
    postings, origins = write.books.postings, number_origins(write)
    try:
        await statements.write(
            _WRITE_PLAIN,
            program_id,
            now,
            seen,
            [_record_row(record) for record in write.records],
            [posting_row(posting, origins) for posting in postings],
            write.books.takes,
            moves_of(postings),
            write.books.usages,
            [_event_row(event, origins) for event in write.news],
            [correlation_id for correlation_id, _ in origins],
            [traceparent for _, traceparent in origins],
        )
    except asyncpg.PostgresError as error:
        raise collision_or(error) from error


def collision_or(error: Exception) -> Exception:
    """`Collision` for what the functions raise when somebody was quicker, else the error."""
    is_stored = getattr(error, "constraint_name", None) == _RECEIPTS
    if is_stored or getattr(error, "sqlstate", None) == _COLLISION:
        return Collision("The same thing is being written by somebody else.")
    return error


def _record_row(record: NewRecord) -> tuple[Any, ...]:
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


def _change_row(s: Stored) -> tuple[Any, ...]:
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
        cause.mall_id or terms.mall_id,
        cause.shop_id or terms.shop_id,
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


def _lot_row(change: LotChange) -> tuple[Any, ...]:
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


def _event_row(event: ReadyEvent, origins: Mapping[Origin, int]) -> tuple[Any, ...]:
    return (new_id(), event.type, event.key, event.data, origins[event.origin])


def number_origins(write: Write) -> dict[Origin, int]:
    """Each correlation id and trace once, numbered from 1 as PostgreSQL counts."""
    named = {posting.origin for posting in write.books.postings}
    named |= {event.origin for event in write.news}
    return {origin: number for number, origin in enumerate(named, 1)}


async def load_open_lots(
    session: AsyncSession, program_id: UUID, account_ids: Sequence[UUID]
) -> list[tuple[UUID, OpenLot]]:
    """Open lots of locked accounts, with the account of each; those that end first come first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {LOT_COLUMNS} FROM lot l JOIN posting p USING (program_id, account_id, version)
        WHERE l.program_id = $1 AND l.account_id = ANY ($2::uuid[]) AND l.remaining > 0
        ORDER BY l.account_id, l.expires_at, l.version
        """,
        program_id,
        account_ids,
    )
    return [(row["account_id"], read_lot(row)) for row in rows]


LOT_COLUMNS = """
l.account_id, l.version, l.remaining, coalesce(l.origin_id, p.source_id) AS source_id,
l.expires_at, l.mall_id, l.shop_id, l.campaign_id, l.funding, l.state, l.activates_at,
l.sliding_months, coalesce(l.earned_at, p.recorded_at) AS earned_at, l.frozen_case, l.origin_id
"""


def read_lot(row: Any) -> OpenLot:
    """A lot from a row with `LOT_COLUMNS`."""
    terms = read_terms(row, row["origin_id"])
    return OpenLot(row["version"], row["remaining"], row["source_id"], terms, row["frozen_case"])


def read_terms(row: Any, origin_id: UUID | None = None) -> LotTerms:
    """What a lot's own columns say of it; whose it was first is for the caller to know."""
    return LotTerms(
        row["expires_at"],
        row["mall_id"],
        row["shop_id"],
        row["campaign_id"],
        row["funding"],
        row["state"] == PENDING,
        row["activates_at"],
        row["sliding_months"],
        row["earned_at"],
        origin_id,
    )

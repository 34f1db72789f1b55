"""The one way into the books: what was decided, written in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.ledger import Books
from services.points.domain.receipts.pos_records import Stored
from services.points.storage.ledger.book_rows import (
    NewRecord,
    Origin,
    ReadyEvent,
    Seen,
    account_row,
    change_row,
    event_row,
    lot_row,
    moves_of,
    posting_row,
    record_row,
)
from shared.db import Collision, Statements, driver

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


@dataclass(slots=True)
class Write:
    """Everything that one use case decided for one programme."""

    books: Books = field(default_factory=Books)
    records: list[NewRecord] = field(default_factory=list)
    changes: dict[UUID, Stored] = field(default_factory=dict)
    news: list[ReadyEvent] = field(default_factory=list)


async def write_books(session: AsyncSession, program_id: UUID, now: datetime, write: Write) -> None:
    """Write it all. Raises `Collision` when somebody stored one of the receipts meanwhile."""
    connection = await driver(session)
    books, origins = write.books, number_origins(write)
    try:
        await connection.execute(
            _WRITE,
            program_id,
            now,
            [record_row(record) for record in write.records],
            [change_row(stored) for stored in write.changes.values()],
            [posting_row(posting, origins) for posting in books.postings],
            books.takes,
            books.returns,
            [account_row(account) for account in books.accounts.values()],
            [lot_row(change) for change in books.lot_changes],
            books.usages,
            [event_row(event, origins) for event in write.news],
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
            [record_row(record) for record in write.records],
            [posting_row(posting, origins) for posting in postings],
            write.books.takes,
            moves_of(postings),
            write.books.usages,
            [event_row(event, origins) for event in write.news],
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


def number_origins(write: Write) -> dict[Origin, int]:
    """Each correlation id and trace once, numbered from 1 as PostgreSQL counts."""
    named = {posting.origin for posting in write.books.postings}
    named |= {event.origin for event in write.news}
    return {origin: number for number, origin in enumerate(named, 1)}

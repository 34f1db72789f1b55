"""The one way into the books: what was decided, written in one round trip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger import Books, LotTerms, NewPosting, Take
from services.points.domain.pos_records import Stored
from shared.db import Collision, Statements, driver
from shared.ids import new_id

_WRITE = (
    "SELECT write_books($1, $2, $3::new_pos_transaction[], $4::changed_pos_transaction[], "
    "$5::new_posting[], $6::new_take[], $7::new_event[], $8, $9)"
)
_WRITE_PLAIN = (
    "SELECT write_plain_sales($1, $2, $3::seen_account[], $4::new_pos_transaction[], "
    "$5::changed_pos_transaction[], $6::new_posting[], $7::new_take[], $8::new_event[], $9, $10)"
)
_COLLISION = "GA001"
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


class Seen(NamedTuple):
    """An account as it was when its postings were decided without a lock."""

    account_id: UUID
    version: int
    tier_version: int


async def write_books(session: AsyncSession, program_id: UUID, now: datetime, write: Write) -> None:
    """Write it all. Raises `Collision` when somebody stored one of the receipts meanwhile."""
    connection = await driver(session)
    try:
        await connection.execute(_WRITE, program_id, now, *_arguments(write))
    except asyncpg.PostgresError as error:
        raise _collision_or(error) from error


async def write_plain_sales(
    statements: Statements, program_id: UUID, now: datetime, seen: Sequence[Seen], write: Write
) -> None:
    """Write and commit it all if no account moved since it was `seen`, else raise `Collision`."""
    try:
        await statements.write(_WRITE_PLAIN, program_id, now, seen, *_arguments(write))
    except asyncpg.PostgresError as error:
        raise _collision_or(error) from error


def _collision_or(error: Exception) -> Exception:
    if getattr(error, "sqlstate", None) == _COLLISION:
        return Collision("The same thing is being written by somebody else.")
    return error


def _arguments(write: Write) -> tuple[list[Any], ...]:
    origins = _number_origins(write)
    return (
        [_record_row(record) for record in write.records],
        [_change_row(stored) for stored in write.changes.values()],
        [_posting_row(posting, origins) for posting in write.books.postings],
        [_take_row(take) for take in write.books.takes],
        [_event_row(event, origins) for event in write.news],
        [correlation_id for correlation_id, _ in origins],
        [traceparent for _, traceparent in origins],
    )


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
        record.fills,
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
    )


def _posting_row(posting: NewPosting, origins: Mapping[Origin, int]) -> tuple[Any, ...]:
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
        terms.mall_id,
        terms.shop_id,
        terms.campaign_id,
        terms.funding,
        origins[posting.origin],
    )


def _take_row(take: Take) -> tuple[Any, ...]:
    return (take.account_id, take.version, take.lot_version, take.points)


def _event_row(event: ReadyEvent, origins: Mapping[Origin, int]) -> tuple[Any, ...]:
    return (new_id(), event.type, event.key, event.data, origins[event.origin])


def _number_origins(write: Write) -> dict[Origin, int]:
    """Each correlation id and trace once, numbered from 1 as PostgreSQL counts."""
    named = {posting.origin for posting in write.books.postings}
    named |= {event.origin for event in write.news}
    return {origin: number for number, origin in enumerate(named, 1)}


async def load_open_lots(
    session: AsyncSession, program_id: UUID, account_ids: Sequence[UUID]
) -> list[Any]:
    """Open lots of locked accounts: account_id, version, remaining, expires_at, source_id."""
    connection = await driver(session)
    return await connection.fetch(
        """
        SELECT l.account_id, l.version, l.remaining, l.expires_at, p.source_id
        FROM lot l JOIN posting p USING (program_id, account_id, version)
        WHERE l.program_id = $1 AND l.account_id = ANY ($2::uuid[]) AND l.remaining > 0
        ORDER BY l.account_id, l.expires_at, l.version
        """,
        program_id,
        account_ids,
    )

"""The one way into the books: what was decided, written in one round trip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.earning import Rating
from services.points.domain.ledger import Books, LotTerms, NewPosting, Take
from services.points.domain.pos_records import Stored
from shared.db import Collision, driver
from shared.ids import new_id

_WRITE = (
    "SELECT write_books($1, $2, $3::new_pos_transaction[], $4::changed_pos_transaction[], "
    "$5::new_posting[], $6::new_take[], $7::new_event[])"
)
_COLLISION = "GA001"
_NO_TERMS = LotTerms()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A receipt to be stored. `fills` when a refund's placeholder stands in its place."""

    stored: Stored
    content: str
    fills: bool


@dataclass(frozen=True, slots=True)
class ReadyEvent:
    """An event as text, with the correlation id and trace of what caused it."""

    type: str
    topic: str
    key: str
    data: str
    origin: tuple[str, str]


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
    try:
        await connection.execute(
            _WRITE,
            program_id,
            now,
            [_record_row(record) for record in write.records],
            [_change_row(stored) for stored in write.changes.values()],
            [_posting_row(posting) for posting in write.books.postings],
            [_take_row(take) for take in write.books.takes],
            [_event_row(event) for event in write.news],
        )
    except asyncpg.PostgresError as error:
        if error.sqlstate == _COLLISION:
            raise Collision("The same receipt is being stored by somebody else.") from error
        raise


def rating_json(rating: Rating | None) -> str | None:
    """The rating as stored: the policy's version, and each line's number, amount and weight."""
    if rating is None:
        return None
    weights = ",".join(f"[{n},{amount},{weight}]" for n, amount, weight in rating.weights)
    return f'{{"policy":{rating.policy.version},"weights":[{weights}]}}'


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
        rating_json(s.rating),
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
        rating_json(s.rating),
        s.earned,
        s.clawed,
        s.points,
        s.balance_after,
    )


def _posting_row(posting: NewPosting) -> tuple[Any, ...]:
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
        *posting.origin,
    )


def _take_row(take: Take) -> tuple[Any, ...]:
    return (take.account_id, take.version, take.lot_version, take.points)


def _event_row(event: ReadyEvent) -> tuple[Any, ...]:
    return (new_id(), event.type, event.topic, event.key, event.data, *event.origin)


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

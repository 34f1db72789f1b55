"""Holds and captures: what is read, and what is written of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import PENDING, LotTerms, OpenLot
from services.points.domain.spending.holding import Hold
from services.points.storage.ledger.book_rows import Move, account_row, moves_of, posting_row
from services.points.storage.ledger.books import Write, collision_or, number_origins
from services.points.storage.receipts.directory import Directory, Rulebooks, read_directory
from shared.db import Collision, Driver, Statements, driver

_GLANCE = "SELECT * FROM glance_at_holds($1, $2, $3, $4, $5, $6, $7, $8)"
_LOOK = "SELECT * FROM look_at_holds($1, $2, $3, $4, $5, $6, $7, $8)"
_WRITE = (
    "SELECT write_holds($1, $2, $3::seen_row[], $4::new_hold[], $5::changed_hold[], "
    "$6::new_redemption[], $7::new_posting[], $8::new_take[], $9::new_take[], "
    "$10::account_move[], $11::changed_account[], $12, $13)"
)

# Who makes the same at the same time is stopped by these.
_MADE_ONCE = frozenset({"pk_hold", "pk_redemption"})


class Redemption(NamedTuple):
    """A debit that paid for something. `hold_left` is what its hold had left afterwards."""

    redemption_id: UUID
    account_id: UUID
    version: int
    points: int
    amount_minor: int | None
    currency: str | None
    reference: str
    transaction_id: UUID | None
    hold_id: UUID | None
    hold_left: int | None
    mall_id: UUID | None
    shop_id: UUID | None
    request_hash: bytes | None


class Captured(NamedTuple):
    """A capture, or points paid at a till, as it is answered, the first time and every other."""

    redemption_id: UUID
    account_id: UUID
    points: int
    balance_after: int
    hold_id: UUID | None
    hold_left: int | None
    request_hash: bytes | None
    recorded_at: datetime
    amount_minor: int | None = None
    currency: str | None = None


class Wanted(NamedTuple):
    """What a group of requests names."""

    shops: Sequence[UUID]
    members: Sequence[UUID]
    numbers: Sequence[str]
    holds: Sequence[UUID]
    redemptions: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class HoldLook:
    """What was found. `row_versions` of the accounts prove later that nothing moved."""

    directory: Directory
    numbers: dict[str, UUID]
    accounts: dict[UUID, Account]
    holds: dict[UUID, Hold]
    captures: dict[UUID, Captured]
    row_versions: dict[UUID, int]


@dataclass(slots=True)
class HoldWrite:
    """What a group of requests decided."""

    books: Books = field(default_factory=Books)
    made: list[Hold] = field(default_factory=list)
    changed: dict[UUID, Hold] = field(default_factory=dict)
    redemptions: list[Redemption] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.made or self.changed or self.redemptions or self.books.postings)


async def look_at_holds(
    reader: Statements | Driver,
    program_id: UUID,
    now: datetime,
    wanted: Wanted,
    *,
    is_locking: bool,
    rulebooks: Rulebooks | None = None,
) -> HoldLook:
    """Accounts with their open lots, holds and captures, by one statement.

    Without locks it is true for a moment only. Holds that have run out are among the holds, and
    accounts that others were merged into among the accounts. Shops and tills are read only when
    `rulebooks`, which keeps no policies here, do not know them in the edition of this moment.
    """
    books = rulebooks or Rulebooks()
    known, edition = books.of(program_id), books.edition_of(program_id, wanted.shops)
    shops, *others = wanted
    query = _LOOK if is_locking else _GLANCE
    row = await reader.fetchrow(query, program_id, now, shops, edition, *others)
    if row["edition"] != edition:
        known = books.take(program_id, row["edition"], read_directory(row["directory"], ()))
    accounts: dict[UUID, Account] = {}
    row_versions: dict[UUID, int] = {}
    for found in row["accounts"] or ():
        account = _account(found)
        accounts[account.account_id] = account
        row_versions[account.account_id] = found["row_version"]
    survivors = {a.merged_into for a in accounts.values() if a.merged_into is not None}
    if not (is_locking or survivors <= accounts.keys()):
        further = wanted._replace(members=[*accounts.keys() | survivors])
        return await look_at_holds(
            reader, program_id, now, further, is_locking=False, rulebooks=books
        )
    for found in row["lots"] or ():
        accounts[found["account_id"]].lots.append(_lot(found))
    return HoldLook(
        known,
        dict(zip(row["found_numbers"] or (), row["number_members"] or (), strict=True)),
        accounts,
        {found["hold_id"]: Hold(*found.values()) for found in row["holds"] or ()},
        {found["redemption_id"]: Captured(*found.values()) for found in row["redemptions"] or ()},
        row_versions,
    )


def _account(row: Any) -> Account:
    return Account(
        row["account_id"],
        row["member_id"],
        row["wallet"],
        row["status"] == "open",
        row["balance"],
        row["version"],
        pending=row["pending"],
        held=row["held"],
        frozen_case=row["frozen_case"],
        merged_into=row["merged_into"],
    )


def _lot(row: Any) -> OpenLot:
    # Spending never asks which source made a lot, and to look it up would be a join.
    no_source = row["account_id"]
    terms = LotTerms(row["expires_at"], pending=row["state"] == PENDING)
    return OpenLot(row["version"], row["remaining"], no_source, terms, row["frozen_case"])


async def write_holds_at_once(
    statements: Statements,
    program_id: UUID,
    now: datetime,
    write: HoldWrite,
    row_versions: Iterable[tuple[UUID, int]],
) -> None:
    """Write and commit if none of these accounts moved since, else raise `Collision`."""
    try:
        await statements.write(_WRITE, *_arguments(program_id, now, write, list(row_versions)))
    except asyncpg.PostgresError as error:
        raise _collision_or(error) from error


async def write_holds(
    session: AsyncSession, program_id: UUID, now: datetime, write: HoldWrite
) -> None:
    """Write under locks. Raises `Collision` when somebody made one of the holds meanwhile."""
    connection = await driver(session)
    try:
        await connection.execute(_WRITE, *_arguments(program_id, now, write, ()))
    except asyncpg.PostgresError as error:
        raise _collision_or(error) from error


def _collision_or(error: Exception) -> Exception:
    if getattr(error, "constraint_name", None) in _MADE_ONCE:
        return Collision("The same hold or redemption is being made by somebody else.")
    return collision_or(error)


def _arguments(
    program_id: UUID, now: datetime, write: HoldWrite, seen: Sequence[tuple[UUID, int]]
) -> tuple[Any, ...]:
    books = write.books
    origins = number_origins(Write(books))
    moves = _moves_of(books) if books.postings else []
    return (
        program_id,
        now,
        seen,
        [_made_row(hold) for hold in write.made],
        [(h.hold_id, h.status, h.captured, h.closed_at) for h in write.changed.values()],
        write.redemptions,
        [posting_row(posting, origins) for posting in books.postings],
        books.takes,
        books.returns,
        moves,
        [] if moves else [account_row(account) for account in books.accounts.values()],
        [correlation_id for correlation_id, _ in origins],
        [traceparent for _, traceparent in origins],
    )


def _moves_of(books: Books) -> list[Move]:
    """Where each account is left; those on which only holds changed go along, which saves a
    statement."""
    moves = {move.account_id: move for move in moves_of(books.postings)}
    for account_id, account in books.accounts.items():
        move = moves.get(account_id)
        moves[account_id] = Move(
            account_id,
            account.version if move is None else move.version_before,
            account.version,
            account.balance,
            account.pending,
            account.held,
        )
    return list(moves.values())


def _made_row(h: Hold) -> tuple[Any, ...]:
    return (
        h.hold_id,
        h.account_id,
        h.kind,
        h.status,
        h.points,
        h.captured,
        h.reference,
        h.mall_id,
        h.shop_id,
        h.made_by,
        h.expires_at,
        h.closed_at,
        h.request_hash,
        h.available_after,
    )


async def expire_holds_of(
    session: AsyncSession, program_id: UUID, now: datetime, hold_max: int
) -> int:
    """Free the points of open holds that have run out, oldest first. Returns how many."""
    connection = await driver(session)
    done = await connection.fetchval("SELECT expire_holds($1, $2, $3)", program_id, now, hold_max)
    return int(done)


async def list_programs_with_due_holds(session: AsyncSession, now: datetime) -> list[UUID]:
    """Programmes in which a hold has run out."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT DISTINCT program_id FROM hold WHERE status = 'open' AND kind = 'payment' "
        "AND expires_at <= $1 ORDER BY program_id",
        now,
    )
    return [row["program_id"] for row in rows]

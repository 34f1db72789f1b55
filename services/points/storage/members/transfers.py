"""Transfers between members, each with the hold that sets its points aside."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.members.errors import TransferUnknown
from services.points.domain.members.transfers import (
    ACCEPTED,
    CANCELLED,
    DECLINED,
    EXPIRED,
    Transfer,
)
from services.points.storage.receipts.pos_transactions import lock_accounts
from shared.db import driver

_COLUMNS = (
    "transfer_id, from_member_id, to_member_id, points, message, status, offered_at, "
    "accept_until, closed_at, closed_by"
)
_HOLD_STATUS = {
    ACCEPTED: "captured",
    DECLINED: "released",
    CANCELLED: "released",
    EXPIRED: "expired",
}


async def find_transfer(
    session: AsyncSession, program_id: UUID, transfer_id: UUID, *, is_locking: bool = False
) -> Transfer | None:
    """The transfer. Lock its accounts before locking it."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM transfer WHERE program_id = $1 AND transfer_id = $2"
        + (" FOR UPDATE" if is_locking else ""),
        program_id,
        transfer_id,
    )
    return None if row is None else Transfer(**dict(row))


async def lock_transfer(
    session: AsyncSession, program_id: UUID, transfer_id: UUID, member_id: UUID
) -> tuple[Transfer, dict[UUID, Account]]:
    """The transfer with its two accounts, locked. Raises `TransferUnknown` to all others."""
    seen = await find_transfer(session, program_id, transfer_id)
    if seen is None or member_id not in {seen.from_member_id, seen.to_member_id}:
        raise TransferUnknown("No such transfer of this member.")
    # The members of a transfer never change.
    accounts = await lock_accounts(session, program_id, {seen.from_member_id, seen.to_member_id})
    transfer = await find_transfer(session, program_id, transfer_id, is_locking=True)
    assert transfer is not None
    return transfer, accounts


async def sum_given(session: AsyncSession, program_id: UUID, member_id: UUID, now: datetime) -> int:
    """Points given or on offer within the last 24 hours. What came to nothing does not count."""
    connection = await driver(session)
    total = await connection.fetchval(
        "SELECT coalesce(sum(points), 0)::bigint FROM transfer "
        "WHERE program_id = $1 AND from_member_id = $2 AND offered_at > $3 "
        "AND status IN ('offered', 'accepted')",
        program_id,
        member_id,
        now - timedelta(days=1),
    )
    return int(total)


async def insert_transfer(session: AsyncSession, program_id: UUID, made: Transfer) -> None:
    """Store the offer and its hold. The hold has no clock of its own: the offer has."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO transfer (program_id, transfer_id, from_member_id, to_member_id, points, "
        "message, status, offered_at, accept_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program_id,
        made.transfer_id,
        made.from_member_id,
        made.to_member_id,
        made.points,
        made.message,
        made.status,
        made.offered_at,
        made.accept_until,
    )
    await connection.execute(
        "INSERT INTO hold (program_id, hold_id, account_id, kind, status, points, reference, "
        "made_by, recorded_at) VALUES ($1, $2, $3, 'transfer', 'open', $4, $5, $6, $7)",
        program_id,
        made.transfer_id,
        made.from_member_id,
        made.points,
        f"transfer {made.transfer_id}",
        f"member {made.from_member_id}",
        made.offered_at,
    )


async def close_transfers(session: AsyncSession, program_id: UUID, closed: list[Transfer]) -> None:
    """Store what became of them, and of their holds."""
    connection = await driver(session)
    ids = [transfer.transfer_id for transfer in closed]
    await connection.execute(
        """
        UPDATE transfer t SET status = c.status, closed_at = c.closed_at, closed_by = c.closed_by
        FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
             AS c (transfer_id, status, closed_at, closed_by)
        WHERE t.program_id = $1 AND t.transfer_id = c.transfer_id
        """,
        program_id,
        ids,
        [transfer.status for transfer in closed],
        [transfer.closed_at for transfer in closed],
        [transfer.closed_by for transfer in closed],
    )
    await connection.execute(
        """
        UPDATE hold h SET status = c.status, closed_at = c.closed_at,
            captured = CASE WHEN c.status = 'captured' THEN h.points ELSE 0 END
        FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS c (hold_id, status, closed_at)
        WHERE h.program_id = $1 AND h.hold_id = c.hold_id
        """,
        program_id,
        ids,
        [_HOLD_STATUS[transfer.status] for transfer in closed],
        [transfer.closed_at for transfer in closed],
    )


async def list_transfers(
    session: AsyncSession, program_id: UUID, member_id: UUID, before: UUID | None, limit: int
) -> list[Transfer]:
    """Given and received, the newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM transfer "
        "WHERE program_id = $1 AND (from_member_id = $2 OR to_member_id = $2) "
        "AND ($3::uuid IS NULL OR transfer_id < $3) ORDER BY transfer_id DESC LIMIT $4",
        program_id,
        member_id,
        before,
        limit,
    )
    return [Transfer(**dict(row)) for row in rows]


async def list_due_transfers(
    session: AsyncSession, now: datetime, limit: int
) -> list[tuple[UUID, UUID, UUID]]:
    """(programme, giver, transfer) of offers that nobody took in time, read without locks."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT program_id, from_member_id, transfer_id FROM transfer "
        "WHERE status = 'offered' AND accept_until <= $1 ORDER BY accept_until LIMIT $2",
        now,
        limit,
    )
    return [(row["program_id"], row["from_member_id"], row["transfer_id"]) for row in rows]

"""Cases that freeze an account or one of its lots until somebody closes them."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.members.freezing import Freeze
from services.points.storage.ledger.lots import LOT_COLUMNS, read_lot
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from shared.db import driver

_COLUMNS = (
    "case_id, account_id AS member_id, lot_version, reason ->> 'reason_code' AS reason_code, "
    "reason ->> 'note' AS note, opened_by, opened_at, closed_by, closed_at, outcome"
)


async def lock_with_lots(session: AsyncSession, program_id: UUID, member_id: UUID) -> Account:
    """The member's account, locked, with its open lots."""
    accounts = await lock_accounts(session, program_id, {member_id})
    account = accounts[member_id]
    await load_lots(session, program_id, {member_id: account})
    return account


async def add_lot_of_case(
    session: AsyncSession, program_id: UUID, account: Account, case: Freeze
) -> None:
    """Give the account the lot that the case froze, also when nothing is left in it."""
    if case.lot_version in {None, *(lot.version for lot in account.lots)}:
        return
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {LOT_COLUMNS} FROM lot l JOIN posting p USING (program_id, account_id, version) "
        "WHERE l.program_id = $1 AND l.account_id = $2 AND l.version = $3",
        program_id,
        account.account_id,
        case.lot_version,
    )
    account.lots.append(read_lot(row))


async def insert_freeze(session: AsyncSession, program_id: UUID, made: Freeze) -> None:
    """Open the case, under its account's lock."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO review_case (program_id, case_id, kind, status, account_id, lot_version, "
        "reason, opened_by, opened_at) VALUES ($1, $2, $3, 'open', $4, $5, $6::text::json, $7, $8)",
        program_id,
        made.case_id,
        "account" if made.lot_version is None else "lot",
        made.member_id,
        made.lot_version,
        json.dumps({"reason_code": made.reason_code, "note": made.note}),
        made.opened_by,
        made.opened_at,
    )


async def close_freeze(session: AsyncSession, program_id: UUID, closed: Freeze) -> None:
    """Close the case, under its account's lock."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE review_case SET status = 'closed', closed_by = $3, closed_at = $4, outcome = $5 "
        "WHERE program_id = $1 AND case_id = $2",
        program_id,
        closed.case_id,
        closed.closed_by,
        closed.closed_at,
        closed.outcome,
    )


async def find_freeze(
    session: AsyncSession, program_id: UUID, member_id: UUID, case_id: UUID
) -> Freeze | None:
    """A case of this member, open or closed."""
    found = await _list(
        session, "AND account_id = $2 AND case_id = $3", program_id, member_id, case_id
    )
    return found[0] if found else None


async def list_freezes(
    session: AsyncSession, program_id: UUID, member_id: UUID, before: UUID | None, limit: int
) -> list[Freeze]:
    """Cases of the member, the newest first, older than the case `before`."""
    older = (
        "AND (opened_at, case_id) < (SELECT x.opened_at, x.case_id FROM review_case x "
        "WHERE x.program_id = $1 AND x.case_id = $4)"
    )
    return await _list(
        session,
        f"AND account_id = $2 {older if before else ''} "
        "ORDER BY opened_at DESC, case_id DESC LIMIT $3",
        program_id,
        member_id,
        limit,
        *([before] if before else []),
    )


async def _list(session: AsyncSession, conditions: str, *values: Any) -> list[Freeze]:
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM review_case "
        f"WHERE program_id = $1 AND kind IN ('account', 'lot') {conditions}",
        *values,
    )
    return [Freeze(**dict(row)) for row in rows]

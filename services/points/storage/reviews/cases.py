"""Cases of receipts that were held back."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.reviews.review import Why
from shared.contracts.points_changes import ReviewCaseOpened
from shared.db import driver
from shared.outbox import News, tell

# Malls and shops; both None for all.
Places = tuple[Collection[UUID] | None, Collection[UUID] | None]
OPEN, CLOSED = "open", "closed"
APPROVED, REJECTED = "approved", "rejected"
CLAIMED_BY = "claim of member "


@dataclass(frozen=True, slots=True)
class NewCase:
    """A receipt that was held back, and why."""

    case_id: UUID
    transaction_id: UUID
    member_id: UUID | None
    reasons: Sequence[Why]
    opened_by: str


@dataclass(slots=True)
class Case:
    """A case of a receipt, with what the receipt says and what became of it."""

    case_id: UUID
    status: str
    transaction_id: UUID
    member_id: UUID | None
    reasons: list[Why]
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    outcome: str | None
    note: str | None
    receipt_status: str
    points: int
    mall_id: UUID
    shop_id: UUID
    till_id: str
    receipt_number: str
    business_date: date
    purchased_at: datetime
    total_minor: int
    cashier_id: str | None


_CASE = """
SELECT c.case_id, c.status, c.transaction_id, t.member_id, c.reason -> 'why' AS reasons,
       c.opened_by, c.opened_at, c.closed_by, c.closed_at, c.outcome, c.note,
       t.status AS receipt_status, t.points, t.mall_id, t.shop_id, t.till_id, t.receipt_number,
       t.business_date, t.purchased_at, t.total_minor, t.cashier_id
FROM review_case c JOIN pos_transaction t USING (program_id, transaction_id)
WHERE c.program_id = $1 AND c.kind = 'receipt'
"""


async def insert_cases(
    session: AsyncSession, program_id: UUID, now: datetime, cases: Sequence[NewCase]
) -> None:
    """Open them, beside their receipts, and tell."""
    if not cases:
        return
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO review_case (program_id, case_id, kind, status, account_id, transaction_id,
                                 reason, opened_by, opened_at)
        SELECT $1, n.case_id, 'receipt', 'open', n.member_id, n.transaction_id, n.reason::json,
               n.opened_by, $7
        FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[])
             AS n (case_id, transaction_id, member_id, reason, opened_by)
        """,
        program_id,
        [case.case_id for case in cases],
        [case.transaction_id for case in cases],
        [case.member_id for case in cases],
        [json.dumps({"why": case.reasons}) for case in cases],
        [case.opened_by for case in cases],
        now,
    )
    await tell(session, [News(_opened(program_id, now, case), now) for case in cases])


def _opened(program_id: UUID, now: datetime, case: NewCase) -> ReviewCaseOpened:
    return ReviewCaseOpened(
        program_id=program_id,
        case_id=case.case_id,
        transaction_id=case.transaction_id,
        reasons=tuple(str(why["code"]) for why in case.reasons),
        opened_at=now,
    )


async def find_case(session: AsyncSession, program_id: UUID, case_id: UUID) -> Case | None:
    """A case of a receipt, open or closed. The receipt's lock guards it."""
    found = await _list(session, f"{_CASE} AND c.case_id = $2", program_id, case_id)
    return found[0] if found else None


async def list_cases(
    session: AsyncSession,
    program_id: UUID,
    status: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
    places: Places = (None, None),
) -> list[Case]:
    """Those in one status or all, in these malls or shops, the newest first, older than
    `before`."""
    conditions: list[str] = [""]
    values: list[Any] = [program_id, limit]
    if status is not None:
        # Spelled out: so the index of the open ones is found.
        conditions.append({OPEN: "c.status = 'open'", CLOSED: "c.status = 'closed'"}[status])
    if before is not None:
        conditions.append("(c.opened_at, c.case_id) < ($3, $4)")
        values += before
    malls, shops = places
    if malls is not None or shops is not None:
        first = len(values) + 1
        conditions.append(
            f"(t.mall_id = ANY (${first}::uuid[]) OR t.shop_id = ANY (${first + 1}::uuid[]))"
        )
        values += [sorted(malls or ()), sorted(shops or ())]
    return await _list(
        session,
        f"{_CASE}{' AND '.join(conditions)} ORDER BY c.opened_at DESC, c.case_id DESC LIMIT $2",
        *values,
    )


async def _list(session: AsyncSession, query: str, *values: Any) -> list[Case]:
    connection = await driver(session)
    return [Case(**dict(row)) for row in await connection.fetch(query, *values)]


async def list_approved(
    session: AsyncSession, program_id: UUID, pairs: Sequence[tuple[UUID, UUID]]
) -> set[tuple[UUID, UUID]]:
    """Which of these (receipt, member) staff have let earn before."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT transaction_id, account_id FROM review_case WHERE program_id = $1 "
        "AND account_id = ANY ($2::uuid[]) AND transaction_id = ANY ($3::uuid[]) "
        "AND kind = 'receipt' AND outcome = $4",
        program_id,
        sorted({member_id for _, member_id in pairs}),
        sorted({transaction_id for transaction_id, _ in pairs}),
        APPROVED,
    )
    return {(row["transaction_id"], row["account_id"]) for row in rows}


async def was_claim_rejected(
    session: AsyncSession, program_id: UUID, receipt_id: UUID, member_id: UUID | None
) -> bool:
    """Whether it was a claim of this member that staff rejected, and not what the till sent."""
    connection = await driver(session)
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM review_case WHERE program_id = $1 AND account_id = $2 "
        "AND transaction_id = $3 AND kind = 'receipt' AND outcome = $4 AND opened_by LIKE $5)",
        program_id,
        member_id,
        receipt_id,
        REJECTED,
        f"{CLAIMED_BY}%",
    )
    return found


async def close_case(session: AsyncSession, program_id: UUID, closed: Case) -> None:
    """Somebody has decided. The receipt is locked."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE review_case SET status = 'closed', closed_by = $3, closed_at = $4, outcome = $5, "
        "note = $6 WHERE program_id = $1 AND case_id = $2",
        program_id,
        closed.case_id,
        closed.closed_by,
        closed.closed_at,
        closed.outcome,
        closed.note,
    )


async def find_owner(
    session: AsyncSession, program_id: UUID, transaction_id: UUID
) -> tuple[UUID | None, str | None]:
    """(member, number that nobody had) of a receipt, read without a lock."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT member_id, awaited_number FROM pos_transaction "
        "WHERE program_id = $1 AND transaction_id = $2",
        program_id,
        transaction_id,
    )
    assert row is not None
    return row["member_id"], row["awaited_number"]

"""A job's step: read the next lines of an import, or post its next rows."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.opening_rows import read_header, read_row
from services.points.domain.ledger import ledger
from services.points.domain.ledger.ledger import Cause
from services.points.domain.ledger.lots import LotTerms
from services.points.storage.accounting import import_rows, imports
from services.points.storage.accounting.imports import Import
from services.points.storage.accounting.liability import find_program_zone
from services.points.storage.ledger.accounts import list_posted_sources
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.receipts.pos_transactions import lock_accounts
from services.points.storage.wallets.wallets import list_wallets, open_wallet_accounts
from shared.logs import current_origin

LINES_MAX = 5_000
ROWS_MAX = 1_000


async def work_import(
    session: AsyncSession, now: datetime, lines_max: int = LINES_MAX, rows_max: int = ROWS_MAX
) -> int:
    """Take the oldest import with work to do one step further. Returns 1, or 0 when there is none.

    Each step is one transaction with how far it came: killed anywhere, the next step goes on, and
    a row's reference posts once for ever.
    """
    found = await imports.take_import(session)
    if found is None:
        return 0
    if found.status == "checking":
        await _read(session, now, found, lines_max)
    else:
        await _post(session, now, found, rows_max)
    return 1


async def _read(session: AsyncSession, now: datetime, found: Import, lines_max: int) -> None:
    content = await imports.find_part(session, found, found.part_number)
    zone = await find_program_zone(session, found.program_id)
    if content is None:
        await _finish_reading(session, found, zone)
        return
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        await _refuse(session, found, "not_utf8")
        return
    columns = read_header(lines[0].rstrip("\r")) if found.file_format == "csv" else None
    if found.file_format == "csv" and columns is None:
        await _refuse(session, found, "header_wrong")
        return
    begin = max(found.part_line, 1 if columns is not None else 0)
    texts = [line.rstrip("\r") for line in lines[begin : begin + lines_max]]
    filled = [line for line in texts if line.strip()]
    first = found.rows_read + 1
    rows = [read_row(n, line, columns, zone, now) for n, line in enumerate(filled, first)]
    await import_rows.insert_rows(session, found, rows)
    is_part_done = begin + lines_max >= len(lines)
    await imports.update_import(
        session,
        found,
        rows_read=found.rows_read + len(rows),
        part_number=found.part_number + is_part_done,
        part_line=0 if is_part_done else begin + lines_max,
    )


async def _refuse(session: AsyncSession, found: Import, why: str) -> None:
    await imports.update_import(session, found, status="refused", why_refused=why)


async def _finish_reading(session: AsyncSession, found: Import, zone: str) -> None:
    await import_rows.mark_rows_together(session, found)
    sums = await import_rows.sum_rows(session, found)
    why = None
    if await imports.hash_parts(session, found) != found.sha256:
        why = "sha256_differs"
    elif sums["rows"] != found.rows_told:
        why = "rows_differ"
    elif sums["bad"]:
        why = "rows_are_wrong"
    elif sums["points"] != found.points_told:
        why = "points_differ"
    await imports.update_import(
        session,
        found,
        status="checked" if why is None else "refused",
        why_refused=why,
        rows_bad=sums["bad"],
        points_read=sums["points"],
        totals=json.dumps(await import_rows.sum_by(session, found, zone)),
    )


async def _post(session: AsyncSession, now: datetime, found: Import, rows_max: int) -> None:
    done = found.rows_posted + found.rows_refused
    rows = await import_rows.list_rows_after(session, found, done, rows_max)
    if not rows:
        await imports.update_import(session, found, status="done", done_at=now)
        return
    wanted = {(row["member_id"], row["wallet"]) for row in rows}
    ids = await open_wallet_accounts(session, found.program_id, wanted)
    members = {member_id for member_id, _ in wanted}
    accounts = await lock_accounts(session, found.program_id, members | set(ids.values()))
    sources = [row["source_id"] for row in rows]
    posted = await list_posted_sources(session, found.program_id, "opening", sources)
    wallets = await list_wallets(session, found.program_id)
    write, errors, points = Write(), dict[int, str](), 0
    write.books.origin = current_origin()
    for row in rows:
        account_id = ids.get((row["member_id"], row["wallet"]))
        if row["source_id"] in posted:
            errors[row["row_number"]] = "imported_before"
        elif account_id is None or not accounts[row["member_id"]].is_open:
            errors[row["row_number"]] = "member_unknown"
        elif row["wallet"] not in wallets:
            errors[row["row_number"]] = "wallet_unknown"
        else:
            account = accounts[account_id]
            write.books.credit(account, row["points"], _cause(row, found.import_id), _terms(row))
            points += row["points"]
    await import_rows.set_errors(session, found, errors)
    await imports.add_posted(session, found, len(rows) - len(errors), len(errors), points)
    await write_books(session, found.program_id, now, write)


def _cause(row: Any, import_id: UUID) -> Cause:
    reason = {
        "rule": "opening_balance",
        "import_id": str(import_id),
        "reference": row["reference"],
        "earned_at": row["earned_at"].isoformat(),
    }
    source = ("opening", row["source_id"])
    return Cause("opening", ledger.OPENING, *source, json.dumps(reason), row["earned_at"])


def _terms(row: Any) -> LotTerms:
    return LotTerms(
        expires_at=row["expires_at"],
        mall_id=row["mall_id"],
        shop_id=row["shop_id"],
        funding="opening",
        earned_at=row["earned_at"],
    )

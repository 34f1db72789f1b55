"""Spending and giving back straight in the books, at a mall of the test's choice."""

from uuid import UUID

from services.points.domain.ledger import ledger
from services.points.domain.ledger.ledger import Cause
from services.points.storage.ledger.books import Write, write_books
from services.points.storage.ledger.lots import LOT_COLUMNS, read_lot
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from shared.db import driver, transaction
from shared.ids import new_id
from tests.points.mall import Mall


async def burn(mall: Mall, member_id: UUID, points: int, at: UUID | None) -> int:
    """The member spends points at that mall. Returns the posting's version."""
    async with transaction(mall.engine) as session:
        accounts = await lock_accounts(session, mall.program_id, {member_id})
        await load_lots(session, mall.program_id, accounts)
        write = Write()
        cause = Cause("redeem", ledger.REDEMPTION, "test_burn", new_id(), "{}", mall_id=at)
        posting = write.books.spend(accounts[member_id], points, cause, mall.clock())
        await write_books(session, mall.program_id, mall.clock(), write)
        return posting.version


async def promise_more_than_there_is(
    mall: Mall, member_id: UUID, points: int, at: UUID | None
) -> None:
    """A hold that was made in better times is captured: what is not there becomes debt."""
    async with transaction(mall.engine) as session:
        accounts = await lock_accounts(session, mall.program_id, {member_id})
        await load_lots(session, mall.program_id, accounts)
        write, account = Write(), accounts[member_id]
        account.held += points
        cause = Cause("capture", ledger.REDEMPTION, "test_burn", new_id(), "{}", mall_id=at)
        write.books.capture(account, points, 0, cause)
        await write_books(session, mall.program_id, mall.clock(), write)


async def give_back(mall: Mall, member_id: UUID, version: int, points: int) -> None:
    """Undo a part of that burn, at the mall that burned, into the lots it came from."""
    async with transaction(mall.engine) as session:
        connection = await driver(session)
        accounts = await lock_accounts(session, mall.program_id, {member_id})
        await load_lots(session, mall.program_id, accounts)
        account, known = accounts[member_id], {lot.version: lot for lot in accounts[member_id].lots}
        rows = await connection.fetch(
            f"SELECT {LOT_COLUMNS}, t.points AS taken FROM lot_take t "
            "JOIN lot l ON (l.program_id, l.account_id, l.version) "
            "= (t.program_id, t.account_id, t.lot_version) "
            "JOIN posting p ON (p.program_id, p.account_id, p.version) "
            "= (l.program_id, l.account_id, l.version) "
            "WHERE t.program_id = $1 AND t.account_id = $2 AND t.version = $3 ORDER BY l.version",
            mall.program_id,
            member_id,
            version,
        )
        at = await connection.fetchval(
            "SELECT mall_id FROM posting WHERE program_id = $1 AND account_id = $2 "
            "AND version = $3",
            mall.program_id,
            member_id,
            version,
        )
        parts, left = [], points
        for row in rows:
            part = min(left, row["taken"])
            if part:
                parts.append((known.get(row["version"]) or read_lot(row), part))
            left -= part
        assert left == 0
        write = Write()
        cause = Cause("reversal", ledger.REDEMPTION, "test_back", new_id(), "{}", mall_id=at)
        write.books.give_back(account, parts, cause)
        await write_books(session, mall.program_id, mall.clock(), write)


async def expire(mall: Mall, member_id: UUID, points: int) -> None:
    """Points of the member's first lot end, here and now."""
    await mall.execute(
        "UPDATE lot SET expires_at = least(expires_at, :now) "
        "WHERE program_id = :p AND account_id = :m AND version = "
        "(SELECT min(version) FROM lot WHERE program_id = :p AND account_id = :m "
        "AND remaining > 0)",
        m=member_id,
        now=mall.clock(),
    )
    async with transaction(mall.engine) as session:
        accounts = await lock_accounts(session, mall.program_id, {member_id})
        await load_lots(session, mall.program_id, accounts)
        write, account = Write(), accounts[member_id]
        cause = Cause("expire", ledger.EXPIRY, "test_expiry", new_id(), "{}")
        write.books.take_from(
            account, [(min(account.lots, key=lambda lot: lot.version), points)], cause
        )
        await write_books(session, mall.program_id, mall.clock(), write)

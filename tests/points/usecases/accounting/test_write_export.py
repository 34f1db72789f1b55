"""Files are written in chunks, hold what was posted at one instant, and survive every kill."""

import hashlib

import pytest

from services.points.storage.accounting.exports import LEDGER, STATEMENT
from services.points.usecases.accounting.write_export import write_export
from shared.db import transaction
from tests.points.exporting import (
    ask_ledger,
    read_file,
    rows_of,
    take_snapshot,
    write_step,
    write_until_ready,
)
from tests.points.mall import Mall


@pytest.fixture(autouse=True)
async def no_file_of_others_is_open(mall: Mall) -> None:
    """The oldest file goes first, also one that another test of this database left open."""
    while await write_step(mall):
        pass


async def a_few_members(mall: Mall, members: int, sales: int) -> None:
    for _ in range(members):
        member_id = await mall.enrol()
        for _ in range(sales):
            await mall.sold(1_000, member_id=member_id)


async def test_the_file_holds_every_posting_with_its_hash_and_its_count(mall: Mall) -> None:
    await a_few_members(mall, 3, 4)
    address = await ask_ledger(mall)
    told = await write_until_ready(mall, address, 5)
    content = await read_file(mall, address)
    assert hashlib.sha256(content).hexdigest() == told["sha256"]
    assert (len(content), told["rows"]) == (told["bytes"], 12)
    rows = rows_of(content)
    books = await mall.rows(
        "SELECT account_id::text, version::text, points::text, balance_after::text FROM posting "
        "WHERE program_id = :p ORDER BY account_id, version"
    )
    names = ("account_id", "version", "points", "balance_after")
    assert [tuple(row[name] for name in names) for row in rows] == books


async def test_what_is_posted_while_the_file_is_written_is_not_in_it(mall: Mall) -> None:
    await a_few_members(mall, 2, 3)
    address = await ask_ledger(mall)
    await take_snapshot(mall)
    await a_few_members(mall, 2, 1)
    known = [
        row[0] for row in await mall.rows("SELECT account_id FROM account WHERE program_id=:p")
    ]
    for member_id in known:
        await mall.sold(2_000, member_id=member_id)
    told = await write_until_ready(mall, address, 2)
    rows = rows_of(await read_file(mall, address))
    assert (told["rows"], told["postings_total"]) == (6, 6)
    assert {row["points"] for row in rows} == {"10"}


async def test_killed_at_every_step_the_file_is_the_same(mall: Mall) -> None:
    await a_few_members(mall, 2, 5)
    plain = await ask_ledger(mall)
    await write_until_ready(mall, plain, 3)
    killed = await ask_ledger(mall)
    for _ in range(20):
        with pytest.raises(LookupError):
            async with transaction(mall.engine) as session:
                await write_export(session, mall.clock(), LEDGER, 3)
                raise LookupError("killed")
        await write_step(mall, 3)
    assert (await mall.get(killed)).json()["status"] == "ready"
    assert await read_file(mall, killed) == await read_file(mall, plain)


async def test_bounds_are_when_it_was_recorded_the_first_instant_included(mall: Mall) -> None:
    member_id = await mall.enrol()
    for _ in range(3):
        await mall.sold(1_000, member_id=member_id)
        mall.clock.advance(hours=1)
    middle = mall.clock.now.replace(hour=13)
    bounds = {"from_at": middle.isoformat(), "until_at": middle.replace(hour=14).isoformat()}
    address = await ask_ledger(mall, **bounds)
    told = await write_until_ready(mall, address)
    [row] = rows_of(await read_file(mall, address))
    assert (row["version"], row["recorded_at"]) == ("2", "2026-03-10T13:00:00Z")
    assert told["rows"] == 1


async def test_a_programme_without_postings_has_a_file_with_a_header(mall: Mall) -> None:
    address = await ask_ledger(mall)
    told = await write_until_ready(mall, address)
    assert (told["rows"], rows_of(await read_file(mall, address))) == (0, [])


async def test_a_long_ledger_does_not_keep_a_statement_waiting_nor_the_other_way_round(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    for _ in range(4):
        await mall.sold(1_000, member_id=member_id)
    ledger = await ask_ledger(mall)
    asked = await mall.post(f"/v1/members/{member_id}/statement-exports", {}, member_id)
    assert asked.status_code == 202
    for _ in range(3):
        for kind, postings_max in ((LEDGER, 1), (STATEMENT, 100)):
            async with transaction(mall.engine) as session:
                assert await write_export(session, mall.clock(), kind, postings_max) == 1
    assert (await mall.get(asked.headers["location"])).json()["status"] == "ready"
    assert (await mall.get(ledger)).json()["status"] == "open"
    await write_until_ready(mall, ledger)


async def test_two_writers_do_not_write_the_same_file(mall: Mall) -> None:
    await a_few_members(mall, 1, 1)
    address = await ask_ledger(mall)
    async with transaction(mall.engine) as session:
        assert await write_export(session, mall.clock(), LEDGER) == 1
        others = await mall.count(
            "SELECT count(*) FROM export WHERE program_id = :p AND snapshot_at IS NULL",
            p=mall.program_id,
        )
        assert others == 1
        async with transaction(mall.engine) as other:
            await write_export(other, mall.clock(), LEDGER)
    told = await write_until_ready(mall, address)
    assert told["rows"] == 1

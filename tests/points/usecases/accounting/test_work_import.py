"""Opening balances: a dry run that posts nothing, a commit that posts each row once."""

from typing import Any

import pytest

from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from services.points.usecases.accounting.work_import import work_import
from services.points.usecases.wallets.set_wallet import set_wallet
from shared.db import transaction
from shared.ids import new_id, new_member_number
from tests.points.importing import (
    begin,
    bring_in,
    lines_of,
    post,
    row,
    told_of,
    work_step,
    work_until_rest,
)
from tests.points.mall import Mall
from tests.points.usecases.wallets.test_set_wallet import EXPIRY, STARS


async def check(mall: Mall, content: bytes, rows: int, points: int, file_format: str) -> Any:
    address = await begin(mall, content, file_format=file_format)
    agreed = told_of(content, rows=rows, points=points)
    assert (await post(mall, f"{address}/checks", agreed)).status_code == 202
    told = await work_until_rest(mall, address, 2)
    errors = (await mall.get(f"{address}/errors")).json()
    return told, [(error["row_number"], error["error"]) for error in errors]


async def test_each_row_is_a_lot_with_its_own_day_and_end(mall: Mall) -> None:
    member_id = await mall.enrol()
    rows = [
        row(member_id, "a", 100, expires_on="2026-06-30", shop_id=str(mall.shop_id)),
        row(member_id, "b", 50, earned_on="2025-07-01"),
    ]
    told = await bring_in(mall, rows)
    assert (told["status"], told["rows_posted"], told["points_posted"]) == ("done", 2, 150)
    assert told["totals"] == {
        "by_wallet": {"points": 150},
        "by_mall": {str(mall.mall_id): 100, "programme": 50},
        "by_month_earned": {"2025-06": 100, "2025-07": 50},
        "by_month_of_end": {"2026-06": 100, "never": 50},
    }
    lots = await mall.rows(
        "SELECT points, earned_at::text, expires_at::text, mall_id, shop_id, funding FROM lot "
        "WHERE program_id = :p ORDER BY version"
    )
    assert lots == [
        (
            100,
            "2025-06-29 16:00:00+00",
            "2026-06-30 16:00:00+00",
            mall.mall_id,
            mall.shop_id,
            "opening",
        ),
        (50, "2025-06-30 16:00:00+00", None, None, None, "opening"),
    ]
    explained = (await mall.get(f"/v1/members/{member_id}/postings/1")).json()
    assert explained["counter_account"] == "opening"
    assert "a of the old books" in explained["sentences"]["en"]


async def test_the_vintage_of_what_was_brought_over_is_when_it_was_earned(mall: Mall) -> None:
    member_id = await mall.enrol()
    await bring_in(mall, [row(member_id, "a", 100)])
    mall.clock.advance(days=1)
    async with transaction(mall.engine) as session:
        await snapshot_liability(session, mall.clock(), mall.program_id)
    assert await mall.rows(
        "SELECT vintage::text, imported, closing FROM liability_row WHERE program_id = :p"
    ) == [("2025-06-01", 100, 100)]


async def test_csv_in_parts_names_members_by_number(mall: Mall) -> None:
    member_id, number = new_id(), new_member_number()
    await mall.hear(mall.enrolled(member_id, number))
    header = "reference,member_number,points,earned_on,expires_on\r\n"
    parts = [
        f"\ufeff{header}a,{number},10,2025-01-31,\r\n\r\n".encode(),
        f'{header}"b",{number},20,2025-02-28,2027-01-31'.encode(),
    ]
    address = await begin(mall, *parts, file_format="csv")
    agreed = told_of(*parts, rows=2, points=30)
    assert (await post(mall, f"{address}/checks", agreed)).status_code == 202
    assert (await work_until_rest(mall, address))["status"] == "checked"
    assert await mall.balance(member_id) == 0
    await post(mall, f"{address}/commits", agreed)
    assert (await work_until_rest(mall, address))["status"] == "done"
    assert await mall.balance(member_id) == 30


async def test_the_dry_run_names_every_wrong_row_and_posts_nothing(mall: Mall) -> None:
    member_id = await mall.enrol()
    await bring_in(mall, [row(member_id, "before", 1)])
    async with transaction(mall.engine) as session:
        await set_wallet(session, mall.clock(), mall.program_id, STARS, EXPIRY, "x")
    rows = [
        row(member_id, "good", 5),
        row(new_id(), "stranger", 5),
        row(member_id, "good", 5),
        row(member_id, "before", 5),
        row(member_id, "moons", 5, wallet="moons"),
        row(member_id, "stars", 101, wallet="stars"),
        row(member_id, "shop", 5, shop_id=str(new_id())),
        row(member_id, "mall", 5, mall_id=str(new_id())),
        row(member_id, "both", 5, mall_id=str(new_id()), shop_id=str(mall.shop_id)),
        row(member_id, "zero", 0),
    ]
    told, errors = await check(mall, lines_of(rows), 10, 141, "jsonl")
    assert (told["status"], told["why_refused"], told["rows_bad"]) == (
        "refused",
        "rows_are_wrong",
        9,
    )
    assert errors == [
        (2, "member_unknown"),
        (3, "reference_repeated"),
        (4, "imported_before"),
        (5, "wallet_unknown"),
        (6, "wallet_full"),
        (7, "shop_unknown"),
        (8, "mall_unknown"),
        (9, "shop_of_another_mall"),
        (10, "points_not_positive_whole"),
    ]
    assert await mall.balance(member_id) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rows": 3}, "rows_differ"),
        ({"points": 11}, "points_differ"),
    ],
)
async def test_a_file_that_is_not_as_told_is_refused(
    mall: Mall, changes: dict[str, Any], why: str
) -> None:
    member_id = await mall.enrol()
    content = lines_of([row(member_id, "a", 5), row(member_id, "b", 5)])
    address = await begin(mall, content)
    agreed = {**told_of(content, rows=2, points=10), **changes}
    await post(mall, f"{address}/checks", agreed)
    told = await work_until_rest(mall, address)
    assert (told["status"], told["why_refused"]) == ("refused", why)


async def test_parts_that_changed_since_the_hash_was_told_are_refused(mall: Mall) -> None:
    content = lines_of([row(await mall.enrol(), "a", 5)])
    address = await begin(mall, content)
    await post(mall, f"{address}/checks", told_of(content, rows=1, points=5))
    await mall.execute("UPDATE import_part SET content = content || '\\x0a' WHERE program_id = :p")
    assert (await work_until_rest(mall, address))["why_refused"] == "sha256_differs"


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xff\xfe", "not_utf8"), (b"reference,points\n", "header_wrong"), (b"\n", "header_wrong")],
)
async def test_a_file_that_cannot_be_read_is_refused(mall: Mall, content: bytes, why: str) -> None:
    told, _ = await check(mall, content, 1, 1, "csv")
    assert (told["status"], told["why_refused"]) == ("refused", why)
    assert "Part 1" in told["refusal"]


async def test_killed_at_every_step_the_books_are_the_same(mall: Mall) -> None:
    members = [await mall.enrol() for _ in range(4)]
    rows = [row(members[n % 4], f"r{n}", n + 1) for n in range(23)]
    content = lines_of(rows)
    agreed = told_of(content, rows=23, points=276)
    address = await begin(mall, content)
    for step, status in (("checks", "checked"), ("commits", "done")):
        await post(mall, f"{address}/{step}", agreed)
        for _ in range(12):
            with pytest.raises(LookupError):
                async with transaction(mall.engine) as session:
                    await work_import(session, mall.clock(), 5, 5)
                    raise LookupError("killed")
            await work_step(mall, 5, 5)
        assert (await mall.get(address)).json()["status"] == status
    assert sum([await mall.balance(member_id) for member_id in members]) == 276


async def test_a_reference_counts_once_for_ever_also_when_two_files_race(mall: Mall) -> None:
    member_id = await mall.enrol()
    content = lines_of([row(member_id, "same", 7)])
    agreed = told_of(content, rows=1, points=7)
    addresses = [await begin(mall, content) for _ in range(2)]
    for step in ("checks", "commits"):
        for address in addresses:
            assert (await post(mall, f"{address}/{step}", agreed)).status_code == 202
        told = [await work_until_rest(mall, address) for address in addresses]
    assert sorted((t["rows_posted"], t["rows_refused"]) for t in told) == [(0, 1), (1, 0)]
    assert await mall.balance(member_id) == 7


async def test_another_wallet_is_filled_under_the_same_rules(mall: Mall) -> None:
    member_id = await mall.enrol()
    async with transaction(mall.engine) as session:
        await set_wallet(session, mall.clock(), mall.program_id, STARS, EXPIRY, "x")
    rows = [row(member_id, "a", 60, wallet="stars"), row(member_id, "b", 5)]
    await bring_in(mall, rows)
    wallets = (await mall.get(f"/v1/members/{member_id}/wallets", member_id)).json()
    assert [(wallet["wallet"], wallet["balance"]) for wallet in wallets] == [
        ("points", 5),
        ("stars", 60),
    ]


async def test_what_was_brought_over_repays_a_debt_first(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.adjust(member_id, -100, "spent")
    await mall.push(mall.refund(sale))
    await bring_in(mall, [row(member_id, "a", 130)])
    assert await mall.balance(member_id) == 30

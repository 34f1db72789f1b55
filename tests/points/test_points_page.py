"""What docs/points.md tells finance is what happens: its tables are read and done."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.points.usecases.accounting.snapshot_liability import snapshot_liability
from shared.db import transaction
from shared.ids import new_id
from tests.points.books_at_hand import burn, give_back
from tests.points.importing import bring_in
from tests.points.mall import Mall
from tests.points.nights import pass_night

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "points.md").read_text()
Table = list[list[str]]


@dataclass
class Visit:
    """One member's story in one example."""

    mall: Mall
    member_id: UUID
    other_mall: UUID = field(default_factory=new_id)
    sale: dict[str, Any] = field(default_factory=dict)
    left: int = 0  # Of the receipt, in minor units, not returned yet.
    spent: int = 0  # The posting that spent last.


def examples() -> dict[str, list[Table]]:
    """The tables below each heading "Example: …"."""
    found = {}
    for part in PAGE.split("### Example: ")[1:]:
        title, _, text = part.partition("\n")
        tables: list[Table] = []
        for block in re.findall(r"(?:^\|.*\n)+", text.split("\n## ")[0], flags=re.MULTILINE):
            rows = [
                [cell.strip() for cell in line.strip("| ").split("|")]
                for line in block.splitlines()
            ]
            tables.append([rows[0], *rows[2:]])
        found[title] = tables
    return found


EXAMPLES = examples()


def minor(amount: str) -> int:
    return int(amount.replace(".", ""))


async def act(visit: Visit, words: str) -> None:
    """Do what a row says."""
    mall, member_id = visit.mall, visit.member_id
    match words.replace(",", "").split():
        case ["buys", "for", amount]:
            visit.sale, visit.left = await mall.sold(minor(amount), member_id=member_id), 0
        case ["buys", "for", amount, "dated", day]:
            bought_at = datetime.fromisoformat(f"{day}T12:00:00+08:00").isoformat()
            sale = mall.sale(
                minor(amount), member_id=member_id, purchased_at=bought_at, business_date=day
            )
            assert (await mall.push(sale)).status_code == 201
        case ["returns", amount, "of", "the", "receipt"]:
            answer = await mall.push(mall.refund(visit.sale, (1, minor(amount))))
            assert answer.status_code == 201, answer.text
        case ["brings", "over", points, "good", _, until]:
            row = {"reference": new_id().hex, "member_id": str(member_id), "points": int(points)}
            row |= {"earned_on": "2025-06-30"}
            row |= {} if until == "ever" else {"expires_on": until}
            assert (await bring_in(mall, [row]))["rows_posted"] == 1
        case ["spends", points, *elsewhere]:
            at = visit.other_mall if elsewhere else mall.mall_id
            visit.spent = await burn(mall, member_id, int(points), at)
        case ["gets", points, "of", "it", "back"]:
            await give_back(mall, member_id, visit.spent, int(points))
        case ["the", "night", "comes"]:
            await pass_night(mall, hours=4, seconds=1)
        case _:
            raise AssertionError(f"the page says what nobody understands: {words}")


async def follow(visit: Visit, table: Table) -> None:
    """Do row after row, and see the points move and the balance as told."""
    balance = 0
    for day, words, points, told in table[1:]:
        at = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=12)
        visit.mall.clock.now = max(at, visit.mall.clock.now.replace())
        visit.mall.clock.advance(seconds=1)
        await act(visit, words)
        assert await visit.mall.balance(visit.member_id) == int(told) == balance + int(points), (
            words
        )
        balance = int(told)


async def assert_liability(visit: Visit, table: Table) -> None:
    """The last day's picture is the table."""
    visit.mall.clock.advance(days=1)
    done = 1
    while done:
        async with transaction(visit.mall.engine) as session:
            done = await snapshot_liability(session, visit.mall.clock(), visit.mall.program_id)
    days = (await visit.mall.get("/v1/liability", first_day="2026-03-01")).json()
    told = [[row[0], *map(int, row[1:])] for row in table[1:]]
    names = [name.replace(" ", "_") for name in table[0][1:]]
    moved = [day for day in days if any(any(row[n] for n in names[1:-1]) for row in day["rows"])]
    summed: dict[str, list[int]] = {}
    for row in moved[-1]["rows"]:
        vintage = row["vintage"][:7] if row["vintage"] else "debt"
        figures = [row[name] for name in names]
        summed[vintage] = [
            a + b for a, b in zip(summed.get(vintage, [0] * 10), figures, strict=True)
        ]
    assert [[vintage, *figures] for vintage, figures in summed.items()] == told


async def assert_lots(visit: Visit, table: Table) -> None:
    """What is left in each lot is the table."""
    rows = await visit.mall.rows(
        "SELECT coalesce(((expires_at - interval '1 second') AT TIME ZONE 'Asia/Shanghai')::date"
        "::text, 'ever'), remaining FROM lot WHERE program_id = :p AND account_id = :m "
        "ORDER BY expires_at",
        m=visit.member_id,
    )
    assert [(row[0].split()[-1], int(row[1])) for row in table[1:]] == rows


async def assert_clearing(visit: Visit, table: Table) -> None:
    """What one mall owes the other is the table."""
    amount, per_points = re.findall(r"\d+", table[0][0])
    price = {
        "effective_from": "2026-03-01T00:00:00Z",
        "amount_minor": int(amount),
        "per_points": int(per_points),
        "currency": "CNY",
    }
    mall = visit.mall
    await mall.client.post("/v1/clearing/prices", json=price, headers=mall.staff())
    days = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
    [due] = (await mall.get("/v1/clearing", **days)).json()["dues"]
    assert (due["debtor_mall_id"], due["creditor_mall_id"]) == (
        str(mall.mall_id),
        str(visit.other_mall),
    )
    [_, points, money] = table[1]
    assert (due["points"], due["amount_minor"]) == (int(points), int(money))


CHECKS = {
    "vintage": assert_liability,
    "lots": assert_lots,
    "1 minor unit for 2 points": assert_clearing,
}


@pytest.mark.parametrize("title", EXAMPLES)
async def test_the_example_is_what_happens(mall: Mall, title: str) -> None:
    story, *pictures = EXAMPLES[title]
    visit = Visit(mall, await mall.enrol())
    await follow(visit, story)
    for picture in pictures:
        await CHECKS[picture[0][0]](visit, picture)


def test_there_are_examples_of_every_part_of_a_points_life() -> None:
    assert len(EXAMPLES) == 5
    assert sum(len(tables) for tables in EXAMPLES.values()) == 10


NAMED = re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", PAGE.split("## What went wrong")[1])


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_tests_that_the_page_names_are_there(path: str, name: str) -> None:
    text = (ROOT / "tests" / path).read_text()
    assert not name or re.search(rf"^(async )?def {name}\(", text, flags=re.MULTILINE), name

"""Gifts and their stock: exact under any concurrency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rewards.spending import StockKey
from services.campaigns.domain.rules.errors import StockBelowGranted
from shared.db import driver
from shared.errors import Invariant
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class StockRow:
    """One shelf of a gift; `mall_id` None is the programme's."""

    stock_id: UUID
    sku: str
    mall_id: UUID | None
    initial: int
    remaining: int

    @property
    def key(self) -> StockKey:
        """How rules name the shelf."""
        return self.sku, self.mall_id


async def lock_stock(
    session: AsyncSession, program_id: UUID, skus: Sequence[str]
) -> list[StockRow]:
    """Every shelf of these gifts, locked in ascending order."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT stock_id, sku, mall_id, initial, remaining FROM gift_stock "
        "WHERE program_id = $1 AND sku = ANY ($2::text[]) ORDER BY stock_id FOR NO KEY UPDATE",
        program_id,
        sorted(set(skus)),
    )
    return [StockRow(**dict(row)) for row in rows]


def shelf_of(shelves: Mapping[StockKey, StockRow], sku: str, mall_id: UUID) -> StockRow | None:
    """The mall's own shelf of the gift, else the programme's."""
    return shelves.get((sku, mall_id)) or shelves.get((sku, None))


async def move_stock(session: AsyncSession, program_id: UUID, taken: Mapping[UUID, int]) -> None:
    """Take (or, below 0, put back) from each shelf; all of it or an `Invariant`."""
    moves = {stock_id: count for stock_id, count in taken.items() if count}
    if not moves:
        return
    connection = await driver(session)
    moved = await connection.fetch(
        """
        UPDATE gift_stock s SET remaining = s.remaining - n.count
        FROM unnest($2::uuid[], $3::int[]) AS n (stock_id, count)
        WHERE s.program_id = $1 AND s.stock_id = n.stock_id AND s.remaining >= n.count
        RETURNING 1
        """,
        program_id,
        list(moves),
        list(moves.values()),
    )
    if len(moved) != len(moves):
        raise Invariant("a shelf holds less than was decided under its lock")


async def upsert_gift(
    session: AsyncSession, program_id: UUID, sku: str, name_zh: str, name_en: str
) -> None:
    """Write the gift's names."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO gift (program_id, sku, name_zh, name_en) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (program_id, sku) DO UPDATE SET name_zh = $3, name_en = $4",
        program_id,
        sku,
        name_zh,
        name_en,
    )


async def set_stock(
    session: AsyncSession, program_id: UUID, sku: str, wanted: Mapping[UUID | None, int]
) -> None:
    """Give each shelf its new initial count; shelves not named keep only what is granted.

    Raises `StockBelowGranted` when a shelf has granted more than its new count.
    """
    shelves = {row.mall_id: row for row in await lock_stock(session, program_id, [sku])}
    connection = await driver(session)
    for mall_id, row in shelves.items():
        granted = row.initial - row.remaining
        initial = wanted.get(mall_id, granted)
        if initial < granted:
            raise StockBelowGranted(
                f"{granted} of this gift are granted already.", granted=granted, wanted=initial
            )
        await connection.execute(
            "UPDATE gift_stock SET initial = $3, remaining = $4 "
            "WHERE program_id = $1 AND stock_id = $2",
            program_id,
            row.stock_id,
            initial,
            initial - granted,
        )
    for mall_id in [m for m in wanted if m not in shelves]:
        await connection.execute(
            "INSERT INTO gift_stock (program_id, stock_id, sku, mall_id, initial, remaining) "
            "VALUES ($1, $2, $3, $4, $5, $5)",
            program_id,
            new_id(),
            sku,
            mall_id,
            wanted[mall_id],
        )


async def get_shelf_mall(session: AsyncSession, program_id: UUID, stock_id: UUID) -> UUID | None:
    """The mall whose shelf it is; None for the programme's."""
    connection = await driver(session)
    mall_id: UUID | None = await connection.fetchval(
        "SELECT mall_id FROM gift_stock WHERE program_id = $1 AND stock_id = $2",
        program_id,
        stock_id,
    )
    return mall_id

"""The directory's rows: what a request names, and writing what was decided."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Label, Mall, Shop, Till
from services.membership.domain.directory.directory_plan import (
    Directory,
    DirectoryPlan,
    DirectoryWanted,
)
from shared.db import Driver, driver

MALL = "mall_id, code, name, time_zone, currency, revision"
LABEL = "code, name, revision"
SHOP = "shop_id, code, name, mall_id, brand, category, is_open, revision"
TILL = "shop_id, till_id, key_version, previous_key_until, is_active, revision"


async def load_directory(
    session: AsyncSession, program_id: UUID, wanted: DirectoryWanted
) -> Directory:
    """All malls; brands, categories, shops and tills that are named; the named malls' shops."""
    connection = await driver(session)
    shops = {shop.code for shop in wanted.shops} | {till.shop for till in wanted.tills}
    brands = {label.code for label in wanted.brands} | {s.brand for s in wanted.shops if s.brand}
    categories = {label.code for label in wanted.categories}
    categories |= {s.category for s in wanted.shops if s.category}
    malls = await connection.fetch(f"SELECT {MALL} FROM mall WHERE program_id = $1", program_id)
    found = Directory(
        malls={row["code"]: Mall(**row) for row in malls},
        brands=await _labels(connection, "brand", program_id, brands),
        categories=await _labels(connection, "category", program_id, categories),
    )
    told_with = [found.malls[m.code].mall_id for m in wanted.malls if m.code in found.malls]
    rows = await connection.fetch(
        f"SELECT {SHOP} FROM shop "
        "WHERE program_id = $1 AND (code = ANY ($2::text[]) OR mall_id = ANY ($3::uuid[]))",
        program_id,
        list(shops),
        told_with,
    )
    found.shops = {row["code"]: Shop(**row) for row in rows}
    till_shops = {t.shop for t in wanted.tills} & found.shops.keys()
    rows = await connection.fetch(
        f"SELECT {TILL} FROM till WHERE program_id = $1 AND shop_id = ANY ($2::uuid[])",
        program_id,
        [found.shops[code].shop_id for code in till_shops],
    )
    found.tills = {(row["shop_id"], row["till_id"]): Till(**row) for row in rows}
    return found


async def _labels(
    connection: Driver, table: str, program_id: UUID, codes: Iterable[str]
) -> dict[str, Label]:
    rows = await connection.fetch(
        f"SELECT {LABEL} FROM {table} WHERE program_id = $1 AND code = ANY ($2::text[])",
        program_id,
        list(codes),
    )
    return {row["code"]: Label(**row) for row in rows}


async def store_directory(session: AsyncSession, program_id: UUID, plan: DirectoryPlan) -> None:
    """Write the plan's new states, one statement a table."""
    await _upsert(
        session,
        program_id,
        "mall",
        MALL,
        "mall_id",
        "uuid, text, text, text, text, int",
        [
            (m.mall_id, m.code, m.name, m.time_zone, m.currency, m.revision)
            for m in plan.malls.values()
        ],
    )
    for table, labels in (("brand", plan.brands), ("category", plan.categories)):
        await _upsert(
            session,
            program_id,
            table,
            LABEL,
            "code",
            "text, text, int",
            [(label.code, label.name, label.revision) for label in labels.values()],
        )
    await _upsert(
        session,
        program_id,
        "shop",
        SHOP,
        "shop_id",
        "uuid, text, text, uuid, text, text, bool, int",
        [
            (s.shop_id, s.code, s.name, s.mall_id, s.brand, s.category, s.is_open, s.revision)
            for s in plan.shops.values()
        ],
    )
    await store_tills(session, program_id, list(plan.tills.values()))


async def store_tills(session: AsyncSession, program_id: UUID, tills: Sequence[Till]) -> None:
    """Write tills as they now are."""
    await _upsert(
        session,
        program_id,
        "till",
        TILL,
        "shop_id, till_id",
        "uuid, text, int, timestamptz, bool, int",
        [
            (t.shop_id, t.till_id, t.key_version, t.previous_key_until, t.is_active, t.revision)
            for t in tills
        ],
    )


async def _upsert(
    session: AsyncSession,
    program_id: UUID,
    table: str,
    columns: str,
    key: str,
    types: str,
    rows: Sequence[tuple[Any, ...]],
) -> None:
    if not rows:
        return
    keys = key.split(", ")
    arrays = ", ".join(f"${i}::{t}[]" for i, t in enumerate(types.split(", "), start=2))
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns.split(", ") if c not in keys)
    connection = await driver(session)
    await connection.execute(
        f"INSERT INTO {table} (program_id, {columns}) SELECT $1, * FROM unnest({arrays}) "
        f"ON CONFLICT (program_id, {key}) DO UPDATE SET {sets}",
        program_id,
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def lock_till(
    session: AsyncSession, program_id: UUID, shop_code: str, till_id: str
) -> tuple[Till, UUID] | None:
    """The till and its mall, held until the end of the transaction."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT t.shop_id, t.till_id, t.key_version, t.previous_key_until, t.is_active, "
        "t.revision, s.mall_id FROM shop s JOIN till t USING (program_id, shop_id) "
        "WHERE s.program_id = $1 AND s.code = $2 AND t.till_id = $3 FOR UPDATE OF t",
        program_id,
        shop_code,
        till_id,
    )
    if row is None:
        return None
    values = dict(row)
    mall_id = values.pop("mall_id")
    return Till(**values), mall_id

"""The local copy of malls, shops, brands and categories; a newer revision replaces an older."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.membership import BrandChanged, CategoryChanged, MallChanged, ShopChanged
from shared.db import driver


async def upsert_malls(
    session: AsyncSession, program_id: UUID, malls: Sequence[MallChanged]
) -> None:
    """Write malls, one entry each."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO mall (program_id, mall_id, code, name, time_zone, currency, revision)
        SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
                                 $7::bigint[])
        ON CONFLICT (program_id, mall_id) DO UPDATE SET code = excluded.code,
            name = excluded.name, time_zone = excluded.time_zone, currency = excluded.currency,
            revision = excluded.revision WHERE mall.revision < excluded.revision
        """,
        program_id,
        [m.mall_id for m in malls],
        [m.code for m in malls],
        [m.name for m in malls],
        [m.time_zone for m in malls],
        [m.currency for m in malls],
        [m.revision for m in malls],
    )


async def upsert_shops(
    session: AsyncSession, program_id: UUID, shops: Sequence[ShopChanged]
) -> None:
    """Write shops, one entry each."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO shop (program_id, shop_id, mall_id, code, name, time_zone, currency, brand,
                          category, is_open, revision)
        SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                 $7::text[], $8::text[], $9::text[], $10::bool[], $11::bigint[])
        ON CONFLICT (program_id, shop_id) DO UPDATE SET mall_id = excluded.mall_id,
            code = excluded.code, name = excluded.name, time_zone = excluded.time_zone,
            currency = excluded.currency, brand = excluded.brand, category = excluded.category,
            is_open = excluded.is_open, revision = excluded.revision
            WHERE shop.revision < excluded.revision
        """,
        program_id,
        [s.shop_id for s in shops],
        [s.mall_id for s in shops],
        [s.code for s in shops],
        [s.name for s in shops],
        [s.time_zone for s in shops],
        [s.currency for s in shops],
        [s.brand for s in shops],
        [s.category for s in shops],
        [s.is_open for s in shops],
        [s.revision for s in shops],
    )


async def upsert_names(
    session: AsyncSession,
    program_id: UUID,
    table: str,
    names: Sequence[BrandChanged | CategoryChanged],
) -> None:
    """Write brands or categories (`table` says which), one entry each."""
    assert table in ("brand", "category")
    connection = await driver(session)
    await connection.execute(
        f"""
        INSERT INTO {table} (program_id, code, name, revision)
        SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
        ON CONFLICT (program_id, code) DO UPDATE SET name = excluded.name,
            revision = excluded.revision WHERE {table}.revision < excluded.revision
        """,
        program_id,
        [n.code for n in names],
        [n.name for n in names],
        [n.revision for n in names],
    )


async def fill_in_shops(
    session: AsyncSession, program_id: UUID, shop_ids: Sequence[UUID]
) -> Mapping[UUID, int]:
    """Give receipts that came before their shop its brand and category: how many, by shop.

    Receipts of shops known at the time keep what they were: a rebranding does not rewrite history.
    """
    connection = await driver(session)
    rows = await connection.fetch(
        """
        WITH filled AS (
            UPDATE receipt r SET shop_brand = s.brand, shop_category = s.category,
                                 shop_is_known = true
            FROM shop s
            WHERE r.program_id = $1 AND r.shop_id = ANY ($2::uuid[]) AND NOT r.shop_is_known
              AND s.program_id = r.program_id AND s.shop_id = r.shop_id
            RETURNING r.shop_id)
        SELECT shop_id, count(*) AS receipts FROM filled GROUP BY shop_id
        """,
        program_id,
        shop_ids,
    )
    return {row["shop_id"]: row["receipts"] for row in rows}


async def list_unknown(
    session: AsyncSession, program_id: UUID, table: str, values: Sequence[object]
) -> list[str]:
    """Those of `values` that the copy named `table` does not hold, as text."""
    column, kind = {
        "mall": ("mall_id", "uuid"),
        "shop": ("shop_id", "uuid"),
        "brand": ("code", "text"),
        "category": ("code", "text"),
        "gift": ("sku", "text"),
    }[table]
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT v::text AS value FROM unnest($2::{kind}[]) AS v
        WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.program_id = $1 AND t.{column} = v)
        """,
        program_id,
        values,
    )
    return [row["value"] for row in rows]

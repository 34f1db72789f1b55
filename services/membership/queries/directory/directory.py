"""Pages of the directory, in order of code."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.directory import Scope
from shared.db import driver

Table = Literal["mall", "brand", "category", "shop"]

_SHOP = (
    "SELECT s.shop_id, s.code, s.name, s.mall_id, m.code AS mall, m.time_zone, m.currency, "
    "s.brand, s.category, s.is_open, s.revision "
    "FROM shop s JOIN mall m USING (program_id, mall_id)"
)
_SOURCES: Mapping[Table, tuple[str, str]] = {
    "mall": ("SELECT mall_id, code, name, time_zone, currency, revision FROM mall s", "mall"),
    "brand": ("SELECT code, name, revision FROM brand s", "none"),
    "category": ("SELECT code, name, revision FROM category s", "none"),
    "shop": (_SHOP, "shop"),
}
_SCOPES = {
    "none": "AND ($3::uuid[] IS NULL OR true) AND ($4::uuid[] IS NULL OR true)",
    # A person with shops only sees the malls that these stand in.
    "mall": "AND (($3::uuid[] IS NULL AND $4::uuid[] IS NULL) OR s.mall_id = ANY ($3) "
    "OR s.mall_id IN (SELECT h.mall_id FROM shop h "
    "WHERE h.program_id = $1 AND h.shop_id = ANY ($4)))",
    "shop": "AND (($3::uuid[] IS NULL AND $4::uuid[] IS NULL) "
    "OR s.mall_id = ANY ($3) OR s.shop_id = ANY ($4))",
}


async def list_things(
    session: AsyncSession, table: Table, program_id: UUID, scope: Scope, after: str, limit: int
) -> list[dict[str, Any]]:
    """Up to `limit` things with a code greater than `after`, of those that `scope` covers."""
    source, scoping = _SOURCES[table]
    return await _rows(
        session,
        f"{source} WHERE s.program_id = $1 AND s.code > $2 {_SCOPES[scoping]} "
        f"ORDER BY s.code LIMIT $5",
        program_id,
        after,
        *_ids(scope),
        limit,
    )


async def find_thing(
    session: AsyncSession, table: Table, program_id: UUID, scope: Scope, code: str
) -> dict[str, Any] | None:
    """The thing with this code, if `scope` covers it."""
    source, scoping = _SOURCES[table]
    rows = await _rows(
        session,
        f"{source} WHERE s.program_id = $1 AND s.code = $2 {_SCOPES[scoping]}",
        program_id,
        code,
        *_ids(scope),
    )
    return rows[0] if rows else None


_TILL = (
    "SELECT t.shop_id, s.code AS shop, t.till_id, t.key_version, t.previous_key_until, "
    "t.is_active, t.revision FROM till t JOIN shop s USING (program_id, shop_id)"
)


async def list_tills(
    session: AsyncSession, program_id: UUID, shop_id: UUID, after: str, limit: int
) -> list[dict[str, Any]]:
    """Up to `limit` tills of the shop with an id greater than `after`."""
    return await _rows(
        session,
        f"{_TILL} WHERE t.program_id = $1 AND t.shop_id = $2 AND t.till_id > $3 "
        "ORDER BY t.till_id LIMIT $4",
        program_id,
        shop_id,
        after,
        limit,
    )


async def find_till(
    session: AsyncSession, program_id: UUID, shop_id: UUID, till_id: str
) -> dict[str, Any] | None:
    """The till, or None."""
    rows = await _rows(
        session,
        f"{_TILL} WHERE t.program_id = $1 AND t.shop_id = $2 AND t.till_id = $3",
        program_id,
        shop_id,
        till_id,
    )
    return rows[0] if rows else None


async def find_mall_code(session: AsyncSession, program_id: UUID, shop_id: UUID) -> str | None:
    """The code of the mall that the shop stands in."""
    connection = await driver(session)
    code: str | None = await connection.fetchval(
        "SELECT m.code FROM shop s JOIN mall m USING (program_id, mall_id) "
        "WHERE s.program_id = $1 AND s.shop_id = $2",
        program_id,
        shop_id,
    )
    return code


def _ids(scope: Scope) -> Sequence[list[UUID] | None]:
    return (
        None if scope.mall_ids is None else list(scope.mall_ids),
        None if scope.shop_ids is None else list(scope.shop_ids),
    )


async def _rows(session: AsyncSession, sql: str, *values: Any) -> list[dict[str, Any]]:
    connection = await driver(session)
    return [dict(row) for row in await connection.fetch(sql, *values)]

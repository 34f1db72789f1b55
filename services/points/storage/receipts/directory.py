"""Points' copy of shops, tills and member numbers, and the programme's earning policies."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import Policy, default_policy
from services.points.domain.receipts.policy_specs import read_policy
from services.points.domain.receipts.receipts import Shop
from services.points.domain.reviews.review import NO_REVIEW, ReviewRules
from services.points.storage.reviews.reviews import review_of
from shared.contracts.membership import ShopChanged, TillChanged
from shared.db import Collision, driver
from shared.ids import quick_uuid


@dataclass(frozen=True, slots=True)
class KnownTill:
    """A till of the directory."""

    key_version: int
    previous_key_until: datetime | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """What a batch needs to know of the programme: its shops and tills, and all its policies."""

    shops: dict[UUID, Shop]
    tills: dict[tuple[UUID, str], KnownTill]
    policies: tuple[Policy, ...]
    review: ReviewRules = NO_REVIEW

    @property
    def policies_by_version(self) -> dict[int, Policy]:
        """For receipts that were rated under one of them."""
        return {policy.version: policy for policy in self.policies}


_LOAD = """
SELECT (SELECT array_agg(d.shop) FROM directory_texts($1, $2::uuid[]) d) AS directory,
       policies_text($1) AS policies, review_text($1) AS review
"""


async def load_directory(
    session: AsyncSession, program_id: UUID, shop_ids: Sequence[UUID]
) -> Directory:
    """The named shops with their tills, and the programme's policies."""
    connection = await driver(session)
    row = await connection.fetchrow(_LOAD, program_id, list(shop_ids))
    review = review_of(row["review"])
    return read_directory(row["directory"], read_policies(row["policies"]), review)


def read_directory(
    shop_texts: Sequence[str] | None, policies: tuple[Policy, ...], review: ReviewRules = NO_REVIEW
) -> Directory:
    """The directory from its stored form, a text for each shop."""
    shops, tills = {}, {}
    for text in shop_texts or ():
        shop, its_tills = _read_shop(text)
        shops[shop.shop_id] = shop
        for till_id, till in its_tills.items():
            tills[shop.shop_id, till_id] = till
    return Directory(shops, tills, policies, review)


@lru_cache(maxsize=10_000)
def _read_shop(text: str) -> tuple[Shop, dict[str, KnownTill]]:
    shop_id, mall_id, time_zone, currency, is_open, rows = json.loads(text)
    tills = {
        till_id: KnownTill(key_version, datetime.fromisoformat(until) if until else None, is_active)
        for till_id, key_version, until, is_active in rows or ()
    }
    ids = quick_uuid(UUID(shop_id)), quick_uuid(UUID(mall_id))
    return Shop(*ids, time_zone, currency, is_open), tills


async def load_policies(session: AsyncSession, program_id: UUID) -> dict[int, Policy]:
    """All policies of the programme by version."""
    return (await load_directory(session, program_id, ())).policies_by_version


class Rulebooks:
    """The directories of the programmes that this process has met, each of one edition: shops that
    were named since, and all policies. `edition` of the database says whether they still hold."""

    def __init__(self) -> None:
        self._kept: dict[UUID, tuple[int, Directory]] = {}

    def of(self, program_id: UUID) -> Directory:
        """What is known here; empty for a programme that was never met."""
        return self._kept[program_id][1] if program_id in self._kept else _UNKNOWN

    def edition_of(self, program_id: UUID, shop_ids: Iterable[UUID]) -> int:
        """The edition that is known here with these shops, or -1 when one of them is not."""
        edition, known = self._kept.get(program_id, (-1, _UNKNOWN))
        return edition if all(shop_id in known.shops for shop_id in shop_ids) else -1

    def take(self, program_id: UUID, edition: int, read: Directory) -> Directory:
        """Keep what was read of the edition, beside what was known of the same one."""
        before, known = self._kept.get(program_id, (-1, _UNKNOWN))
        if edition == before:
            shops, tills = {**known.shops, **read.shops}, {**known.tills, **read.tills}
            read = Directory(shops, tills, read.policies, read.review)
        self._kept[program_id] = edition, read
        return read


_UNKNOWN = Directory({}, {}, ())


@lru_cache(maxsize=256)
def read_policies(text: str) -> tuple[Policy, ...]:
    """Policies from their stored form, oldest first; the built-in one when there is none."""
    found = [read_policy(version, since, spec) for version, since, spec in json.loads(text)]
    first = found[0].effective_from if found else datetime.fromisoformat("1970-01-01T00:00+00:00")
    return (default_policy(first), *found)


async def insert_policy(
    session: AsyncSession,
    program_id: UUID,
    version: int,
    effective_from: datetime,
    spec: dict[str, Any],
    now: datetime,
    recorded_by: str,
) -> None:
    """Add a version. Raises `Collision` when somebody else is adding the same one right now."""
    connection = await driver(session)
    try:
        await connection.execute(
            "INSERT INTO earning_policy (program_id, version, effective_from, spec, recorded_at, "
            "recorded_by) VALUES ($1, $2, $3, $4, $5, $6)",
            program_id,
            version,
            effective_from,
            json.dumps(spec),
            now,
            recorded_by,
        )
    except asyncpg.UniqueViolationError as error:
        raise Collision("Another policy is being added right now.") from error


async def find_mall_of(session: AsyncSession, program_id: UUID, shop_id: UUID) -> UUID | None:
    """The mall that the shop is in."""
    connection = await driver(session)
    mall_id: UUID | None = await connection.fetchval(
        "SELECT mall_id FROM shop WHERE program_id = $1 AND shop_id = $2", program_id, shop_id
    )
    return mall_id


async def is_mall_known(session: AsyncSession, program_id: UUID, mall_id: UUID) -> bool:
    """Whether a shop of the programme is in the mall."""
    connection = await driver(session)
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM shop WHERE program_id = $1 AND mall_id = $2)",
        program_id,
        mall_id,
    )
    return found


async def resolve_numbers(
    session: AsyncSession, program_id: UUID, numbers: Sequence[str]
) -> dict[str, UUID | None]:
    """Members by number. A number that nobody has yet is locked as a row of its own, so that the
    receipt that waits for it and the enrolment that brings it see each other."""
    connection = await driver(session)
    query = (
        "SELECT member_number, member_id FROM member_number "
        "WHERE program_id = $1 AND member_number = ANY ($2::text[])"
    )
    rows = await connection.fetch(query, program_id, numbers)
    found = {row["member_number"]: row["member_id"] for row in rows}
    missing = sorted(n for n in numbers if found.get(n) is None)
    if missing:
        await insert_member_numbers(session, program_id, [(n, None) for n in missing])
        rows = await connection.fetch(
            query + " ORDER BY member_number FOR UPDATE", program_id, missing
        )
        found.update({row["member_number"]: row["member_id"] for row in rows})
    return found


async def insert_member_numbers(
    session: AsyncSession, program_id: UUID, numbers: Sequence[tuple[str, UUID | None]]
) -> None:
    """Make the rows; a number that waits for its member gets it."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO member_number AS n (program_id, member_number, member_id)
        SELECT $1, number, member_id FROM unnest($2::text[], $3::uuid[]) AS x (number, member_id)
        ORDER BY number
        ON CONFLICT (program_id, member_number) DO UPDATE SET member_id = excluded.member_id
        WHERE n.member_id IS NULL AND excluded.member_id IS NOT NULL
        """,
        program_id,
        [number for number, _ in numbers],
        [member_id for _, member_id in numbers],
    )


async def upsert_shops(
    session: AsyncSession, program_id: UUID, shops: Sequence[ShopChanged]
) -> None:
    """Take the directory's newer words."""
    connection = await driver(session)
    newest = {shop.shop_id: shop for shop in sorted(shops, key=lambda s: s.revision)}
    rows = [newest[shop_id] for shop_id in sorted(newest)]
    await connection.execute(
        """
        INSERT INTO shop AS s (program_id, shop_id, mall_id, name, time_zone, currency, brand,
                               category, is_open, revision)
        SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                 $7::text[], $8::text[], $9::boolean[], $10::bigint[])
        ON CONFLICT (program_id, shop_id) DO UPDATE
        SET mall_id = excluded.mall_id, name = excluded.name, time_zone = excluded.time_zone,
            currency = excluded.currency, brand = excluded.brand, category = excluded.category,
            is_open = excluded.is_open, revision = excluded.revision
        WHERE s.revision < excluded.revision
        """,
        program_id,
        [s.shop_id for s in rows],
        [s.mall_id for s in rows],
        [s.name for s in rows],
        [s.time_zone for s in rows],
        [s.currency for s in rows],
        [s.brand for s in rows],
        [s.category for s in rows],
        [s.is_open for s in rows],
        [s.revision for s in rows],
    )


async def upsert_tills(
    session: AsyncSession, program_id: UUID, tills: Sequence[TillChanged]
) -> None:
    """Take the directory's newer words."""
    connection = await driver(session)
    newest = {(t.shop_id, t.till_id): t for t in sorted(tills, key=lambda t: t.revision)}
    rows = [newest[place] for place in sorted(newest)]
    await connection.execute(
        """
        INSERT INTO till AS t (program_id, shop_id, till_id, key_version, previous_key_until,
                               is_active, revision)
        SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::timestamptz[],
                                 $6::boolean[], $7::bigint[])
        ON CONFLICT (program_id, shop_id, till_id) DO UPDATE
        SET key_version = excluded.key_version, previous_key_until = excluded.previous_key_until,
            is_active = excluded.is_active, revision = excluded.revision
        WHERE t.revision < excluded.revision
        """,
        program_id,
        [t.shop_id for t in rows],
        [t.till_id for t in rows],
        [t.key_version for t in rows],
        [t.previous_key_until for t in rows],
        [t.is_active for t in rows],
        [t.revision for t in rows],
    )

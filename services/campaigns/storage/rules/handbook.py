"""Rules, shops and gift names of a programme, compiled once a revision and kept per process.

Every judgement reads the programme's revision under a shared lock and a publication takes it
exclusively: no receipt is judged by old rules after the new ones are committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.campaigns import Campaign, family_of, rule_from_json
from services.campaigns.domain.rules.rulebook import Rulebook, compile_rulebook
from shared.db import Driver, driver
from shared.ids import new_id

_PROGRAMS_KEPT_MAX = 1_000
_kept: dict[UUID, "Handbook"] = {}


@dataclass(frozen=True, slots=True)
class Handbook:
    """`shops` are (brand, category) by shop, `gifts` names by sku and language.

    `sentences` remembers what was said of a (campaign, version, amount used): almost every reward
    of a campaign uses just its threshold.
    """

    revision: UUID
    rules: Rulebook
    shops: Mapping[UUID, tuple[str | None, str | None]]
    gifts: Mapping[str, Mapping[str, str]]
    sentences: dict[tuple[UUID, int, int], str] = field(default_factory=dict)


async def share_handbook(session: AsyncSession, program_id: UUID) -> Handbook:
    """The programme's rules, held unchanged until the transaction ends."""
    connection = await driver(session)
    find = "SELECT revision FROM program_state WHERE program_id = $1 FOR SHARE"
    revision = await connection.fetchval(find, program_id)
    if revision is None:
        await _insert_missing_state(connection, program_id)
        revision = await connection.fetchval(find, program_id)
    kept = _kept.get(program_id)
    if kept is None or kept.revision != revision:
        if len(_kept) >= _PROGRAMS_KEPT_MAX:
            _kept.clear()
        kept = _kept[program_id] = await _load(connection, program_id, revision)
    return kept


async def renew_handbook(session: AsyncSession, program_id: UUID) -> None:
    """Lock the programme's named row and give it a new revision. Call it before other locks.

    Revisions are never used twice, so one that was rolled back cannot be mistaken for another.
    """
    connection = await driver(session)
    await _insert_missing_state(connection, program_id)
    await connection.execute(
        "UPDATE program_state SET revision = $2 WHERE program_id = $1", program_id, new_id()
    )


async def _insert_missing_state(connection: Driver, program_id: UUID) -> None:
    await connection.execute(
        "INSERT INTO program_state (program_id, revision) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        program_id,
        new_id(),
    )


async def _load(connection: Driver, program_id: UUID, revision: UUID) -> Handbook:
    versions = await connection.fetch(
        """
        SELECT v.campaign_id, v.version, v.spec, v.published_at, c.ended_at,
               lead(v.published_at) OVER (PARTITION BY v.campaign_id ORDER BY v.version) AS next_at
        FROM campaign_version v JOIN campaign c USING (program_id, campaign_id)
        WHERE v.program_id = $1
        """,
        program_id,
    )
    shops = await connection.fetch(
        "SELECT shop_id, brand, category FROM shop WHERE program_id = $1", program_id
    )
    gifts = await connection.fetch(
        "SELECT sku, name_zh, name_en FROM gift WHERE program_id = $1", program_id
    )
    return Handbook(
        revision,
        compile_rulebook(_campaign_of(row) for row in versions),
        {row["shop_id"]: (row["brand"], row["category"]) for row in shops},
        {row["sku"]: {"zh-CN": row["name_zh"], "en": row["name_en"]} for row in gifts},
    )


def _campaign_of(row: Any) -> Campaign:
    spec = row["spec"]
    campaign_id, version = row["campaign_id"], row["version"]
    return Campaign(
        campaign_id=campaign_id,
        version=version,
        name_zh=spec["name"]["zh"],
        name_en=spec["name"]["en"],
        family=family_of(campaign_id, spec),
        starts_at=datetime.fromisoformat(spec["starts_at"]),
        ends_at=datetime.fromisoformat(spec["ends_at"]),
        # The first version reaches back to its start: a campaign may be back-dated.
        in_force_from=row["published_at"] if version > 1 else None,
        in_force_until=row["next_at"],
        ended_at=row["ended_at"],
        rule=rule_from_json(spec["rule"]),
    )

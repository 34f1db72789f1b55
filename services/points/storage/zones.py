"""The time zones of malls, as the shops' copies have them."""

from collections import Counter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.expiry.expiry_changes import ZoneOf
from services.points.domain.wallets.wallets import POINTS
from services.points.storage.accounting.liability import find_program_zone
from shared.db import driver


async def load_zones(session: AsyncSession, program_id: UUID) -> ZoneOf:
    """The zone of a mall; for no mall or one that is not known that of most shops, else UTC."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT mall_id, time_zone, count(*) AS shops FROM shop WHERE program_id = $1 "
        "GROUP BY mall_id, time_zone ORDER BY time_zone",
        program_id,
    )
    zones = {row["mall_id"]: row["time_zone"] for row in rows}
    shops: Counter[str] = Counter()
    for row in rows:
        shops[row["time_zone"]] += row["shops"]
    usual = max(shops, key=lambda name: shops[name], default="UTC")
    return lambda mall_id: usual if mall_id is None else zones.get(mall_id, usual)


async def load_wallet_zones(session: AsyncSession, program_id: UUID, wallet: str) -> ZoneOf:
    """Whose days those of a wallet are: of points the malls', of another the programme's own."""
    if wallet == POINTS:
        return await load_zones(session, program_id)
    own = await find_program_zone(session, program_id)
    return lambda _: own

"""Name a gift and say how many there are."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import ScopeUnknown
from services.campaigns.storage.directory.directory import list_unknown
from services.campaigns.storage.rules.gifts import set_stock, upsert_gift
from services.campaigns.storage.rules.handbook import renew_handbook


async def put_gift(
    session: AsyncSession,
    program_id: UUID,
    sku: str,
    names: tuple[str, str],
    stock: Mapping[UUID | None, int],
) -> None:
    """`names` are Chinese and English; `stock` is the initial count by mall, None the programme's.

    A mall with a shelf of its own draws from that alone. Raises `ScopeUnknown`,
    `StockBelowGranted`.
    """
    await renew_handbook(session, program_id)
    malls = [mall_id for mall_id in stock if mall_id is not None]
    unknown = await list_unknown(session, program_id, "mall", malls)
    if unknown:
        raise ScopeUnknown("The stock names malls that are not known.", unknown={"mall": unknown})
    await upsert_gift(session, program_id, sku, *names)
    await set_stock(session, program_id, sku, stock)

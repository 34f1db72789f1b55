"""Keep the copy of malls, shops, brands and categories."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.storage.directory.directory import (
    fill_in_shops,
    upsert_malls,
    upsert_names,
    upsert_shops,
)
from services.campaigns.storage.receipts.rescores import insert_rescore
from services.campaigns.storage.rules.handbook import renew_handbook
from shared.consumer import Delivery
from shared.contracts.event import Event
from shared.contracts.membership import BrandChanged, CategoryChanged, MallChanged, ShopChanged

Named = TypeVar("Named", MallChanged, ShopChanged, BrandChanged, CategoryChanged)
_ALWAYS = datetime(1, 1, 2, tzinfo=UTC)


async def keep_directory(
    session: AsyncSession, now: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Work a batch of one programme's directory, in any order, heard any number of times.

    Receipts that came before their shop get its brand and category and are judged again.
    """
    program_id = deliveries[0].event.program_id
    events = [d.event for d in deliveries]
    shops = _newest(events, ShopChanged, "shop_id")
    if shops:
        # Under the named row's lock no receipt of these shops is on its way.
        await renew_handbook(session, program_id)
        await upsert_shops(session, program_id, shops)
        filled = await fill_in_shops(session, program_id, [s.shop_id for s in shops])
        for shop_id in filled:
            await insert_rescore(session, program_id, "shop_known", _ALWAYS, shop_id=shop_id)
    if malls := _newest(events, MallChanged, "mall_id"):
        await upsert_malls(session, program_id, malls)
    if brands := _newest(events, BrandChanged, "code"):
        await upsert_names(session, program_id, "brand", brands)
    if categories := _newest(events, CategoryChanged, "code"):
        await upsert_names(session, program_id, "category", categories)


def _newest(events: Sequence[Event], kind: type[Named], key: str) -> list[Named]:
    """The highest revision of each thing, in ascending order of its key."""
    newest: dict[str, Named] = {}
    for event in events:
        if isinstance(event, kind):
            name = str(getattr(event, key))
            if name not in newest or newest[name].revision < event.revision:
                newest[name] = event
    return [newest[name] for name in sorted(newest)]

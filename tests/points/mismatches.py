"""Receipts that differ from what points paid of them, as tests make and find them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.auth import Till
from shared.contracts.membership import ShopChanged
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import paid_with
from tests.support.tokens import staff_headers

LIST = "/v1/payment-mismatches"
SEEN = {"note": "Seen with the shop"}
Places = Mapping[str, Sequence[UUID]] | None


async def differing(mall: Mall, shop: UUID | None = None, **fields: Any) -> str:
    """A receipt that says that points paid it, which they did not."""
    shop_id = shop or mall.shop_id
    sale = paid_with(mall.sale(10_000, **fields), 9_000, str(uuid4()))
    sale["shop_id"] = str(shop_id)
    answer = await mall.push(sale, Till(mall.program_id, shop_id, "T1", 1))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pos_transaction_id"])


async def other_shop(mall: Mall, mall_id: UUID) -> UUID:
    """Another shop with a till, in that mall."""
    shop_id = new_id()
    shop = ShopChanged(
        program_id=mall.program_id,
        shop_id=shop_id,
        code=f"shop-{shop_id.hex[-8:]}",
        name="Bookshop",
        mall_id=mall_id,
        time_zone="Asia/Shanghai",
        currency="CNY",
        is_open=True,
        revision=1,
    )
    await mall.hear(shop, mall.till_event(shop_id=shop_id))
    return shop_id


async def listed(mall: Mall, places: Places = None, **query: Any) -> list[dict[str, Any]]:
    """What the list shows to staff of these places."""
    within: dict[str, Any] = dict(places or {})
    headers = staff_headers(mall.clock, mall.program_id, ["points.cases"], **within)
    answer = await mall.client.get(LIST, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["mismatches"]
    return found


async def listed_ids(mall: Mall, places: Places = None, **query: Any) -> list[str]:
    """The receipts of them."""
    return [each["transaction_id"] for each in await listed(mall, places, **query)]


async def settle(mall: Mall, transaction_id: str, **headers: str) -> httpx.Response:
    """Staff say what was done about it."""
    path = f"{LIST}/{transaction_id}/settlement"
    return await mall.client.post(path, json=SEEN, headers={**mall.staff(), **headers})

"""Prices between malls are stated once and never touch what was netted."""

from datetime import date, timedelta

import pytest

from services.points.domain.accounting.errors import ClearingPriceInPast
from services.points.domain.wallets.errors import WalletUnknown
from services.points.storage.accounting.clearing import Price
from services.points.usecases.accounting.net_clearing import net_clearing
from services.points.usecases.accounting.set_clearing_price import set_clearing_price
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.wallets_at_hand import state_stars


async def state(mall: Mall, days_ago: int, wallet: str = "points") -> None:
    price = Price(wallet, mall.clock() - timedelta(days=days_ago), 1, 1, "CNY")
    async with transaction(mall.engine) as session:
        await set_clearing_price(session, mall.clock(), mall.program_id, price, "finance")


async def test_a_price_is_not_replaced(mall: Mall) -> None:
    await state(mall, 3)
    await state(mall, 1)
    with pytest.raises(ClearingPriceInPast):
        await state(mall, 3)


async def test_each_wallet_of_the_programme_has_prices_of_its_own(mall: Mall) -> None:
    await state(mall, 3)
    with pytest.raises(WalletUnknown):
        await state(mall, 3, "stars")
    await state_stars(mall)
    await state(mall, 3, "stars")
    with pytest.raises(ClearingPriceInPast, match="stars"):
        await state(mall, 3, "stars")


async def test_a_price_cannot_begin_in_what_was_netted(mall: Mall) -> None:
    async with transaction(mall.engine) as session:
        last_day = date(2026, 3, 8)
        await net_clearing(session, mall.clock(), mall.program_id, new_id(), last_day, "finance")
    with pytest.raises(ClearingPriceInPast) as refused:
        await state(mall, 3)
    assert refused.value.facts == {"netted_until": "2026-03-08T16:00:00+00:00"}
    await state(mall, 1)

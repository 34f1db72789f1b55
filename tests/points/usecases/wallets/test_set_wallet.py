"""Kinds of wallets are stated by staff; points are built in."""

import pytest

from services.points.domain.expiry.expiry import ExpiryKind, ExpiryModel
from services.points.domain.wallets.errors import WalletIsBuiltIn
from services.points.domain.wallets.wallets import BUILT_IN, Wallet
from services.points.storage.wallets.wallets import get_wallet, list_wallets
from services.points.usecases.wallets.set_wallet import set_wallet
from shared.db import transaction
from tests.points.mall import Mall

STARS = Wallet("stars", "Stars", ExpiryModel(ExpiryKind.ROLLING_DAYS, 30), 100, False, True)
EXPIRY = {"kind": "rolling_days", "days": 30}


async def state(mall: Mall, wallet: Wallet) -> bool:
    async with transaction(mall.engine) as session:
        return await set_wallet(session, mall.clock(), mall.program_id, wallet, EXPIRY, "somebody")


async def test_a_wallet_is_what_was_stated_last(mall: Mall) -> None:
    assert await state(mall, STARS)
    assert not await state(mall, STARS._replace(name="Sterne", balance_max=None))
    async with transaction(mall.engine) as session:
        found = await list_wallets(session, mall.program_id)
        history = ((mall.clock(), STARS.expiry), (mall.clock(), STARS.expiry))
        assert found == {
            "points": BUILT_IN,
            "stars": STARS._replace(name="Sterne", balance_max=None, expiries=history),
        }
        assert await get_wallet(session, mall.program_id, "points") == BUILT_IN


async def test_the_same_again_is_no_version_in_whatever_order_its_end_was_stored(
    mall: Mall,
) -> None:
    await state(mall, STARS)
    await mall.execute(
        """UPDATE wallet_version SET expiry = '{"days": 30,  "kind": "rolling_days"}'
        WHERE program_id = :p"""
    )
    assert not await state(mall, STARS)
    versions = "SELECT version, expiry ->> 'days' FROM wallet_version WHERE program_id = :p"
    assert await mall.rows(versions) == [(1, "30")]
    async with transaction(mall.engine) as session:
        changed = {**EXPIRY, "days": 31}
        await set_wallet(session, mall.clock(), mall.program_id, STARS, changed, "somebody")
    assert sorted(await mall.rows(versions)) == [(1, "30"), (2, "31")]


async def test_points_cannot_be_stated(mall: Mall) -> None:
    with pytest.raises(WalletIsBuiltIn):
        await state(mall, STARS._replace(code="points"))

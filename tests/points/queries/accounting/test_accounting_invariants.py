"""A statement is what was burned of each wallet, at the price of that wallet."""

from uuid import UUID

import pytest
from sqlalchemy import text

from services.points.queries.accounting.accounting_invariants import ACCOUNTING_INVARIANTS
from shared.db import transaction
from tests.points.clearing_at_hand import (
    LAST_DAY,
    net,
    spend_points_elsewhere,
    spend_stars_elsewhere,
    state_price,
)
from tests.points.mall import Mall

LINES = ACCOUNTING_INVARIANTS["I17_statements_net_each_wallet"]


async def netted(mall: Mall) -> UUID:
    """A statement of points and stars at prices that changed meanwhile and leave thirds."""
    issuer, _ = await spend_stars_elsewhere(mall, 30)
    await spend_points_elsewhere(mall, issuer, 61)
    await state_price(mall, per_points=3)
    await state_price(mall, wallet="stars", amount_minor=5)
    mall.clock.advance(days=1)
    since = mall.clock().isoformat()
    await state_price(mall, per_points=6, effective_from=since)
    await spend_points_elsewhere(mall, issuer, 61)
    mall.clock.now = mall.clock().replace(month=4, day=1)
    answer = await net(mall, LAST_DAY)
    # 61 thirds and 61 sixths are 30.5, half away from zero.
    amounts = [(due["wallet"], due["amount_minor"]) for due in answer.json()["dues"]]
    assert amounts == [("points", 31), ("stars", 75)]
    return issuer


async def test_what_prices_and_rounding_leave_is_no_fault(mall: Mall) -> None:
    await netted(mall)
    assert await mall.count(LINES) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE clearing_line SET wallet = 'points' WHERE program_id = :p AND wallet = 'stars'",
        "UPDATE clearing_line SET amount_minor = 15 WHERE program_id = :p AND wallet = 'stars'",
        "UPDATE clearing_line SET points = points + 1 WHERE program_id = :p",
        "DELETE FROM clearing_line WHERE program_id = :p AND wallet = 'points'",
    ],
)
async def test_a_line_that_is_not_what_its_wallet_burned_is_found(mall: Mall, damage: str) -> None:
    await netted(mall)
    with pytest.raises(LookupError):
        async with transaction(mall.engine) as session:
            await session.execute(text(damage), {"p": mall.program_id})
            assert (await session.scalar(text(LINES)) or 0) > 0
            raise LookupError("taken back")

"""Points that a capture took on credit, over HTTP: with which end they come back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.queries.invariants import check_invariants
from shared.contracts.campaigns import (
    OrderPointsCancelRequested,
    OrderPointsCaptureRequested,
    OrderPointsHoldRequested,
)
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import merged, undone
from tests.points.spending import (
    bill_of,
    capture,
    dated_lots,
    hold,
    paid_with,
    reverse,
    set_redemption_policy,
)


async def captured_on_credit(mall: Mall, member_id: UUID, points: int, **fields: Any) -> str:
    """All is refunded that was promised before it is captured: what no lot covers is owed."""
    sale = await mall.sold(points * 100, member_id=member_id)
    hold_id = (await hold(mall, member_id, points)).json()["hold_id"]
    assert (await mall.push(mall.refund(sale))).status_code == 201
    paid = await capture(mall, hold_id, **fields)
    assert paid.json()["balance"] == await mall.balance(member_id) < 0, paid.text
    return str(paid.json()["redemption_id"])


async def bought(mall: Mall, member_id: UUID, points: int, days: int) -> str:
    """The end of points that are bought now and last for so many days."""
    await mall.set_policy(expiry={"kind": "rolling_days", "days": days})
    await mall.sold(points * 100, member_id=member_id)
    mall.clock.advance(seconds=1)
    # The end of a day of Shanghai, seen in UTC, is on the day itself.
    return (mall.clock() + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize("parts", [[None], [30, 20, 40, 10], [100], [1, 98, 1]])
async def test_what_was_repaid_comes_back_with_the_ends_of_what_repaid_it(
    mall: Mall, parts: list[int | None]
) -> None:
    member_id = await mall.enrol()
    redemption_id = await captured_on_credit(mall, member_id, 100)
    first = await bought(mall, member_id, 60, 5)
    second = await bought(mall, member_id, 60, 9)
    assert await dated_lots(mall, member_id) == [(20, second)]
    for points in parts:
        answer = await reverse(mall, redemption_id, points=points)
        assert answer.status_code == 201, answer.text
    found: dict[str, int] = {}
    for points, end in await dated_lots(mall, member_id):
        found[end] = found.get(end, 0) + points
    assert found == {first: 60, second: 60}
    malls = await mall.rows(
        "SELECT DISTINCT mall_id, shop_id, funding FROM lot WHERE program_id = :p AND remaining > 0"
    )
    assert malls == [(mall.mall_id, mall.shop_id, "programme")]


async def test_what_nobody_repaid_yet_is_owed_no_more_and_makes_no_points(mall: Mall) -> None:
    member_id = await mall.enrol()
    redemption_id = await captured_on_credit(mall, member_id, 100)
    end = await bought(mall, member_id, 70, 5)
    assert await mall.balance(member_id) == -30
    assert (await reverse(mall, redemption_id, points=30)).json()["balance"] == 0
    assert await dated_lots(mall, member_id) == []
    await reverse(mall, redemption_id)
    assert await dated_lots(mall, member_id) == [(70, end)]


@pytest.mark.parametrize("grace_days", [0, 30])
async def test_what_was_repaid_by_points_that_have_ended_comes_back_late(
    mall: Mall, grace_days: int
) -> None:
    await set_redemption_policy(mall, return_grace_days=grace_days)
    member_id = await mall.enrol()
    redemption_id = await captured_on_credit(mall, member_id, 100)
    end = await bought(mall, member_id, 100, 5)
    mall.clock.advance(days=10)
    await reverse(mall, redemption_id)
    late = (mall.clock() + timedelta(days=grace_days)).date().isoformat()
    assert await dated_lots(mall, member_id) == [(100, late if grace_days else end)]


async def test_a_refund_that_comes_with_what_repays_gives_back_what_was_repaid(mall: Mall) -> None:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    member_id = await mall.enrol()
    bill = mall.sale(20_000)
    await captured_on_credit(mall, member_id, 100, receipt=bill_of(bill))
    assert (await mall.push(paid_with(bill, 100))).status_code == 201
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 5})
    repaying = mall.sale(10_000, member_id=member_id)
    mall.clock.advance(seconds=1)
    results = await mall.push_batch([repaying, mall.refund(bill)])
    assert [result["status"] for result in results] == ["posted", "anonymous"]
    assert await mall.balance(member_id) == 100
    lots = await mall.rows(
        "SELECT remaining, expires_at IS NULL FROM lot WHERE program_id = :p AND remaining > 0"
    )
    assert lots == [(100, False)]


async def test_a_debt_that_staff_wrote_off_comes_back_as_what_they_would_give(mall: Mall) -> None:
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 7})
    member_id = await mall.enrol()
    redemption_id = await captured_on_credit(mall, member_id, 100)
    body = {"points": None, "reason_code": "x", "note": "x"}
    path = f"/v1/members/{member_id}/debt-write-offs"
    assert (await mall.post(path, body, key="off")).status_code == 201
    mall.clock.advance(days=2)
    await reverse(mall, redemption_id)
    end = (mall.clock() + timedelta(days=5)).date().isoformat()
    assert await dated_lots(mall, member_id) == [(100, end)]


async def test_what_mall_burned_on_credit_is_settled_with_the_programme_both_times(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    redemption_id = await captured_on_credit(mall, member_id, 100)
    far = replace(mall, mall_id=new_id(), shop_id=new_id())
    await far.open_shop()
    await bought(far, member_id, 100, 5)
    await reverse(mall, redemption_id)
    entries = await mall.rows(
        "SELECT issuing_mall_id, burning_mall_id, points FROM clearing_entry "
        "WHERE program_id = :p ORDER BY version"
    )
    assert entries == [(None, mall.mall_id, 100), (None, mall.mall_id, -100)]
    [lot] = await mall.rows("SELECT mall_id FROM lot WHERE program_id = :p AND remaining > 0")
    assert lot == (far.mall_id,)
    async with transaction(mall.engine) as session:
        assert not any((await check_invariants(session)).values())


async def test_of_a_merged_account_what_the_survivor_paid_comes_back_as_it_was(mall: Mall) -> None:
    first, second = await mall.enrol(), await mall.enrol()
    redemption_id = await captured_on_credit(mall, first, 100)
    early = await bought(mall, first, 20, 3)
    at_once = await bought(mall, second, 30, 5)
    await merged(mall, first, second)
    assert await mall.balance(second) == -50
    later = await bought(mall, second, 10, 7)
    assert await mall.balance(second) == -40
    await reverse(mall, redemption_id, points=45)
    assert await dated_lots(mall, second) == [(5, later)]
    await reverse(mall, redemption_id)
    found = sorted(await dated_lots(mall, second))
    assert found == sorted([(20, early), (30, at_once), (5, later), (5, later)])


async def test_of_an_account_that_is_itself_again_what_it_repaid_comes_back(mall: Mall) -> None:
    first, second = await mall.enrol(), await mall.enrol()
    redemption_id = await captured_on_credit(mall, first, 100)
    early = await bought(mall, first, 20, 3)
    paying = await bought(mall, second, 90, 5)
    made = await merged(mall, first, second)
    await undone(mall, made)
    assert await dated_lots(mall, second) == [(90, paying)]
    late = await bought(mall, first, 60, 7)
    await reverse(mall, redemption_id)
    assert await dated_lots(mall, first) == [(20, early), (60, late)]
    assert await mall.balance(first) == 80


async def test_a_cancelled_order_gives_back_what_was_repaid(mall: Mall) -> None:
    member_id, order_id = await mall.enrol(), new_id()
    sale = await mall.sold(10_000, member_id=member_id)
    order = {
        "program_id": mall.program_id,
        "order_id": order_id,
        "member_id": member_id,
        "points": 100,
        "reference": "O1",
        "mall_id": None,
        "shop_id": None,
    }
    await mall.hear(OrderPointsHoldRequested(**order, asked_at=mall.clock()))
    await mall.push(mall.refund(sale))
    await mall.hear(OrderPointsCaptureRequested(**order, asked_at=mall.clock()))
    end = await bought(mall, member_id, 130, 4)
    cancel = OrderPointsCancelRequested(**order, asked_at=mall.clock(), why="Sold out")
    await mall.hear(cancel)
    assert await dated_lots(mall, member_id) == [(30, end), (100, end)]
    async with transaction(mall.engine) as session:
        assert not any((await check_invariants(session)).values())

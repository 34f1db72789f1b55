"""The points half of a reward order: every order of arrival and every repetition, the same end."""

from itertools import permutations, product
from uuid import UUID

import pytest

from services.points.consumer import HANDLERS
from shared.contracts.campaigns import (
    OrderPointsCancelRequested,
    OrderPointsCaptureRequested,
    OrderPointsHoldRequested,
)
from shared.contracts.points import (
    OrderPointsCancelled,
    OrderPointsCaptured,
    OrderPointsHeld,
    OrderPointsRefused,
)
from shared.db import transaction
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import (
    capture,
    dated_lots,
    held,
    hold,
    member_with,
    release,
    set_redemption_policy,
    spendable,
)
from tests.support.service import deliver

Command = OrderPointsHoldRequested | OrderPointsCaptureRequested | OrderPointsCancelRequested
ANSWERS = (OrderPointsHeld, OrderPointsCaptured, OrderPointsCancelled, OrderPointsRefused)


def commands(mall: Mall, member_id: UUID, points: int = 60) -> dict[str, Command]:
    """What one order may ask."""
    fields = {
        "program_id": mall.program_id,
        "order_id": new_id(),
        "member_id": member_id,
        "points": points,
        "reference": "Tea set",
        "mall_id": mall.mall_id,
        "asked_at": mall.clock(),
    }
    return {
        "hold": OrderPointsHoldRequested(**fields),
        "capture": OrderPointsCaptureRequested(**fields),
        "cancel": OrderPointsCancelRequested(**fields, why="out of stock"),
    }


async def answers(mall: Mall) -> list[str]:
    """What points has answered, in order."""
    told = [event for kind in ANSWERS for event in await mall.told(kind)]
    rows = await mall.rows("SELECT type FROM outbox WHERE program_id = :p ORDER BY id")
    names = {kind.TYPE: kind.TYPE.split(".")[1].removeprefix("points_") for kind in ANSWERS}
    found = [names[row[0]] for row in rows if row[0] in names]
    assert len(found) == len(told)
    return found


async def test_an_order_is_held_captured_and_answered(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    order = commands(mall, member_id)
    await mall.hear(order["hold"])
    assert await spendable(mall, member_id) == (100, 40, 60)
    await mall.hear(order["capture"])
    assert await spendable(mall, member_id) == (40, 40, 0)
    assert await answers(mall) == ["held", "captured"]
    told = (await mall.get(f"/v1/members/{member_id}/postings/2")).json()
    assert (told["kind"], told["points"]) == ("capture", -60)
    assert "Tea set" in told["sentences"]["en"]


@pytest.mark.parametrize("names", [("hold", "capture"), ("hold", "capture", "cancel")], ids=str)
async def test_every_order_of_arrival_ends_in_the_same_books(
    mall: Mall, names: tuple[str, ...]
) -> None:
    ends = set()
    for order_of_arrival in permutations(names):
        member_id = await member_with(mall, 100)
        order = commands(mall, member_id)
        for name in order_of_arrival:
            await mall.hear(order[name])
        ends.add((await spendable(mall, member_id), tuple(await dated_lots(mall, member_id))))
    assert len(ends) == 1
    taken = 0 if "cancel" in names else 60
    assert ends.pop()[0] == (100 - taken, 100 - taken, 0)


async def test_every_repetition_ends_in_the_same_books_one_by_one_and_in_one_batch(
    mall: Mall,
) -> None:
    for sequence in product(("hold", "capture", "cancel"), repeat=4):
        member_id = await member_with(mall, 100)
        order = commands(mall, member_id)
        asked = [order[name] for name in sequence]
        if sequence[0] != sequence[1]:
            async with transaction(mall.engine) as session:
                handler = HANDLERS[OrderPointsHoldRequested]
                await handler(session, mall.clock(), deliver(*asked))
        else:
            await mall.hear(*asked)
        cancelled, captured = "cancel" in sequence, "capture" in sequence
        taken, kept = (0, 0) if cancelled else (60, 0) if captured else (0, 60)
        expected = (100 - taken, 100 - taken - kept, kept)
        assert await spendable(mall, member_id) == expected, sequence


async def test_a_cancellation_that_comes_first_leaves_a_tombstone(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    order = commands(mall, member_id)
    await mall.hear(order["cancel"], order["hold"])
    assert await mall.rows("SELECT status, points FROM hold WHERE program_id = :p") == [
        ("cancelled", 0)
    ]
    assert await answers(mall) == ["cancelled", "cancelled"]


async def test_no_clock_ends_an_orders_hold(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    await mall.hear(commands(mall, member_id)["hold"])
    mall.clock.advance(days=400)
    assert await spendable(mall, member_id) == (100, 40, 60)
    assert (await hold(mall, member_id, 41)).json()["shortfall"] == 1


async def test_an_order_without_points_is_refused_with_the_shortfall_and_stays_refused(
    mall: Mall,
) -> None:
    member_id = await member_with(mall, 50)
    order = commands(mall, member_id)
    await mall.hear(order["hold"])
    await mall.adjust(member_id, 50, "late")
    await mall.hear(order["hold"], order["capture"])
    refused = await mall.told(OrderPointsRefused)
    assert [(r.why, r.shortfall) for r in refused] == [
        ("insufficient_points", 10),
        ("refused_before", None),
        ("refused_before", None),
    ]
    assert await spendable(mall, member_id) == (100, 100, 0)


async def test_a_stranger_is_refused_and_a_hold_that_ran_out_is_in_nobodys_way(
    mall: Mall,
) -> None:
    await mall.hear(commands(mall, new_id())["hold"])
    assert [r.why for r in await mall.told(OrderPointsRefused)] == ["member_unknown"]
    member_id = await member_with(mall, 60)
    await held(mall, member_id, 60, ttl_seconds=60)
    mall.clock.advance(seconds=60)
    await mall.hear(commands(mall, member_id)["hold"])
    assert await answers(mall) == ["refused", "held"]


async def test_a_cancelled_order_gives_back_the_very_lots_that_it_took(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.adjust(member_id, 60, "k")
    await mall.set_policy(expires_months=1)
    await mall.sold(4_000, member_id=member_id)
    before = await dated_lots(mall, member_id)
    order = commands(mall, member_id)
    await mall.hear(order["hold"], order["capture"])
    assert await dated_lots(mall, member_id) == [(40, "never")]
    await mall.hear(order["cancel"])
    assert await dated_lots(mall, member_id) == before


@pytest.mark.parametrize("is_in_a_mall", [True, False])
async def test_what_comes_back_late_undoes_what_the_malls_owe_each_other(
    mall: Mall, is_in_a_mall: bool
) -> None:
    await set_redemption_policy(mall, return_grace_days=30)
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 5})
    member_id = await mall.enrol()
    await mall.sold(6_000, member_id=member_id)
    burner = new_id() if is_in_a_mall else None
    order = {
        name: command.model_copy(update={"mall_id": burner})
        for name, command in commands(mall, member_id).items()
    }
    await mall.hear(order["hold"])
    await mall.hear(order["capture"])
    mall.clock.advance(days=10)
    await mall.hear(order["cancel"])
    assert (await spendable(mall, member_id))[0] == 60
    entries = await mall.rows(
        "SELECT issuing_mall_id, burning_mall_id, points FROM clearing_entry "
        "WHERE program_id = :p ORDER BY version"
    )
    assert entries == [(mall.mall_id, burner, 60), (mall.mall_id, burner, -60)]


async def test_tills_cannot_touch_an_orders_hold(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    order = commands(mall, member_id)
    await mall.hear(order["hold"])
    order_id = str(order["hold"].order_id)
    for answer in (await capture(mall, order_id), await release(mall, order_id)):
        assert (answer.status_code, answer.json()["code"]) == (404, "hold_unknown")

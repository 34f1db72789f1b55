"""The database goes away at the worst moments: what is acknowledged is stored, and a 503 repeated
ends in the one right answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Literal

import httpx
import pytest

from services.points.api.app import build_app
from services.points.settings import PointsSettings
from shared.contracts.points import PosTransactionRecorded
from tests.points.mall import Mall, open_door
from tests.points.spending import (
    ask,
    capture,
    hold_body,
    redemption_body,
    set_redemption_policy,
    spendable,
)
from tests.support.lossy_wire import LossyWire, open_lossy_wire
from tests.support.service import make_runtime, open_engine


@pytest.fixture
async def wire(settings: PointsSettings) -> AsyncIterator[LossyWire]:
    async with open_lossy_wire(settings.database_url) as opened:
        yield opened


@pytest.fixture
async def far(mall: Mall, settings: PointsSettings, wire: LossyWire) -> AsyncIterator[Mall]:
    """The mall behind a process whose wire to the database can be cut: by requests alone."""
    there = settings.model_copy(update={"database_url": wire.url, "revocations_poll_seconds": 60})
    async with (
        open_engine(wire.url) as engine,
        open_door(engine, there, mall.clock) as client,
    ):
        yield replace(mall, client=client)


Moment = Literal["before COMMIT", "after COMMIT"]
# A plain sale is written and committed by one statement, with its event among the values.
PLAIN_WRITE = PosTransactionRecorded.TYPE.encode()


async def test_a_connection_lost_before_commit_stores_nothing_and_the_repeat_gets_it(
    far: Mall, wire: LossyWire
) -> None:
    member_id = await far.enrol()
    wire.commit_says = PLAIN_WRITE
    sale = far.sale(10_000, member_id=member_id)
    wire.cut = "before COMMIT"
    lost = await far.push(sale)
    assert (lost.status_code, lost.json()["code"]) == (503, "commit_unknown"), lost.text
    assert lost.headers["Retry-After"] == "1"
    assert await far.books() == []
    again = await far.push(sale)
    assert (again.status_code, again.json()["balance"]) == (201, 100)


async def test_a_lost_answer_to_commit_is_a_503_and_the_repeat_gets_what_is_stored(
    far: Mall, wire: LossyWire
) -> None:
    member_id = await far.enrol()
    wire.commit_says = PLAIN_WRITE
    sale = far.sale(10_000, member_id=member_id)
    wire.cut = "after COMMIT"
    lost = await far.push(sale)
    assert (lost.status_code, lost.json()["code"]) == (503, "commit_unknown")
    again = await far.push(sale)
    assert (again.status_code, again.json()["result"]) == (200, "duplicate")
    assert (again.json()["points"], again.json()["balance"]) == (100, 100)


async def test_a_batch_whose_commit_is_lost_is_stored_once_when_repeated(
    far: Mall, wire: LossyWire
) -> None:
    member_id = await far.enrol()
    sale = far.sale(10_000, member_id=member_id)
    batch = {"transactions": [sale, far.refund(sale, (1, 2_500)), far.sale(500)]}
    for cut, result in (("before COMMIT", "accepted"), ("after COMMIT", "duplicate")):
        wire.cut = cut  # type: ignore[assignment]
        assert (await far.post_batch(batch)).status_code == 503
        again = await far.post_batch(batch)
        assert {item["result"] for item in again.json()["results"]} == {result}
        batch["transactions"].append(far.sale(100, member_id=member_id))
        if cut == "before COMMIT":
            await far.push(batch["transactions"][-1])
    assert await far.balance(member_id) == 76


async def test_an_adjustment_whose_answer_is_lost_is_made_once(far: Mall, wire: LossyWire) -> None:
    member_id = await far.enrol()
    wire.cut = "after COMMIT"
    assert (await far.adjust(member_id, 50, "k")).status_code == 503
    again = await far.adjust(member_id, 50, "k")
    assert (again.status_code, again.json()["balance"]) == (200, 50)


@pytest.mark.parametrize(
    ("moment", "repeat"), [("before COMMIT", 201), ("after COMMIT", 200)], ids=str
)
async def test_a_hold_and_its_capture_whose_commit_is_lost_are_done_once_when_repeated(
    far: Mall, wire: LossyWire, moment: Moment, repeat: int
) -> None:
    member_id = await far.enrol()
    assert (await far.adjust(member_id, 100, "k")).status_code == 201
    body = hold_body(member_id, 60, reference="REF-THAT-IS-WRITTEN")
    wire.commit_says = b"REF-THAT-IS-WRITTEN"
    wire.cut = moment
    lost = await ask(far, "holds", body)
    assert (lost.status_code, lost.json()["code"]) == (503, "commit_unknown"), lost.text
    again = await ask(far, "holds", body)
    assert (again.status_code, again.json()["available"]) == (repeat, 40), again.text
    hold_id = again.json()["hold_id"]
    wire.cut = moment
    lost = await capture(far, hold_id, 50, idempotency_key="pay")
    assert lost.status_code == 503, lost.text
    paid = await capture(far, hold_id, 50, idempotency_key="pay")
    assert (paid.status_code, paid.json()["balance"]) == (repeat, 50)
    assert await spendable(far, member_id) == (50, 50, 0)


@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT"])
async def test_a_payment_by_points_whose_commit_is_lost_is_done_once_when_repeated(
    far: Mall, wire: LossyWire, moment: Moment
) -> None:
    await set_redemption_policy(far)
    member_id = await far.enrol()
    assert (await far.adjust(member_id, 500, "k")).status_code == 201
    body = redemption_body(far.sale(1_000), member_id, 200)
    wire.cut = moment
    assert (await ask(far, "redemptions", body)).status_code == 503
    paid = (await ask(far, "redemptions", body)).json()
    assert paid["balance"] == 300
    undo = {"idempotency_key": "void", "redemption_id": paid["redemption_id"]}
    wire.cut = moment
    assert (await ask(far, "redemption-reversals", undo)).status_code == 503
    assert (await ask(far, "redemption-reversals", undo)).json()["balance"] == 500


async def until_answered(mall: Mall, body: dict[str, Any]) -> httpx.Response:
    """Send the same again while told to, as a till does."""
    answer = await mall.push(body)
    return answer if answer.status_code != 503 else await until_answered(mall, body)


async def test_a_backend_killed_under_load_loses_nothing_that_was_acknowledged(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    bodies = [mall.sale(1_000, member_id=member_id) for _ in range(60)]
    pushing = [asyncio.create_task(mall.push(body)) for body in bodies]
    await asyncio.wait(pushing, return_when=asyncio.FIRST_COMPLETED)
    await twin.rows(kill)
    statuses = [(await task).status_code for task in pushing]
    assert set(statuses) <= {201, 503}
    again = [(await until_answered(mall, body)).status_code for body in bodies]
    assert all(second == 200 for first, second in zip(statuses, again, strict=True) if first == 201)
    assert set(again) <= {200, 201}
    assert await mall.balance(member_id) == 600


async def test_a_stopped_process_takes_no_more_receipts(
    mall: Mall, settings: PointsSettings
) -> None:
    app = build_app(make_runtime("points", settings, mall.engine, mall.clock))
    async with app.router.lifespan_context(app):
        pass
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await replace(mall, client=client).push(mall.sale(100))
    assert (answer.status_code, answer.json()["code"]) == (503, "shutting_down")

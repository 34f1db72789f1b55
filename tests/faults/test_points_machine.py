"""A random life of some members, step by step against the naive books of `tests/points/naive.py`.

Sales, refunds before and after them, holds, captures, payments by points and their reversal,
gifts, adjustments, days and nights. After each step balance, version, debt, what is available and
held, and every lot with its end must be what the naive books say. `make soak` walks a million.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.db import Statements, open_statements, transaction
from shared.ids import new_id
from tests.points.mall import Mall, open_mall
from tests.points.naive import Purse, Refused, Token
from tests.points.nights import pass_night
from tests.points.spending import capture, hold, redeem, release, reverse, set_redemption_policy
from tests.support.clock import HandClock
from tests.support.service import make_settings, open_engine

STEPS, STEPS_AT_LENGTH = 10_000, 1_000_000
STEPS_A_LIFE = 60
LASTS_DAYS = 3
HOLD_SECONDS = 2 * 86_400
SHANGHAI = ZoneInfo("Asia/Shanghai")
MEMBERS = st.integers(0, 2)
_BOOKS = """
SELECT json_agg(json_build_array(a.account_id, a.balance, a.version, a.held, (
    SELECT json_agg(json_build_array(l.expires_at, l.remaining)
                    ORDER BY l.expires_at NULLS LAST, l.version)
    FROM lot l WHERE l.program_id = $1 AND l.account_id = a.account_id AND l.remaining > 0)))::text
FROM account a WHERE a.program_id = $1
"""
SOME = st.integers(1, 60)


@dataclass
class Sale:
    """A sale that was made up; `refunded` before it is pushed waits for it."""

    body: dict[str, Any]
    member: int
    points: int
    is_pushed: bool = False
    refunded_minor: int = 0
    waiting_minor: list[int] = field(default_factory=list)
    clawed: int = 0

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return int(self.body["total_minor"]) - self.refunded_minor - sum(self.waiting_minor)

    def refund(self, amount_minor: int, purse: Purse) -> int:
        """Take back the refund's share; returns how much that is."""
        self.refunded_minor += amount_minor
        whole = int(self.body["total_minor"])
        due = self.points * self.refunded_minor // whole - self.clawed
        purse.take_back(due, self.body["receipt_number"])
        self.clawed += due
        return due


@dataclass
class Held:
    """An open hold and when it runs out."""

    hold_id: str
    member: int
    left: int
    until: datetime


@dataclass
class Paid:
    """A payment by points: the tokens in the order in which they went; `back` so far."""

    redemption_id: str
    member: int
    tokens: list[Token | None]
    back: int = 0


class World:
    """The service, in the loop of a runner of its own."""

    def __init__(self, runner: asyncio.Runner, mall: Mall, statements: Statements) -> None:
        self.runner = runner
        self.mall = mall
        self.statements = statements

    def do(self, coroutine: Any) -> Any:
        """Run it to its end."""
        return self.runner.run(coroutine)


class Life(RuleBasedStateMachine):
    """Three members of a new programme."""

    world: ClassVar[World]
    steps: ClassVar[int] = 0
    sales = Bundle("sales")
    holds = Bundle("holds")
    payments = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        self.purses = [Purse(), Purse(), Purse()]
        self.open_holds: list[Held] = []
        self.mall: Mall
        self.ids: list[UUID]

    @initialize()
    def begin(self) -> None:
        """A programme whose points last for some days, and pay 0.01 each."""
        do = self.world.do
        self.mall = do(self.world.mall.another())
        expiry = {"kind": "rolling_days", "days": LASTS_DAYS}
        assert do(self.mall.set_policy(expiry=expiry)).status_code == 201
        paying = set_redemption_policy(self.mall, step_points=1, step_minor=1)
        assert do(paying).status_code == 201
        self.ids = [do(self.mall.enrol()) for _ in self.purses]

    @rule(target=sales, member=MEMBERS, amount_minor=st.integers(0, 9_000))
    def make_up_a_sale(self, member: int, amount_minor: int) -> Sale:
        """A sale that no till has sent yet."""
        body = self.mall.sale(amount_minor, member_id=self.ids[member])
        return Sale(body, member, amount_minor // 100)

    @rule(target=sales, member=MEMBERS, amount_minor=st.integers(0, 9_000))
    def sell(self, member: int, amount_minor: int) -> Sale:
        """A sale that is sent at once."""
        sale = self.make_up_a_sale(member, amount_minor)
        self._push(sale)
        return sale

    @rule(sale=sales)
    def send(self, sale: Sale) -> None:
        """Send it, or send it again."""
        self._push(sale)

    def _push(self, sale: Sale) -> None:
        answer = self.world.do(self.mall.push(sale.body))
        assert answer.status_code == (200 if sale.is_pushed else 201), answer.text
        assert answer.json()["points"] == sale.points
        if not sale.is_pushed:
            sale.is_pushed = True
            purse = self.purses[sale.member]
            if sale.points:
                purse.earn(sale.points, sale.body["receipt_number"], self._ends(sale))
            for amount_minor in sale.waiting_minor:
                sale.refund(amount_minor, purse)
            sale.waiting_minor.clear()
        self._compare()

    def _ends(self, sale: Sale) -> datetime:
        bought = datetime.fromisoformat(sale.body["purchased_at"]).astimezone(SHANGHAI)
        last = bought.date() + timedelta(days=LASTS_DAYS + 1)
        return datetime(last.year, last.month, last.day, tzinfo=SHANGHAI).astimezone(UTC)

    @rule(sale=sales, share=st.integers(1, 100))
    def refund(self, sale: Sale, share: int) -> None:
        """A part of what is left comes back; also before the sale is known."""
        amount_minor = sale.left_minor * share // 100
        if amount_minor == 0:
            return
        answer = self.world.do(self.mall.push(self.mall.refund(sale.body, (1, amount_minor))))
        assert answer.status_code == 201, answer.text
        if sale.is_pushed:
            due = sale.refund(amount_minor, self.purses[sale.member])
            assert answer.json()["points"] == -due
        else:
            assert answer.json()["status"] == "waiting_sale"
            sale.waiting_minor.append(amount_minor)
        self._compare()

    @rule(sale=sales)
    def refund_too_much(self, sale: Sale) -> None:
        """More than was sold is refused, and nothing happens."""
        if sale.is_pushed:
            body = self.mall.refund(sale.body, (1, sale.left_minor + 1))
            answer = self.world.do(self.mall.push(body))
            assert answer.json()["code"] == "refund_exceeds_sale"
            self._compare()

    @rule(member=MEMBERS, points=SOME, sign=st.sampled_from([1, -1]))
    def adjust(self, member: int, points: int, sign: int) -> None:
        """Staff give points, which last for ever, or take some."""
        purse = self.purses[member]

        def move() -> None:
            if sign > 0:
                purse.earn(points, "staff", None)
            else:
                purse.spend(points, self.mall.clock())

        key = new_id().hex
        answer = self.world.do(self.mall.adjust(self.ids[member], sign * points, key))
        self._expect(answer, move)

    @rule(target=holds, member=MEMBERS, points=SOME)
    def hold(self, member: int, points: int) -> Any:
        """A till sets points aside."""
        asked = hold(self.mall, self.ids[member], points, ttl_seconds=HOLD_SECONDS)
        answer = self.world.do(asked)
        purse, until = self.purses[member], self.mall.clock() + timedelta(seconds=HOLD_SECONDS)
        if not self._expect(answer, lambda: purse.hold(points, self.mall.clock())):
            return multiple()
        made = Held(answer.json()["hold_id"], member, points, until)
        self.open_holds.append(made)
        return made

    @rule(target=payments, held=holds, points=SOME, is_final=st.booleans())
    def capture(self, held: Held, points: int, is_final: bool) -> Any:
        """A till spends what it had set aside, or a part of it."""
        asked = capture(self.mall, held.hold_id, points, is_final=is_final)
        answer = self.world.do(asked)
        if held not in self.open_holds:
            assert answer.json()["code"] in {"hold_closed", "hold_expired"}, answer.text
            return multiple()
        if points > held.left:
            assert answer.json()["code"] == "hold_too_small", answer.text
            return multiple()
        assert answer.status_code == 201, answer.text
        is_done = is_final or points == held.left
        freed = held.left - points if is_done else 0
        tokens = self.purses[held.member].capture(points, freed)
        held.left -= points
        if is_done:
            self.open_holds.remove(held)
        self._compare()
        return Paid(answer.json()["redemption_id"], held.member, tokens)

    @rule(held=consumes(holds))
    def release(self, held: Held) -> None:
        """A till does not need them; a second time is harmless."""
        answer = self.world.do(release(self.mall, held.hold_id))
        if held in self.open_holds:
            assert answer.status_code == 200, answer.text
            self.purses[held.member].held -= held.left
            self.open_holds.remove(held)
        self._compare()

    @rule(target=payments, member=MEMBERS, points=SOME)
    def pay(self, member: int, points: int) -> Any:
        """Points pay a part of a receipt."""
        sale = self.mall.sale(100_000)
        answer = self.world.do(redeem(self.mall, sale, self.ids[member], points))
        purse, went = self.purses[member], list[Token]()

        def move() -> None:
            went.extend(purse.spend(points, self.mall.clock()))

        if not self._expect(answer, move):
            return multiple()
        return Paid(answer.json()["redemption_id"], member, [*went])

    @rule(paid=payments, share=st.integers(1, 130))
    def undo_a_payment(self, paid: Paid, share: int) -> None:
        """Points come back to where they came from, the newest lot's first."""
        left = len(paid.tokens) - paid.back
        points = -(-left * share // 100)
        if points == 0:
            return
        answer = self.world.do(reverse(self.mall, paid.redemption_id, points=points))
        if points > left:
            assert answer.json()["code"] == "reversal_exceeds_redemption", answer.text
            return
        assert answer.status_code in {200, 201}, answer.text
        newest = sorted(paid.tokens, key=lambda t: -t.lot if t is not None else -(10**9))
        coming = newest[paid.back : paid.back + points]
        paid.back += points
        purse = self.purses[paid.member]
        uncovered = sum(token is None for token in coming)
        if uncovered:
            purse.earn(uncovered, "return", None)
        purse.put_back([token for token in coming if token is not None])
        self._compare()

    @rule(giver=MEMBERS, receiver=MEMBERS, points=SOME)
    def give(self, giver: int, receiver: int, points: int) -> None:
        """A member gives points to another, who takes them at once."""
        if giver == receiver:
            return
        path = f"/v1/members/{self.ids[giver]}/transfers"
        body = {"to_member_id": str(self.ids[receiver]), "points": points}
        answer = self.world.do(self.mall.post(path, body, self.ids[giver], new_id().hex))
        went: list[Token] = []

        def move() -> None:
            went.extend(self.purses[giver].spend(points, self.mall.clock()))

        if self._would_refuse(giver, points):
            self._expect(answer, move)
            return
        assert answer.status_code == 201, answer.text
        transfer_id = answer.json()["transfer_id"]
        path = f"/v1/members/{self.ids[receiver]}/transfers/{transfer_id}/acceptance"
        taken = self.world.do(self.mall.post(path, None, self.ids[receiver]))
        assert taken.status_code == 200, taken.text
        move()
        self.purses[receiver].receive(went)
        self._compare()

    def _would_refuse(self, member: int, points: int) -> bool:
        return points > self.purses[member].available(self.mall.clock())

    @rule(days=st.integers(1, 3))
    def sleep(self, days: int) -> None:
        """Days pass, and the last night is worked."""
        self.world.do(pass_night(self.mall, days=days))
        now = self.mall.clock()
        for held in [held for held in self.open_holds if held.until <= now]:
            self.purses[held.member].held -= held.left
            self.open_holds.remove(held)
        local = now.astimezone(SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        for purse in self.purses:
            purse.end_night(midnight.astimezone(UTC))
        self._compare()

    @precondition(lambda self: not self.open_holds)
    @rule(hours=st.integers(1, 20))
    def wait(self, hours: int) -> None:
        """Time passes, and nobody works the night: what has ended cannot be spent all the same."""
        self.mall.clock.advance(hours=hours)
        self._compare()

    def _expect(self, answer: Any, move: Callable[[], object]) -> bool:
        """The service and the naive books agree on whether it can be done."""
        try:
            move()
        except Refused as refused:
            why = str(refused)
        else:
            assert answer.status_code in {200, 201}, answer.text
            self._compare()
            return True
        assert (answer.status_code, answer.json()["code"]) == (422, why), answer.text
        self._compare()
        return False

    def _compare(self) -> None:
        Life.steps += 1
        found = self.world.do(self._read())
        told = {
            self.ids[number]: (
                purse.balance,
                purse.version,
                purse.held,
                [(ends, points) for ends, points in purse.lots()],
            )
            for number, purse in enumerate(self.purses)
        }
        assert found == told
        self.mall.clock.advance(seconds=1)

    async def _read(self) -> dict[UUID, Any]:
        [books] = await self.world.statements.fetchrow(_BOOKS, self.mall.program_id)
        return {
            UUID(account_id): (
                balance,
                version,
                held,
                [(ends and datetime.fromisoformat(ends), points) for ends, points in lots or ()],
            )
            for account_id, balance, version, held, lots in json.loads(books)
        }

    def teardown(self) -> None:
        """Nobody was told anything that is not so, and the books hold."""
        if not hasattr(self, "ids"):
            return
        for number, member_id in enumerate(self.ids):
            purse = self.purses[number]
            answer = self.world.do(self.mall.get(f"/v1/members/{member_id}/holds", member_id))
            now = self.mall.clock()
            assert answer.json()["available"] == purse.available(now), answer.text
            assert answer.json()["balance"] == purse.balance


@pytest.fixture
def world(worker_database: Callable[[str], str]) -> Iterator[World]:
    """Points behind its HTTP door; the books must hold in the end."""
    settings = make_settings(PointsSettings, worker_database("points"))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def open_all() -> World:
            engine = await stack.enter_async_context(open_engine(settings.database_url))
            mall = await stack.enter_async_context(open_mall(engine, settings, HandClock()))
            reads = open_statements(settings.database_url, 1, read_only=True)
            return World(runner, mall, await stack.enter_async_context(reads))

        opened = runner.run(open_all())
        try:
            yield opened

            async def check() -> dict[str, int]:
                async with transaction(opened.mall.engine) as session:
                    return await check_invariants(session)

            broken = runner.run(check())
            assert not any(broken.values()), broken
        finally:
            runner.run(stack.aclose())


def live(world: World, steps: int) -> None:
    """Lives, one after the other, until so many steps are done. Each prints its seed."""
    Life.world, Life.steps = world, 0
    while Life.steps < steps:
        seed = int.from_bytes(os.urandom(4), "big")
        print(f"seed {seed}, {Life.steps} steps before it")
        settings = hypothesis.settings(
            max_examples=40,
            stateful_step_count=STEPS_A_LIFE,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # Making a failing life shorter takes many minutes.
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        run_state_machine_as_test(hypothesis.seed(seed)(Life), settings=settings)


def test_ten_thousand_steps_end_in_the_same_books_as_the_naive_ones(world: World) -> None:
    live(world, STEPS)
    assert Life.steps >= STEPS


@pytest.mark.soak
def test_a_million_steps_end_in_the_same_books_as_the_naive_ones(world: World) -> None:
    live(world, STEPS_AT_LENGTH)
    assert Life.steps >= STEPS_AT_LENGTH

"""Seeded traffic between members and by staff, beside the receipts and the tills' spending.

Offers, stars, adjustments with a checker; a household with a pool; two accounts that are merged and
told apart again; orders that are held, captured and cancelled over Kafka; an import and an export.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.campaigns import (
    OrderPointsCancelRequested,
    OrderPointsCaptureRequested,
    OrderPointsHoldRequested,
)
from shared.contracts.event import Event
from tests.support.asking import Answer, Counter
from tests.support.frame import record_of, until
from tests.support.line import Line
from tests.support.spending import NOTHING_HAPPENED

WHY = {"reason_code": "x", "note": "x"}
CHECKED_POINTS = 20_000  # More than staff may give without a check.
IMPORTED_POINTS = 7
# Points may not know the member yet; the same person may be in the middle of something else.
_NOT_NOW = {*NOTHING_HAPPENED, "transfer_receiver_unknown", "wallet_full"}


@dataclass
class Somebody:
    """A member, and what the books must say of them besides receipts and tills."""

    member_id: str
    member_number: str
    moved: int = 0
    stars: int = 0


@dataclass
class Company:
    """Who does what with whom. `orders` are those that were asked, with their points."""

    counter: Counter
    seed: str
    people: Sequence[Somebody]
    household: Sequence[Somebody]
    twins: Sequence[Somebody]
    checker: str
    orders: dict[UUID, tuple[Somebody, int]] = field(default_factory=dict)
    pool_spent: int = 0
    merges: int = 0

    async def run(self, times: int, *, with_files: bool) -> None:
        """So often each, all of it at once."""
        lives = [self._life(person, number, times) for number, person in enumerate(self.people)]
        files = [self._bring_in(), self._take_out()] if with_files else []
        await asyncio.gather(
            *lives, self._keep_house(times), self._merge(times), self._order(times), *files
        )

    async def _life(self, person: Somebody, number: int, times: int) -> None:
        random = Random(f"{self.seed}-life-{number}")
        await self._known(person)
        ways: list[Callable[[Random, Somebody, str], Awaitable[None]]] = [
            self._offer,
            self._adjust,
            self._give_stars,
            self._redeem_stars,
        ]
        for step in range(times):
            await random.choice(ways)(random, person, f"{self.seed}-{number}-{step}")

    async def _known(self, person: Somebody) -> None:
        """Wait until points has heard of the member, and give them stars to begin with."""
        path, body = f"/v1/members/{person.member_id}/adjustments", {**WHY, "wallet": "stars"}

        async def is_given() -> bool:
            key = f"{self.seed}-stars-{person.member_id}"
            answer = await self.counter.staff(path, {**body, "points": 50}, key)
            assert answer.status in {200, 201} or answer.code == "member_unknown", answer
            return answer.status < 300

        await until(is_given, 120)
        person.stars += 50

    async def _offer(self, random: Random, giver: Somebody, key: str) -> None:
        receiver = random.choice([p for p in self.people if p is not giver])
        points = random.randrange(1, 40)
        body = {"to_member_id": receiver.member_id, "points": points}
        path = f"/v1/members/{giver.member_id}/transfers"
        offered = await self.counter.member(giver.member_id, path, body, key)
        if not _is_done(offered):
            return
        how = random.choice(["acceptance", "acceptance", "refusal", "cancellation"])
        who = giver if how == "cancellation" else receiver
        path = f"/v1/members/{who.member_id}/transfers/{offered.found['transfer_id']}/{how}"
        if _is_done(await self.counter.member(who.member_id, path)) and how == "acceptance":
            giver.moved -= points
            receiver.moved += points

    async def _adjust(self, random: Random, person: Somebody, key: str) -> None:
        points = random.choice([5, -5, CHECKED_POINTS])
        path = f"/v1/members/{person.member_id}/adjustments"
        asked = await self.counter.staff(path, {**WHY, "points": points}, key)
        if not _is_done(asked):
            return
        if asked.found["status"] == "awaits_check":
            how = random.choice(["approval", "rejection"])
            path = f"/v1/adjustments/{asked.found['adjustment_id']}/{how}"
            checked = await self.counter.staff(path, {"note": "x"}, token=self.checker)
            assert checked.status == 200, checked
            points = points if how == "approval" else 0
        person.moved += points

    async def _give_stars(self, random: Random, giver: Somebody, key: str) -> None:
        receiver = random.choice([p for p in self.people if p is not giver])
        stars = random.randrange(1, 30)
        path = f"/v1/members/{giver.member_id}/wallets/stars/gifts"
        body = {"points": stars, "to_member_id": receiver.member_id}
        if _is_done(await self.counter.member(giver.member_id, path, body, key)):
            giver.stars -= stars
            receiver.stars += stars

    async def _redeem_stars(self, random: Random, person: Somebody, key: str) -> None:
        stars, shop = random.randrange(1, 20), random.randrange(3)
        shop_id = str(self.counter.line.shop_ids[shop])
        path = f"/v1/members/{person.member_id}/wallets/stars/redemptions"
        body = {"points": stars, "shop_id": shop_id, "reference": "tea"}
        taken = await self.counter.staff(path, body, key)
        if not _is_done(taken):
            return
        person.stars -= stars
        if random.random() < 0.5:
            undo = {"idempotency_key": key, "redemption_id": taken.found["redemption_id"]}
            undone = await self.counter.till(shop, "redemption-reversals", undo)
            assert undone.status in {200, 201}, undone
            person.stars += stars

    async def _keep_house(self, times: int) -> None:
        random, (owner, other) = Random(f"{self.seed}-house"), self.household
        for person in self.household:
            await self._known(person)
        for round_ in range(max(1, times // 4)):
            key = f"{self.seed}-pool-{round_}"
            path = f"/v1/members/{owner.member_id}/pools"
            body = {"name": "Wang", "month_points_max": 5_000}
            opened = await self.counter.member(owner.member_id, path, body, key)
            assert _is_done(opened), opened
            pool = f"/v1/pools/{opened.found['pool_id']}"
            body = {"member_id": other.member_id}
            assert _is_done(await self.counter.member(owner.member_id, f"{pool}/invitations", body))
            assert _is_done(await self.counter.member(other.member_id, f"{pool}/joining"))
            for step in range(4):
                await self._use_pool(random, pool, f"{key}-{step}")
            if random.random() < 0.5:
                await self._end(other, f"{pool}/departures", body)
            await self._end(owner, f"{pool}/dissolution", None)

    async def _use_pool(self, random: Random, pool: str, key: str) -> None:
        who, points = random.choice(self.household), random.randrange(1, 40)
        given = await self.counter.member(
            who.member_id, f"{pool}/contributions", {"points": points}, key
        )
        _is_done(given)
        shop_id = str(self.counter.line.shop_ids[0])
        body = {"points": points // 2 + 1, "shop_id": shop_id, "reference": "tea"}
        spent = await self.counter.member(who.member_id, f"{pool}/spendings", body, key)
        if _is_done(spent):
            self.pool_spent += body["points"]  # type: ignore[operator]

    async def _end(self, who: Somebody, path: str, body: Any) -> None:
        """Leave, or dissolve: who hears nothing and asks again is told that nothing is there."""
        ended = await self.counter.member(who.member_id, path, body)
        assert ended.status == 200 or (ended.times > 1 and ended.code == "pool_unknown"), ended

    async def _merge(self, times: int) -> None:
        random = Random(f"{self.seed}-twins")
        for person in self.twins:
            await self._known(person)
        for _ in range(max(2, times // 2)):
            merged, survivor = random.sample(list(self.twins), 2)
            ids = {
                "merged_member_id": merged.member_id,
                "survivor_member_id": survivor.member_id,
            }
            made = await self.counter.staff("/v1/merges", {**WHY, **ids})
            assert made.status in {200, 201}, made
            undo = f"/v1/merges/{made.found['merge_id']}/undo"
            undone = await self.counter.staff(undo)
            assert undone.status == 200, undone
            self.merges += 1

    async def _order(self, times: int) -> None:
        random = Random(f"{self.seed}-orders")
        for number in range(times):
            person, points = random.choice(list(self.people)), random.randrange(1, 30)
            order_id = UUID(int=random.getrandbits(128), version=4)
            self.orders[order_id] = (person, points)
            said: dict[str, Any] = {
                "program_id": self.counter.line.program_id,
                "order_id": order_id,
                "member_id": UUID(person.member_id),
                "points": points,
                "reference": f"order {number}",
                "asked_at": datetime.now(UTC),
            }
            asked: list[Event] = [
                OrderPointsHoldRequested(**said),
                OrderPointsCaptureRequested(**said),
            ]
            if random.random() < 0.3:
                asked.append(OrderPointsCancelRequested(**said, why="out of stock"))
            random.shuffle(asked)
            for event in asked:
                await tell_kafka(self.counter.line, event, random.randrange(1, 4))

    async def _bring_in(self) -> None:
        """Opening balances: sent, checked and committed, whatever is killed meanwhile."""
        rows = [
            {"reference": f"{self.seed}-{n}", "member_number": p.member_number}
            | {"points": IMPORTED_POINTS, "earned_on": "2025-06-30"}
            for n, p in enumerate(self.people)
        ]
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        agreed = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": len(rows),
            "points": IMPORTED_POINTS * len(rows),
        }
        begun = await self.counter.staff("/v1/imports", {"file_format": "jsonl"})
        address = f"/v1/imports/{begun.found['import_id']}"
        sent = await self.counter.staff(f"{address}/parts/1", content, method="PUT")
        assert sent.status == 200, sent
        checked = await self.counter.staff(f"{address}/checks", agreed)
        assert checked.status == 202, checked
        await self._status(address, "checked")
        committed = await self.counter.staff(f"{address}/commits", agreed, token=self.checker)
        assert committed.status == 202, committed
        await self._status(address, "done")
        for person in self.people:
            person.moved += IMPORTED_POINTS

    async def _take_out(self) -> None:
        """An export of the ledger, asked for while it grows; its file is what was promised."""
        asked = await self.counter.staff("/v1/exports", {})
        address = f"/v1/exports/{asked.found['export_id']}"
        told = await self._status(address, "ready")
        headers = {"Authorization": f"Bearer {self.counter.line.token}"}
        url = f"{self.counter.line.parts['points-api'].url}{address}/file"

        async def is_whole() -> bool:
            try:
                file = await self.counter.client.get(url, headers=headers)
            except OSError:
                return False
            return file.status_code == 200 and (
                hashlib.sha256(file.content).hexdigest() == told["sha256"]
            )

        await until(is_whole, 60)

    async def _status(self, address: str, wanted: str) -> Any:
        async def reached() -> Any:
            answer = await self.counter.staff(address, method="GET")
            assert answer.found["status"] != "refused", answer
            return answer.found if answer.found["status"] == wanted else None

        return await until(reached, 120)


def _is_done(answer: Answer) -> bool:
    """Done now or before; or nothing happened, for a reason that may be."""
    assert answer.status < 300 or answer.code in _NOT_NOW, answer
    return answer.status < 300


async def tell_kafka(line: Line, event: Event, times: int) -> None:
    """Have Kafka hold the event so many times at least, whether it is killed or not."""
    record = record_of(event)
    left = times
    while left:
        producer = AIOKafkaProducer(bootstrap_servers=line.kafka.bootstrap)
        try:
            await producer.start()
            while left:
                await producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
                left -= 1
        except (KafkaError, OSError):
            await asyncio.sleep(0.1)
        finally:
            await producer.stop()

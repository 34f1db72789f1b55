"""Seeded spending beside the receipts: holds, captures, releases, payments and their reversal.

Each request has a key and is sent until it is answered, the same bytes each time; what the answers
say is what the books must say in the end.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.support.asking import Counter
from tests.support.line import Line

# Points may not know the member yet, or the member may not have them.
NOTHING_HAPPENED = {"insufficient_points", "member_unknown"}


async def let_points_pay(line: Line) -> None:
    """One point pays 0.01, since long ago."""
    policy = {"effective_from": "2025-01-01T00:00:00+08:00", "step_points": 1, "step_minor": 1}
    await line.ask("points-api", "POST", "/v1/redemption-policies", policy)


@dataclass
class Spender:
    """One member's spending in one shop. `spent` is what was acknowledged, less what came back."""

    counter: Counter
    seed: str
    member_number: str
    shop: int
    spent: int = 0
    done: int = 0

    async def run(self, times: int) -> None:
        """So many things, one after the other."""
        random = Random(self.seed)
        ways: list[Callable[[Random, str], Awaitable[None]]] = [
            self._hold_and_capture,
            self._hold_and_release,
            self._pay,
        ]
        for number in range(times):
            await random.choice(ways)(random, f"{self.seed}-{number}")
            self.done += 1

    async def _hold(self, random: Random, key: str) -> dict[str, Any] | None:
        points = random.randrange(1, 60)
        body = {"idempotency_key": key, "member_number": self.member_number, "points": points}
        return await self._ask("holds", {**body, "reference": "H1"})

    async def _hold_and_capture(self, random: Random, key: str) -> None:
        hold = await self._hold(random, key)
        if hold is None:
            return
        part = random.randrange(1, hold["points"] + 1)
        body = {"idempotency_key": f"{key}-c", "hold_id": hold["hold_id"], "points": part}
        paid = await self._ask("hold-captures", body)
        assert paid is not None
        self.spent += part
        if random.random() < 0.5:
            await self._reverse(random, key, paid)

    async def _hold_and_release(self, random: Random, key: str) -> None:
        hold = await self._hold(random, key)
        if hold is not None:
            await self._ask("hold-releases", {"hold_id": hold["hold_id"]})

    async def _pay(self, random: Random, key: str) -> None:
        day = datetime.now(UTC).date().isoformat()
        receipt = {"till_id": "T1", "receipt_number": f"{key}-paid", "business_date": day}
        points = random.randrange(1, 60)
        body = {"idempotency_key": key, "member_number": self.member_number, "points": points}
        bill = {"receipt": receipt, "receipt_total_minor": 100_000, "currency": "CNY"}
        paid = await self._ask("redemptions", {**body, **bill})
        if paid is None:
            return
        self.spent += points
        if random.random() < 0.5:
            await self._reverse(random, key, paid)

    async def _reverse(self, random: Random, key: str, paid: dict[str, Any]) -> None:
        points = random.randrange(1, paid["points"] + 1)
        body = {"idempotency_key": f"{key}-r", "redemption_id": paid["redemption_id"]}
        assert await self._ask("redemption-reversals", {**body, "points": points}) is not None
        self.spent -= points

    async def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or None when nothing happened."""
        answer = await self.counter.till(self.shop, what, body)
        found: dict[str, Any] = answer.found
        if answer.status < 300:
            return found
        assert answer.code in NOTHING_HAPPENED, found
        return None


def spender_of(counter: Counter, seed: int, index: int, member_number: str) -> Spender:
    """The spending of the person with that index."""
    return Spender(counter, f"S{seed}-{index}", member_number, index)

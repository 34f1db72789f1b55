"""Seeded traffic: members join, tills push sales and refunds in any order, again and again, and
members spend meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.support.asking import Counter
from tests.support.company import Company, Somebody
from tests.support.frame import until
from tests.support.line import SHOPS, Line
from tests.support.spending import spender_of

# Of all people so many at the end are a household, and so many before them one person twice.
HOUSEHOLD, TWINS = 2, 2


@dataclass
class Person(Somebody):
    """Somebody with a phone, and what the books must say of them in the end."""

    member_id: str = ""
    member_number: str = ""
    phone: str = ""
    points: int = 0
    bonus: int = 0
    spent: int = 0


@dataclass
class Sale:
    """A sale of some lines, of which `refunded` (line numbers) go back."""

    person: Person
    shop: int
    number: str
    lines: list[tuple[str, int]]
    refunded: list[int] = field(default_factory=list)

    @property
    def points(self) -> int:
        """What remains of it, by the built-in policy: a point for each full 1.00."""
        total = sum(amount for _, amount in self.lines)
        gone = sum(self.lines[n - 1][1] for n in self.refunded)
        earned = total // 100
        return earned - (earned * gone // total if total else 0)

    @property
    def bonus(self) -> int:
        """The food lines that remain earn again, by the campaign."""
        kept = [
            amount
            for number, (category, amount) in enumerate(self.lines, 1)
            if category == "food" and number not in self.refunded
        ]
        return sum(kept) // 100


@dataclass
class Traffic:
    """What is pushed, and every answer that a till heard."""

    line: Line
    seed: int
    people: list[Person] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    pushed: int = 0
    refused: list[str] = field(default_factory=list)
    total: int = 0
    company: Company | None = None

    async def run(
        self,
        people: int,
        sales: int,
        meanwhile: Callable[["Traffic"], Coroutine[Any, Any, None]],
        *,
        with_files: bool = False,
    ) -> None:
        """Push everything with eight tills at once while `meanwhile` does its worst.

        Files are slow: a job looks after them every few seconds.
        """
        random = Random(self.seed)
        bodies = self._plan(random, people, sales)
        await self._join(random)
        for person_bodies in bodies:
            for body in person_bodies:
                self._name_member(body)
        queue = [body for person_bodies in bodies for body in person_bodies]
        random.shuffle(queue)
        queue += random.choices(queue, k=len(queue) // 10)  # Tills that heard nothing repeat.
        self.total = len(queue)
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            counter = Counter(self.line, client)
            self.company = await self._gather_company(counter)
            trouble = asyncio.create_task(meanwhile(self))
            pending = iter(queue)
            tills = [self._work(counter, pending) for _ in range(8)]
            company = self.company.run(sales, with_files=with_files)
            await asyncio.gather(*tills, *self._spending(counter, sales), company)
            await trouble

    async def _gather_company(self, counter: Counter) -> Company:
        await counter.open_front()
        singles, twins, household = self.groups
        checker = await counter.token_of_staff("second pair of eyes")
        return Company(counter, f"C{self.seed}", singles, household, twins, checker)

    @property
    def groups(self) -> tuple[list[Person], list[Person], list[Person]]:
        """Those whose books are theirs alone, the twins, and the household."""
        first, second = -HOUSEHOLD - TWINS, -HOUSEHOLD
        return self.people[:first], self.people[first:second], self.people[second:]

    def _spending(self, counter: Counter, times: int) -> list[Coroutine[Any, Any, None]]:
        """Everybody but the twins spends what they have, meanwhile."""

        async def spend(person: Person, index: int) -> None:
            spender = spender_of(counter, self.seed, index, person.member_number)
            await spender.run(times)
            person.spent = spender.spent

        _, twins, _ = self.groups
        return [
            spend(person, index) for index, person in enumerate(self.people) if person not in twins
        ]

    async def reached(self, share: float) -> None:
        """Wait until that share of the traffic was answered."""
        await until(lambda: self.pushed >= self.total * share, 300)

    def _plan(self, random: Random, people: int, sales: int) -> list[list[dict[str, Any]]]:
        bodies = []
        for index in range(people):
            phone = f"+86138{random.randrange(10**8):08d}"
            person = Person(phone=phone)
            self.people.append(person)
            own: list[dict[str, Any]] = []
            for number in range(sales):
                own += self._plan_sale(random, person, f"{self.seed}-{index}-{number}")
            bodies.append(own)
        for sale in self.sales:
            sale.person.points += sale.points
            sale.person.bonus += sale.bonus
        return bodies

    def _plan_sale(self, random: Random, person: Person, number: str) -> list[dict[str, Any]]:
        lines = [
            (random.choice(("food", "fashion")), random.randrange(0, 30_000))
            for _ in range(random.randrange(1, 5))
        ]
        sale = Sale(person, random.randrange(SHOPS), number, lines)
        self.sales.append(sale)
        bought = datetime.now(UTC) - timedelta(days=random.randrange(1, 20))
        found = [self._body(sale, number, bought, lines, person=person)]
        for line_number in range(1, len(lines) + 1):
            if random.random() < 0.15:
                sale.refunded.append(line_number)
                later = bought + timedelta(hours=line_number)
                body = self._body(sale, f"{number}-R{line_number}", later, [lines[line_number - 1]])
                body["kind"] = "refund"
                body["original"] = {
                    key: found[0][key] for key in ("till_id", "receipt_number", "business_date")
                }
                body["lines"][0]["original_line_number"] = line_number
                found.append(body)
        return found

    def _body(
        self,
        sale: Sale,
        number: str,
        at: datetime,
        lines: Sequence[tuple[str, int]],
        person: Person | None = None,
    ) -> dict[str, Any]:
        return {
            "shop_id": str(self.line.shop_ids[sale.shop]),
            "till_id": "T1",
            "receipt_number": number,
            "business_date": at.date().isoformat(),
            "purchased_at": at.isoformat(),
            "currency": "CNY",
            "total_minor": sum(amount for _, amount in lines),
            "lines": [
                {"line_number": n, "category": category, "amount_minor": amount}
                for n, (category, amount) in enumerate(lines, 1)
            ],
            "_person": person,
        }

    async def _join(self, random: Random) -> None:
        """Everybody joins just before the receipts: their news races with them to points."""
        for person in random.sample(self.people, len(self.people)):
            body = {"channel": "app", "phone": person.phone}
            answer = await self.line.ask("membership", "POST", "/v1/members", body)
            person.member_id = answer["member_id"]
            person.member_number = answer["member_number"]

    def _name_member(self, body: dict[str, Any]) -> None:
        person = body.pop("_person")
        if person is not None:
            body["member_number"] = person.member_number

    async def _work(self, counter: Counter, bodies: Any) -> None:
        for body in bodies:
            await self._push(counter, body)
            self.pushed += 1

    async def _push(self, counter: Counter, body: dict[str, Any]) -> None:
        shop = self.line.shop_ids.index(UUID(body["shop_id"]))
        answer = await counter.till(shop, "pos-transactions", body)
        if answer.status in {200, 201}:
            self.heard[body["receipt_number"]] = answer.found
        else:
            self.refused.append(f"{answer.status} {answer.found}")

"""Receipts, what they and other deeds earn, and what pending points wait for."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition

from shared.ids import new_id
from tests.faults.life.books import LASTS_DAYS, MEMBERS, Books, end_of_day, nearest, worth
from tests.faults.life.tally import rule
from tests.points.naive import Lot, Purse, Refused

SALES: Any = Bundle("sales")
AMOUNTS = st.sampled_from([1_050, 0, 99, 1_999, 2_999, 4_000, 5_050, 7_777, 9_000])


@dataclass(eq=False)
class Sale:
    """A sale that was made up; what is refunded before it is pushed waits for it. `purse` is the
    one that it was posted to."""

    body: dict[str, Any]
    member: int
    points: int
    purse: Purse | None = None
    transaction_id: str = ""
    refunded_minor: int = 0
    waiting_minor: list[int] = field(default_factory=list)
    clawed: int = 0

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return int(self.body["total_minor"]) - self.refunded_minor - sum(self.waiting_minor)

    def refund(self, amount_minor: int) -> int:
        """Take back the refund's share; returns how much that is."""
        assert self.purse is not None
        self.refunded_minor += amount_minor
        whole = int(self.body["total_minor"])
        due = self.points * self.refunded_minor // whole - self.clawed
        self.purse.heir.take_back(due, self.body["receipt_number"])
        self.clawed += due
        return due


class Receipts(Books):
    """Rules of tills that sell."""

    def __init__(self) -> None:
        super().__init__()
        self.sales: list[Sale] = []

    def _made_up(self, member: int, amount_minor: int) -> Sale:
        body = self.mall.sale(amount_minor, member_id=self.ids[member])
        self.sales.append(Sale(body, member, amount_minor // 100))
        return self.sales[-1]

    @rule(target=SALES, member=MEMBERS, amount_minor=AMOUNTS)
    def make_up_a_sale(self, member: int, amount_minor: int) -> Sale:
        """A sale that no till has sent yet."""
        return self._made_up(member, amount_minor)

    @rule(target=SALES, member=MEMBERS, amount_minor=AMOUNTS)
    def sell(self, member: int, amount_minor: int) -> Sale:
        """A sale that is sent at once."""
        sale = self._made_up(member, amount_minor)
        self._send(sale)
        return sale

    @worth(lambda self: any(sale.purse is None for sale in self.sales))
    @rule(sale=SALES)
    def send(self, sale: Sale) -> None:
        """Send what was not sent yet or, if all was, send it again."""
        self._send(nearest(sale, self.sales, lambda one: one.purse is None))

    def _send(self, sale: Sale) -> None:
        answer = self.world.do(self.mall.push(sale.body))
        assert answer.status_code == (201 if sale.purse is None else 200), answer.text
        assert answer.json()["points"] == sale.points
        if sale.purse is None:
            sale.transaction_id = answer.json()["pos_transaction_id"]
            sale.purse = self.purses[sale.member].heir
            if sale.points:
                self._earn(sale)
            for amount_minor in sale.waiting_minor:
                sale.refund(amount_minor)
            sale.waiting_minor.clear()
        self.compare()

    def _earn(self, sale: Sale) -> None:
        assert sale.purse is not None
        bought = datetime.fromisoformat(sale.body["purchased_at"])
        terms: dict[str, Any] = {}
        told = sale.purse.told.get("delivered")
        if self.waits_for == "event" and (told is None or told < bought):
            terms = {"is_pending": True, "awaits": "delivered"}
        elif self.waits_for == "days" and end_of_day(bought) > self.now:
            terms = {"is_pending": True, "activates": end_of_day(bought)}
        number = sale.body["receipt_number"]
        sale.purse.earn(sale.points, number, end_of_day(bought, LASTS_DAYS), **terms)

    @worth(lambda self: any(sale.left_minor >= 100 for sale in self.sales))
    @rule(sale=SALES, share=st.sampled_from([5, 20, 50, 100, 100]))
    def refund(self, sale: Sale, share: int) -> None:
        """A part of what is left comes back; also before the sale is known."""
        self._refund(nearest(sale, self.sales, lambda one: one.left_minor * share >= 100), share)

    @precondition(lambda self: any(map(self.is_spent, self.sales)))
    @rule(sale=SALES)
    def refund_what_is_spent(self, sale: Sale) -> None:
        """All that is left comes back when the points are gone: some are owed then."""
        self._refund(nearest(sale, self.sales, self.is_spent), 100)

    def is_spent(self, sale: Sale) -> bool:
        """Less is there than the sale gave and was not taken back yet."""
        if sale.purse is None or not sale.left_minor:
            return False
        return sale.points - sale.clawed > max(sale.purse.heir.balance, 0)

    def _refund(self, sale: Sale, share: int) -> None:
        amount_minor = sale.left_minor * share // 100
        if amount_minor == 0:
            return
        answer = self.world.do(self.mall.push(self.mall.refund(sale.body, (1, amount_minor))))
        assert answer.status_code == 201, answer.text
        if sale.purse is not None:
            due = sale.refund(amount_minor)
            assert answer.json()["points"] == -due
        else:
            assert answer.json()["status"] == "waiting_sale"
            sale.waiting_minor.append(amount_minor)
        self.compare()

    @worth(lambda self: any(sale.purse is not None for sale in self.sales))
    @rule(sale=SALES)
    def refund_too_much(self, sale: Sale) -> None:
        """More than was sold is refused, and nothing happens."""
        sale = nearest(sale, self.sales, lambda one: one.purse is not None)
        if sale.purse is not None:
            body = self.mall.refund(sale.body, (1, sale.left_minor + 1))
            answer = self.world.do(self.mall.push(body))
            code = "refund_exceeds_sale"
            self.expect(answer, lambda: self.refuse_unless(False, code))

    @rule(member=MEMBERS, kind=st.sampled_from(["check_in", "review"]))
    def do_something(self, member: int, kind: str) -> None:
        """A member earns without a purchase; told twice, it counts once."""
        member, external_id = self.heir_of(member), new_id().hex
        body = {"member_id": str(self.ids[member]), "kind": kind, "external_id": external_id}
        body["happened_at"] = self.now.isoformat()
        purse = self.purses[member]
        told = self.staff_post("/v1/activities", body)
        assert told.status_code == 201, told.text
        assert self.staff_post("/v1/activities", body).status_code == 200
        if kind == "check_in":
            purse.earn(5, external_id, end_of_day(self.now, LASTS_DAYS))
        else:
            purse.earn(8, external_id, None, is_pending=True, awaits="approved")
        self.compare()

    @rule(member=MEMBERS, event=st.sampled_from(["delivered", "approved"]))
    def let_it_happen(self, member: int, event: str) -> None:
        """What pending points wait for."""
        member = self.member_who(
            member, lambda p: any(t.is_pending and t.awaits == event for t in p.tokens)
        )
        path = f"/v1/members/{self.ids[member]}/activation-events"
        told = self.staff_post(path, {"event": event}, new_id().hex)
        assert told.status_code == 200, told.text
        purse = self.purses[member]
        lots = {lot for lot in purse.tokens if lot.is_pending and lot.awaits == event}
        assert told.json()["points"] == sum(lot in lots for lot in purse.tokens)
        purse.hear(event, self.now)
        purse.activate(lots)
        self.compare()

    @worth(lambda self: any(map(self.waiting, self.sales)))
    @rule(sale=SALES)
    def deliver(self, sale: Sale) -> None:
        """The same, for one receipt whose points wait."""
        sale = nearest(sale, self.sales, lambda one: bool(self.waiting(one)))
        lots = self.waiting(sale)
        if lots and sale.purse is not None:
            purse = sale.purse.heir
            path = f"/v1/members/{self.ids[self.purses.index(purse)]}/activation-events"
            body = {"event": "delivered", "source_id": sale.transaction_id}
            assert self.staff_post(path, body, new_id().hex).status_code == 200
            purse.activate(lots)
            self.compare()

    def waiting(self, sale: Sale) -> set[Lot]:
        """The receipt's lots that wait for an event."""
        if sale.purse is None:
            return set()
        number = sale.body["receipt_number"]
        tokens = sale.purse.heir.tokens
        return {t for t in tokens if t.is_pending and t.awaits and t.source == number}

    @precondition(lambda self: any(t.is_pending for p in self.purses for t in p.tokens))
    @rule(member=MEMBERS, place=st.integers(0, 9))
    def waive_the_wait(self, member: int, place: int) -> None:
        """Staff make the points of a lot good."""
        member = self.member_who(member, lambda p: any(t.is_pending for t in p.tokens))
        purse = self.purses[member]
        waiting = sorted({t for t in purse.tokens if t.is_pending}, key=lambda lot: lot.number)
        chosen = waiting[place % len(waiting)] if waiting else None
        body = {"lot_version": chosen.number if chosen else 1, "reason_code": "x", "note": "x"}
        path = f"/v1/members/{self.ids[member]}/activations"

        def move() -> None:
            if chosen is None:
                raise Refused("nothing_pending")
            purse.activate([chosen])

        self.expect(self.staff_post(path, body, new_id().hex), move)

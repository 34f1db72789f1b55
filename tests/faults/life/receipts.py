"""Receipts, what they and other deeds earn, and what pending points wait for."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition

from shared.ids import new_id
from tests.faults.life.books import (
    LASTS_DAYS,
    MEMBERS,
    REPEATS_EACH,
    SHANGHAI,
    Books,
    end_of_day,
    nearest,
    now_and_then,
    worth,
)
from tests.faults.life.tally import rule
from tests.points.naive import Lot, Refused
from tests.points.naive_receipts import ANONYMOUS, IN_REVIEW, POSTED, UNSENT, Sale, tier_of

SALES: Any = Bundle("sales")
HOW_SOLD = ["now", "at their own till", "later", "now"]
AMOUNTS = st.sampled_from([1_050, 0, 99, 1_999, 2_999, 4_000, 5_050, 7_777, 9_000])


class Receipts(Books):
    """Rules of tills that sell."""

    def __init__(self) -> None:
        super().__init__()
        self.sales: list[Sale] = []
        self.cards: set[int] = set()

    def _made_up(
        self, member: int | None, amount_minor: int, cashier: int | None = None, **more: Any
    ) -> Sale:
        fields = {} if cashier is None else {"cashier_id": self._ask_card(cashier)}
        member_id = None if member is None else self.ids[member]
        body = self.mall.sale(amount_minor, member_id=member_id, **fields, **more)
        self.sales.append(Sale(body, member, cashier))
        return self.sales[-1]

    def _ask_card(self, cashier: int) -> str:
        """What receipts call somebody who works at the till and is a member; the shop knows."""
        if cashier not in self.cards and self.purses[cashier].merged_into is None:
            path = f"/v1/shops/{self.mall.shop_id}/staff-cards/C{cashier}"
            body = {"member_id": str(self.ids[cashier])}
            put = self.mall.client.put(path, json=body, headers=self.mall.staff())
            assert self.world.do(put).status_code == 200
            self.cards.add(cashier)
        return f"C{cashier}"

    @rule(target=SALES, member=MEMBERS, amount_minor=AMOUNTS, how=st.sampled_from(HOW_SOLD))
    def sell(self, member: int, amount_minor: int, how: str) -> Sale:
        """A sale that is sent at once, now and then by who buys; or it is kept, and one that was
        kept before is sent."""
        kept = next((sale for sale in self.sales if sale.status == UNSENT), None)
        sale = self._made_up(member, amount_minor, member if how == "at their own till" else None)
        sent = kept if how == "later" else sale
        if sent is not None:
            self._send(sent)
        return sale

    def send_at_once(self, member: int, amount_minor: int) -> Sale:
        """A sale just made."""
        sale = self._made_up(member, amount_minor)
        self._send(sale)
        return sale

    @worth(lambda self: any(sale.status == UNSENT for sale in self.sales))
    @rule(sale=SALES)
    def send(self, sale: Sale) -> None:
        """Send what was not sent yet or, if all was, send it again."""
        self._send(nearest(sale, self.sales, lambda one: one.status == UNSENT))

    def _send(self, sale: Sale) -> None:
        answer = self.world.do(self.mall.push(sale.body))
        assert answer.status_code == (201 if sale.status == UNSENT else 200), answer.text
        told = answer.json()
        if sale.status == UNSENT:
            sale.transaction_id = told["pos_transaction_id"]
            sale.whose = None if sale.member is None else self.heir_of(sale.member)
            is_again = self.is_reviewed and any(map(sale.is_sent_again, self.sales))
            if is_again or self.is_own(sale, sale.whose):
                sale.status = IN_REVIEW
            elif sale.whose is None:
                sale.status = ANONYMOUS
            else:
                self.give(sale, sale.whose)
        assert (told["status"], told["points"]) == (sale.status, sale.points), answer.text
        self.compare()

    def is_own(self, sale: Sale, whose: int | None) -> bool:
        """Who bought it rang it up, and somebody must look at that."""
        if not self.is_reviewed or whose is None or sale.cashier not in self.cards:
            return False
        return self.heir_of(sale.cashier) == self.heir_of(whose)

    def give(self, sale: Sale, whose: int) -> None:
        """It earns by the tier of its purchase, and what was refunded of it counts."""
        sale.status, sale.whose = POSTED, self.heir_of(whose)
        sale.purse = self.purses[sale.whose]
        is_gold = tier_of(self.tiers[sale.whose], sale.bought) == "gold"
        worth, day = (
            sale.total_minor * (1 + is_gold) // 100,
            sale.bought.astimezone(SHANGHAI).date(),
        )
        sale.points = sale.purse.grant(worth, day, self.day_max)
        if sale.points:
            self._earn(sale)
        for amount_minor in sale.waiting_minor:
            sale.refund(amount_minor)
        sale.waiting_minor.clear()

    def _earn(self, sale: Sale) -> None:
        assert sale.purse is not None
        bought, told = sale.bought, sale.purse.told.get("delivered")
        terms: dict[str, Any] = {}
        if self.waits_for == "event" and (told is None or told < bought):
            terms = {"is_pending": True, "awaits": "delivered"}
        elif self.waits_for == "days" and end_of_day(bought) > self.now:
            terms = {"is_pending": True, "activates": end_of_day(bought)}
        sale.purse.earn(sale.points, sale.name, end_of_day(bought, LASTS_DAYS), **terms)

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
        taken = 0
        if sale.purse is not None:
            taken = sale.refund(amount_minor)
        else:
            sale.waiting_minor.append(amount_minor)
        status = "waiting_sale" if sale.status == UNSENT else sale.status
        told = answer.json()
        assert (told["status"], told["points"]) == (status, -taken), answer.text
        self.compare()

    @now_and_then(REPEATS_EACH)
    @rule(sale=SALES)
    def refund_too_much(self, sale: Sale) -> None:
        """More than was sold is refused, and nothing happens."""
        sale = nearest(sale, self.sales, lambda one: one.status != UNSENT)
        if sale.status != UNSENT:
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
        tokens = sale.purse.heir.tokens
        return {t for t in tokens if t.is_pending and t.awaits and t.source == sale.name}

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

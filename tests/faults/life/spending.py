"""Holds, payments, and how points come back; stars among them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, precondition

from tests.faults.life.books import (
    MEMBERS,
    SHARES,
    STARS_MAX,
    Books,
    end_of_day,
    nearest,
    worth,
)
from tests.faults.life.tally import rule
from tests.points.naive import Aside, Lot, Owed, Purse, Refused
from tests.points.naive_moves import Paid, give
from tests.points.spending import (
    bill_of,
    capture,
    hold,
    paid_with,
    redeem,
    release,
    reverse,
)
from tests.points.wallets_at_hand import give_stars, redeem_stars

HOLD_SECONDS = 2 * 86_400
TOTAL_MINOR = 100_000
HOLDS: Any = Bundle("holds")
BILLS: Any = Bundle("bills")


@dataclass(eq=False)
class Held:
    """A till's hold."""

    hold_id: str
    purse: Purse
    aside: Aside

    def is_open(self, now: datetime) -> bool:
        """Neither used up, freed nor over."""
        assert self.aside.until is not None
        return self.aside.left > 0 and self.aside.until > now


@dataclass(eq=False)
class Bill:
    """A receipt that points paid a part of, each paying 0.01."""

    sale: dict[str, Any]
    payments: list[Paid]
    is_pushed: bool = False
    refunded_minor: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """The sale with what points paid of it until now."""
        return paid_with(self.sale, sum(len(p.tokens) - p.back for p in self.payments))

    def settle(self, now: datetime, late_end: datetime | None) -> None:
        """What was refunded of the recorded sale gives points back, in the order of payments."""
        for paid in sorted(self.payments, key=lambda one: one.redemption_id):
            due = len(paid.tokens) * self.refunded_minor // TOTAL_MINOR - paid.back
            if self.is_pushed and due > 0:
                paid.give_back(due, now, late_end)


class Spending(Books):
    """Rules of tills that take points, and of desks that take stars."""

    def __init__(self) -> None:
        super().__init__()
        self.holds: list[Held] = []
        self.bills: list[Bill] = []

    @rule(target=HOLDS, member=MEMBERS, share=SHARES)
    def hold(self, member: int, share: int) -> Any:
        """A till sets points aside."""
        member = self.spender(member)
        return self.set_aside(member, self.share_of(self.purses[member], share)) or multiple()

    def set_aside(self, member: int, points: int) -> Held | None:
        """A till's hold, if it gets it."""
        asked = hold(self.mall, self.ids[member], points, ttl_seconds=HOLD_SECONDS)
        until = self.now + timedelta(seconds=HOLD_SECONDS)
        answer, purse, made = self.world.do(asked), self.purses[member], list[Held]()

        def move() -> None:
            aside = purse.set_aside(points, self.now, until)
            made.append(Held(answer.json()["hold_id"], purse, aside))

        if not self.expect(answer, move):
            return None
        self.holds += made
        return made[0]

    @worth(lambda self: any(held.is_open(self.now) for held in self.holds))
    @rule(held=HOLDS, share=SHARES, is_final=st.booleans())
    def capture(self, held: Held, share: int, is_final: bool) -> None:
        """A till spends what it had set aside, or a part of it."""
        self.take(held, share, is_final, None)

    @worth(lambda self: any(held.is_open(self.now) for held in self.holds))
    @rule(held=HOLDS, bill=BILLS, share=SHARES, is_final=st.booleans())
    def capture_bill(self, held: Held, bill: Bill, share: int, is_final: bool) -> None:
        """What a till had set aside pays a receipt, until that is recorded."""
        self.take(held, share, is_final, self._unrecorded(bill))

    def take(self, held: Held, share: int, is_final: bool, bill: Bill | None) -> None:
        """So much of what was set aside is captured."""
        held = nearest(held, self.holds, lambda one: one.is_open(self.now))
        points = max(1, held.aside.left * share // 100)
        fields = {} if bill is None else {"receipt": bill_of(bill.sale)}
        asked = capture(self.mall, held.hold_id, points, is_final=is_final, **fields)
        answer, tokens = self.world.do(asked), list[Lot | Owed]()

        def move() -> None:
            is_payable = bill is None or not bill.is_pushed
            self.refuse_unless(is_payable, "receipt_already_recorded")
            self.refuse_unless(held.purse.case is None, "account_frozen")
            if not held.is_open(self.now):
                code = answer.json().get("code")
                raise Refused(code if code == "hold_expired" else "hold_closed")
            self.refuse_unless(points <= held.aside.left, "hold_too_small")
            is_done = is_final or points == held.aside.left
            tokens.extend(held.purse.capture(held.aside, points, is_done=is_done))

        if not self.expect(answer, move):
            return
        paid = self.paid(Paid(answer.json()["redemption_id"], held.purse, tokens))
        if bill is not None:
            bill.payments.append(paid)

    @worth(lambda self: any(held.is_open(self.now) for held in self.holds))
    @rule(held=HOLDS)
    def release(self, held: Held) -> None:
        """A till does not need them; a second time is harmless."""
        held = nearest(held, self.holds, lambda one: one.is_open(self.now))
        answer = self.world.do(release(self.mall, held.hold_id))
        if held.is_open(self.now):
            assert answer.status_code == 200, answer.text
            held.aside.left = 0
        self.compare()

    @precondition(lambda self: any(h.aside.left and not h.is_open(self.now) for h in self.holds))
    @rule()
    def clear_away(self) -> None:
        """The job that clears away what is over: nobody notices."""
        self.world.clear_holds()
        for held in self.holds:
            if not held.is_open(self.now):
                held.aside.left = 0
        self.compare()

    @rule(target=BILLS, member=MEMBERS, share=SHARES)
    def pay(self, member: int, share: int) -> Any:
        """Points pay a part of a receipt."""
        bill = Bill(self.mall.sale(TOTAL_MINOR), [])
        if not self._pay(bill, member, share):
            return multiple()
        self.bills.append(bill)
        return bill

    @worth(lambda self: any(not bill.is_pushed for bill in self.bills))
    @rule(bill=BILLS, member=MEMBERS, share=SHARES)
    def pay_more(self, bill: Bill, member: int, share: int) -> None:
        """Somebody pays a further part, until the receipt is recorded."""
        self._pay(self._unrecorded(bill), member, share)

    def _pay(self, bill: Bill, member: int, share: int) -> bool:
        member = self.spender(member)
        purse, went = self.purses[member], list[Lot]()
        points = self.share_of(purse, share)
        answer = self.world.do(redeem(self.mall, bill.sale, self.ids[member], points))

        def move() -> None:
            self.refuse_unless(not bill.is_pushed, "receipt_already_recorded")
            went.extend(purse.spend(points, self.now))

        if not self.expect(answer, move):
            return False
        bill.payments.append(self.paid(Paid(answer.json()["redemption_id"], purse, went)))
        return True

    def _unrecorded(self, bill: Bill) -> Bill:
        return nearest(bill, self.bills, lambda one: not one.is_pushed)

    @worth(lambda self: any(not bill.is_pushed for bill in self.bills))
    @rule(bill=BILLS)
    def record_bill(self, bill: Bill) -> None:
        """The receipt is recorded: refunds that came before give back their part."""
        bill = self._unrecorded(bill)
        if not bill.is_pushed:
            self._record(bill)
            self.compare()

    def _record(self, bill: Bill) -> None:
        answer = self.world.do(self.mall.push(bill.body))
        assert (answer.status_code, answer.json()["notes"]) == (201, []), answer.text
        bill.is_pushed = True
        bill.settle(self.now, self._late_end())

    @worth(lambda self: any(bill.refunded_minor < TOTAL_MINOR for bill in self.bills))
    @rule(bill=BILLS, share=st.sampled_from([5, 20, 33, 50, 100]), is_early=st.booleans())
    def refund_bill(self, bill: Bill, share: int, is_early: bool) -> None:
        """A part of the receipt is refunded, now and then before it is recorded: then points come
        back in proportion."""
        bill = nearest(bill, self.bills, lambda one: one.refunded_minor < TOTAL_MINOR)
        if not (bill.is_pushed or is_early):
            self._record(bill)
        amount_minor = (TOTAL_MINOR - bill.refunded_minor) * share // 100
        if amount_minor:
            answer = self.world.do(self.mall.push(self.mall.refund(bill.sale, (1, amount_minor))))
            assert answer.status_code == 201, answer.text
            bill.refunded_minor += amount_minor
            bill.settle(self.now, self._late_end())
        self.compare()

    @precondition(lambda self: any(len(paid.tokens) > paid.back for paid in self.payments))
    @rule(place=st.integers(0, 9), share=SHARES)
    def undo_a_payment(self, place: int, share: int) -> None:
        """Points come back to where they came from, the newest lot's first; many of them rather
        to who owes some."""
        undone = [one for one in self.payments if len(one.tokens) > one.back]
        owing = [one for one in undone if one.purse.heir.debt]
        some = owing if owing and share > 30 else undone
        self.undo(some[place % len(some)], share)

    def undo(self, paid: Paid, share: int) -> None:
        """So much of what is left of a payment comes back."""
        left = len(paid.tokens) - paid.back
        points = -(-left * share // 100)
        if points == 0:
            return
        answer = self.world.do(reverse(self.mall, paid.redemption_id, points=points))

        def move() -> None:
            self.refuse_unless(points <= left, "reversal_exceeds_redemption")
            paid.give_back(points, self.now, self._late_end())

        self.expect(answer, move)

    def _late_end(self) -> datetime | None:
        return end_of_day(self.now, self.grace_days) if self.grace_days else None

    @rule(giver=MEMBERS, receiver=MEMBERS, share=SHARES)
    def give_stars(self, giver: int, receiver: int, share: int) -> None:
        """A member gives stars to another."""
        giver = self.spender(giver, "stars")
        receiver = self.another(giver, receiver)
        points = self.share_of(self.stars[giver], share)
        asked = give_stars(self.mall, self.ids[giver], self.ids[receiver], points)

        def move() -> None:
            self.refuse_unless(self.purses[giver].case is None, "account_frozen")
            is_free = self.purses[receiver].case is None
            self.refuse_unless(is_free, "transfer_receiver_unknown")
            self.stars[giver].check(points, self.now)
            room = STARS_MAX - self.stars[receiver].balance
            self.refuse_unless(points <= room, "transfer_receiver_unknown")
            give(self.stars[giver], self.stars[receiver], points, self.now)

        self.expect(self.world.do(asked), move)

    @rule(member=MEMBERS, share=SHARES)
    def redeem_stars(self, member: int, share: int) -> None:
        """A desk takes stars."""
        member, went = self.spender(member, "stars"), list[Lot]()
        points = self.share_of(self.stars[member], share)
        answer = self.world.do(redeem_stars(self.mall, self.ids[member], points))
        purse = self.stars[member]

        def move() -> None:
            if self.purses[member].case is not None:
                raise Refused("account_frozen")
            went.extend(purse.spend(points, self.now))

        if self.expect(answer, move):
            self.paid(Paid(answer.json()["redemption_id"], purse, went))

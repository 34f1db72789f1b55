"""Receipts that somebody looks at before they earn, or that find their member late."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.faults.life.books import MEMBERS, REPEATS_EACH, nearest
from tests.faults.life.receipts import AMOUNTS, SALES, Receipts
from tests.faults.life.tally import rule
from tests.points.naive_receipts import ANONYMOUS, IN_REVIEW, REJECTED, Sale

WRONG_CLAIMS_MAX = 4  # After five of one receipt a right one is looked at.
_PAPER = ("shop_id", "till_id", "receipt_number", "business_date")


class Reviews(Receipts):
    """Rules of receipts that do not just earn."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong_claims = 0

    @rule(target=SALES, member=MEMBERS, amount_minor=AMOUNTS)
    def rise_or_fall(self, member: int, amount_minor: int) -> Sale:
        """A member's tier is another from now on; what they have just bought earns by the old."""
        sale = self._made_up(member := self.heir_of(member), amount_minor)
        self.mall.clock.advance(seconds=1)
        timeline = self.tiers[member]
        timeline.append((self.now, "gold" if timeline[-1][1] == "basic" else "basic"))
        changed = self.mall.tier_changed(self.ids[member], len(timeline), *timeline)
        self.world.do(self.mall.hear(changed))
        self._send(sale)
        return sale

    @precondition(lambda self: sum(sale.status == IN_REVIEW for sale in self.sales) < 2)
    @rule(target=SALES, sale=SALES, days=st.sampled_from([1, 2]))
    def send_again(self, sale: Sale, days: int) -> Sale:
        """The same receipt, under a day before its own."""
        day = datetime.fromisoformat(sale.body["purchased_at"]).date() - timedelta(days=days)
        again = Sale({**sale.body, "business_date": day.isoformat()}, sale.member, sale.cashier)
        known = [one for one in self.sales if one.name == again.name]
        if not known:
            self.sales.append(again)
        self._send(found := (known or [again])[0])
        return found

    @rule(
        target=SALES,
        member=MEMBERS,
        place=st.integers(0, 9),
        amount_minor=AMOUNTS,
        cashier=st.sampled_from([None, None, 0, 1]),
        is_right=st.sampled_from([True, True, True, True, True, False]),
    )
    def claim(
        self, member: int, place: int, amount_minor: int, cashier: int | None, is_right: bool
    ) -> Sale:
        """A member claims what nobody was named for; something else is sold to nobody before."""
        sold = self._made_up(None, amount_minor, cashier)
        self._send(sold)
        sale = self.sales[place % len(self.sales)]
        if self.compared % REPEATS_EACH:
            sale = nearest(sale, self.sales, self._is_free)
        is_right = is_right or self.wrong_claims == WRONG_CLAIMS_MAX
        self.wrong_claims += not is_right
        self._claim(sale, self.heir_of(member), sale.total_minor + (not is_right))
        return sold

    def _is_free(self, sale: Sale) -> bool:
        return sale.status == ANONYMOUS or (sale.status == REJECTED and sale.is_claimed)

    def _claim(self, sale: Sale, member: int, total_minor: int) -> None:
        body = {**{name: sale.body[name] for name in _PAPER}, "total_minor": total_minor}
        path = f"/v1/members/{self.ids[member]}/receipt-claims"
        answer = self.member_post(path, member, body)

        def move() -> None:
            if sale.check_claim(member, total_minor, self.now):
                return
            sale.whose, sale.is_claimed = member, True
            if self.is_own(sale, member):
                sale.status = IN_REVIEW
            else:
                self.give(sale, member)

        if self.expect(answer, move):
            told: Any = answer.json()
            assert (told["status"], told["points"]) == (sale.status, sale.points), told

    @precondition(lambda self: any(sale.status == IN_REVIEW for sale in self.sales))
    @rule(sale=SALES, how=st.sampled_from(["approval", "rejection", "approval"]))
    def decide(self, sale: Sale, how: str) -> None:
        """Somebody has looked at a receipt: it earns as it would have, or never."""
        sale = nearest(sale, self.sales, lambda one: one.status == IN_REVIEW)
        listed = self.world.do(self.mall.get("/v1/cases", status="open")).json()["cases"]
        cases = {case["transaction_id"]: case["case_id"] for case in listed}
        held = {one.transaction_id for one in self.sales if one.status == IN_REVIEW}
        assert set(cases) == held
        path = f"/v1/cases/{cases[sale.transaction_id]}/{how}"
        answer = self.staff_post(path, {"note": "x"})
        assert answer.status_code == 200, answer.text
        if how == "rejection":
            sale.status = REJECTED
        elif sale.whose is None:
            sale.status = ANONYMOUS
        else:
            self.give(sale, sale.whose)
        told: Any = answer.json()
        assert (told["receipt_status"], told["points"]) == (sale.status, sale.points), told
        self.compare()

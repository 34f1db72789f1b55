"""Points that are promised, taken back, and spent all the same; and how they come back."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.faults.life.books import SHARES
from tests.faults.life.receipts import Receipts
from tests.faults.life.spending import Spending
from tests.faults.life.tally import rule
from tests.points.naive import Owed
from tests.points.naive_moves import Paid
from tests.points.naive_receipts import Sale

PLACES = st.integers(0, 9)


class OnCredit(Receipts, Spending):
    """Rules of captures that end in debt."""

    @precondition(lambda self: any(map(self.may_be_promised, self.sales)))
    @rule(place=PLACES, share=SHARES)
    def spend_what_is_refunded(self, place: int, share: int) -> None:
        """All that is there is set aside, a receipt's points are taken back, and a till takes what
        it was promised."""
        some = [sale for sale in self.sales if self.may_be_promised(sale)]
        sale = some[place % len(some)]
        assert sale.purse is not None
        purse = sale.purse.heir
        held = self.set_aside(self.purses.index(purse), purse.available(self.now))
        if held is not None:
            self._refund(sale, 100)
            self.take(held, share, is_final=True, bill=None)

    def may_be_promised(self, sale: Sale) -> bool:
        """Points of the receipt can be spent, and it can be refunded."""
        if sale.purse is None or sale.left_minor < 100 or not sale.purse.heir.available(self.now):
            return False
        return any(
            lot.source == sale.name and not lot.has_ended(self.now)
            for lot in sale.purse.heir.good()
        )

    @precondition(lambda self: any(map(self.is_repaid, self.payments)))
    @rule(place=PLACES, share=SHARES)
    def undo_what_was_repaid(self, place: int, share: int) -> None:
        """What a till took on credit, and was repaid since, comes back."""
        some = [paid for paid in self.payments if self.is_repaid(paid)]
        self.undo(some[place % len(some)], share)

    def is_repaid(self, paid: Paid) -> bool:
        """Some of what was on credit was repaid and did not come back yet."""
        owed = [token for token in paid.tokens if isinstance(token, Owed)]
        return any(one.heir.by is not None for one in owed[: max(0, len(owed) - paid.back)])

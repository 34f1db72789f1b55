"""Other ends of what is there, and what time does."""

from hypothesis import strategies as st

from shared.contracts.campaigns import ExpiryChangeGranted
from shared.ids import new_id
from tests.faults.life.books import MEMBERS, end_of_day, longer, nearest, now_and_then, worth
from tests.faults.life.staff import WHY, Staff
from tests.faults.life.tally import rule
from tests.points.naive import Lot, Purse
from tests.points.nights import pass_night

DAYS = (1, 2, 3)
HOURS = st.integers(1, 20)
WAITS_EACH = 4


class Days(Staff):
    """Rules of the clock."""

    @worth(lambda self: any(lot.ends for purse in self.purses for lot in purse.tokens))
    @rule(member=MEMBERS, place=st.integers(-3, 6), days=st.integers(1, 3))
    def let_last_longer(self, member: int, place: int, days: int) -> None:
        """Staff let some or all points last longer, also what is over and not gone yet."""
        member = self.member_who(member, lambda purse: any(lot.ends for lot in purse.tokens))
        lots = sorted(set(self.purses[member].tokens), key=lambda lot: lot.number)
        if place >= 0 and lots:
            some = [lot for lot in lots if lot.ends is not None] or lots
            lots = [some[place % len(some)]]
        body = {
            **WHY,
            "lot_versions": [lot.number for lot in lots] or None,
            "change": {"kind": "days", "amount": days},
        }
        path = f"/v1/members/{self.ids[member]}/expiry-changes"
        assert self.staff_post(path, body, new_id().hex).status_code == 201
        self._lengthen(lots, days)

    @worth(lambda self: any(lot.ends for purse in self.purses for lot in purse.tokens))
    @rule(member=MEMBERS, days=st.integers(1, 3))
    def hear_of_a_longer_life(self, member: int, days: int) -> None:
        """A campaign lets points last longer; what is over is over."""
        if not any(lot.ends for lot in self.purses[member].heir.tokens):
            member = self.member_who(member, lambda purse: any(lot.ends for lot in purse.tokens))
        grant = ExpiryChangeGranted(
            program_id=self.mall.program_id,
            grant_id=new_id(),
            member_id=self.ids[member],
            campaign_id=new_id(),
            campaign_version=1,
            campaign_name="Longer",
            kind="days",
            amount=days,
            granted_at=self.now,
        )
        self.world.do(self.mall.hear(grant, grant))
        lots = set(self.purses[member].heir.tokens)
        self._lengthen([lot for lot in lots if not lot.has_ended(self.now)], days)

    def _lengthen(self, lots: list[Lot], days: int) -> None:
        for lot in lots:
            if lot.ends is not None:
                lot.ends = longer(lot.ends, days)
        self.compare()

    @worth(lambda self: self._is_due(DAYS[-1]))
    @rule(days=st.sampled_from(DAYS))
    def sleep(self, days: int) -> None:
        """Days pass, and the last night is worked."""
        days = nearest(days, DAYS, self._is_due)
        self.mall.clock.advance(days=days)
        self.end_offers()
        self.world.do(pass_night(self.mall, seconds=0))
        midnight = end_of_day(self.now, -1)
        for purse in self._all_purses():
            purse.work_night(self.now, midnight)
        self.compare()

    def _all_purses(self) -> list[Purse]:
        return [*self.purses, *self.stars, *(pool.purse for pool in self.pools)]

    def _is_due(self, days: int) -> bool:
        """Something ends until the night of that day, or waits no more."""
        then = end_of_day(self.now, days - 1)
        return any(
            lot.activates is not None or (lot.case is None and lot.has_ended(then))
            for purse in self._all_purses()
            for lot in purse.tokens
        )

    @now_and_then(WAITS_EACH)
    @rule(hours=HOURS)
    def wait(self, hours: int) -> None:
        """Time passes, and nobody works the night: what has ended cannot be spent all the same."""
        self.let_pass(hours)

    def let_pass(self, hours: int) -> None:
        """So many hours, and nothing else."""
        self.mall.clock.advance(hours=hours)
        self.end_offers()
        self.compare()

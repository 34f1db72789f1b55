"""What moves between members: offers, household pools."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, precondition

from shared.ids import new_id
from tests.faults.life.books import (
    MEMBERS,
    REPEATS_EACH,
    SHANGHAI,
    SHARES,
    Books,
    nearest,
    now_and_then,
    worth,
)
from tests.faults.life.tally import rule
from tests.points.naive import Aside, Lot, Refused
from tests.points.naive_moves import Paid, Pool

ACCEPT_DAYS = 7
# Soon a month's cap is used up.
CAP = 25
MANY = st.sampled_from([100, 50, 20, 110])
OFFERS: Any = Bundle("offers")
POOLS: Any = Bundle("pools")


@dataclass(eq=False)
class Offer:
    """Points offered to somebody; taken, declined or free again when `aside` is empty."""

    transfer_id: str
    giver: int
    receiver: int
    aside: Aside
    until: datetime


class Members(Books):
    """Rules of members among each other."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[Offer] = []

    @rule(target=OFFERS, giver=MEMBERS, receiver=MEMBERS, share=SHARES)
    def offer(self, giver: int, receiver: int, share: int) -> Any:
        """A member sets points aside for another."""
        giver = self.spender(giver)
        receiver = self.another(giver, receiver)
        points = self.share_of(self.purses[giver], share)
        body = {"to_member_id": str(self.ids[receiver]), "points": points}
        path = f"/v1/members/{self.ids[giver]}/transfers"
        answer, made = self.member_post(path, giver, body, new_id().hex), list[Offer]()
        purse, now = self.purses[giver], self.now

        def move() -> None:
            self.refuse_unless(purse.case is None, "account_frozen")
            is_free = self.purses[receiver].case is None
            self.refuse_unless(is_free, "transfer_receiver_unknown")
            going = [lot for lot in purse.good() if not lot.has_ended(now)][:points]
            aside = purse.set_aside(points, now, None)
            ends = [lot.ends for lot in going if lot.ends is not None]
            until = min([now + timedelta(days=ACCEPT_DAYS), *ends])
            made.append(Offer(answer.json()["transfer_id"], giver, receiver, aside, until))

        if not self.expect(answer, move):
            return multiple()
        self.offers += made
        return made[0]

    @worth(lambda self: any(map(self.waits, self.offers)))
    @rule(offer=OFFERS)
    def accept(self, offer: Offer) -> None:
        """The receiver takes them."""
        offer = nearest(offer, self.offers, self.waits)
        answer = self._close(offer, offer.receiver, "acceptance")
        giver, receiver = self.purses[offer.giver], self.purses[offer.receiver]
        if answer.status_code == 200 and offer.aside.left == 0:
            assert answer.json()["status"] == "accepted", answer.text
            self.compare()
            return

        def move() -> None:
            self.refuse_unless(self.waits(offer), "transfer_closed")
            is_free = receiver.case is None and receiver.merged_into is None
            self.refuse_unless(is_free, "transfer_receiver_unknown")
            self.refuse_unless(giver.case is None, "transfer_unavailable")
            points, offer.aside.left = offer.aside.left, 0
            try:
                going = giver.spend(points, self.now)
            except Refused:
                offer.aside.left = points
                raise Refused("transfer_unavailable") from None
            receiver.receive(going)

        self.expect(answer, move)

    @worth(lambda self: any(map(self.waits, self.offers)))
    @rule(offer=OFFERS, how=st.sampled_from(["refusal", "cancellation"]))
    def think_better_of_it(self, offer: Offer, how: str) -> None:
        """The receiver declines, or the giver takes it back."""
        offer = nearest(offer, self.offers, self.waits)
        who = offer.receiver if how == "refusal" else offer.giver
        answer = self._close(offer, who, how)
        if answer.status_code == 200 and offer.aside.left == 0:
            assert answer.json()["status"] in {"declined", "cancelled"}, answer.text
            self.compare()
            return

        def move() -> None:
            self.refuse_unless(self.waits(offer), "transfer_closed")
            offer.aside.left = 0

        self.expect(answer, move)

    def waits(self, offer: Offer) -> bool:
        """Neither taken, declined, taken back nor over."""
        return offer.aside.left > 0 and offer.until > self.now

    def _close(self, offer: Offer, who: int, how: str) -> Any:
        path = f"/v1/members/{self.ids[who]}/transfers/{offer.transfer_id}/{how}"
        return self.member_post(path, who)

    def end_offers(self) -> None:
        """The job comes by."""
        self.world.clear_offers()
        for offer in self.offers:
            if offer.until <= self.now:
                offer.aside.left = 0

    @precondition(lambda self: sum(bool(pool.caps) for pool in self.pools) < 2)
    @rule(target=POOLS, member=MEMBERS, month_max=st.sampled_from([CAP, None, 40]))
    def open_pool(self, member: int, month_max: int | None) -> Any:
        """A member opens a household's pool."""
        return self._open_pool(self.heir_of(member), month_max) or multiple()

    def _open_pool(self, member: int, month_max: int | None) -> Pool | None:
        made = list[Pool]()
        body = {"name": "Wang family", "month_points_max": month_max}
        path = f"/v1/members/{self.ids[member]}/pools"
        answer = self.member_post(path, member, body, new_id().hex)

        def move() -> None:
            self._may_join(member)
            made.append(Pool(answer.json()["pool_id"], member, month_max, {member: None}))
            self.pools += made

        return made[0] if self.expect(answer, move) else None

    def _may_join(self, member: int) -> None:
        self.refuse_unless(self.purses[member].case is None, "account_frozen")
        self.refuse_unless(not any(member in p.caps for p in self.pools), "member_in_pool")

    @worth(lambda self: any(pool.caps for pool in self.pools))
    @rule(pool=POOLS, member=MEMBERS, month_max=st.sampled_from([20, None]))
    def invite_and_join(self, pool: Pool, member: int, month_max: int | None) -> None:
        """The owner invites somebody, who joins; or gives them another cap."""
        pool = nearest(pool, self.pools, lambda one: bool(one.caps))
        member = self.heir_of(nearest(member, range(4), self._may_join_one))
        body = {"member_id": str(self.ids[member]), "month_points_max": month_max}
        path = f"/v1/pools/{pool.pool_id}"
        answer = self.member_post(f"{path}/invitations", pool.owner, body)
        if answer.status_code == 200:
            answer = self.member_post(f"{path}/joining", member)

        def move() -> None:
            self.refuse_unless(pool.owner in pool.caps, "pool_unknown")
            if member not in pool.caps:
                self._may_join(member)
            pool.caps[member] = month_max

        self.expect(answer, move)

    def _may_join_one(self, member: int) -> bool:
        member = self.heir_of(member)
        is_in_one = any(member in pool.caps for pool in self.pools)
        return self.purses[member].case is None and not is_in_one

    @worth(lambda self: any(pool.caps for pool in self.pools))
    @rule(pool=POOLS, member=MEMBERS, share=SHARES)
    def put_in(self, pool: Pool, member: int, share: int) -> None:
        """Points go into the pool."""
        pool = nearest(pool, self.pools, lambda one: bool(one.caps))
        self._put_in(pool, self._somebody_in(pool, member), share)

    def _put_in(self, pool: Pool, member: int, share: int) -> None:
        self.give_some(member)
        points = self.share_of(self.purses[member], share)
        path, key = f"/v1/pools/{pool.pool_id}/contributions", new_id().hex
        answer = self.member_post(path, member, {"points": points}, key)

        def move() -> None:
            self._is_in(pool, member)
            pool.put_in(member, self.purses[member], points, self.now)

        self.expect(answer, move)

    def _somebody_in(self, pool: Pool, member: int) -> int:
        """Mostly somebody who is in it."""
        if self.compared % REPEATS_EACH == 0:
            return self.heir_of(member)
        may = [one for one in sorted(pool.caps) if self.purses[one].case is None]
        return may[member % len(may)] if may else self.heir_of(member)

    def _is_in(self, pool: Pool, member: int) -> None:
        self.refuse_unless(member in pool.caps, "pool_unknown")
        self.refuse_unless(self.purses[member].case is None, "account_frozen")

    @rule(target=POOLS, place=st.integers(0, 9), member=MEMBERS, share=MANY)
    def spend_from_pool(self, place: int, member: int, share: int) -> Any:
        """A member spends what is in a pool, whoever put it in; if nothing is, somebody does, and
        if there is none, they open one."""
        pools = [pool for pool in self.pools if pool.caps]
        if not pools:
            return self._open_pool(self.heir_of(member), CAP) or multiple()
        self._spend_from_pool(pools[place % len(pools)], member, share)
        return multiple()

    def _spend_from_pool(self, pool: Pool, member: int, share: int) -> None:
        if not pool.purse.available(self.now):
            self._put_in(pool, self._somebody_in(pool, (member + 1) % 4), 100)
        member, went = self._somebody_in(pool, member), list[Lot]()
        month = f"{self.now.astimezone(SHANGHAI):%Y-%m}"
        # A share of what both the pool and the month's cap leave.
        room = int(min(pool.purse.available(self.now), pool.room(member, month)))
        points = max(1, room * share // 100)
        body = {"points": points, "shop_id": str(self.mall.shop_id), "reference": "Tea"}
        path = f"/v1/pools/{pool.pool_id}/spendings"
        answer = self.member_post(path, member, body, new_id().hex)

        def move() -> None:
            self._is_in(pool, member)
            went.extend(pool.spend(member, points, self.now, month))

        if self.expect(answer, move):
            self.paid(Paid(answer.json()["redemption_id"], pool.purse, went))

    @worth(lambda self: any(len(pool.caps) > 1 for pool in self.pools))
    @rule(pool=POOLS, member=MEMBERS, is_sent=st.booleans())
    def leave(self, pool: Pool, member: int, is_sent: bool) -> None:
        """A member leaves, or the owner sends them away: what is left of theirs goes with them."""
        pool = nearest(pool, self.pools, lambda one: len(one.caps) > 1)
        member = self.heir_of(member)
        if member != pool.owner:
            member = nearest(member, range(4), lambda one: one in pool.caps and one != pool.owner)
        path = f"/v1/pools/{pool.pool_id}/departures"
        who = pool.owner if is_sent else member
        answer = self.member_post(path, who, {"member_id": str(self.ids[member])})
        if member not in pool.caps and pool.owner in pool.caps and answer.status_code == 200:
            self.compare()  # They were invited, and had not joined.
            return

        def move() -> None:
            self.refuse_unless(member in pool.caps, "pool_unknown")
            self.refuse_unless(member != pool.owner, "pool_owner_stays")
            pool.give_back(member, self.purses[member])
            del pool.caps[member]

        self.expect(answer, move)

    @now_and_then(REPEATS_EACH)
    @rule(pool=consumes(POOLS))
    def dissolve(self, pool: Pool) -> None:
        """Everybody gets back what is left of theirs."""
        answer = self.member_post(f"/v1/pools/{pool.pool_id}/dissolution", pool.owner)

        def move() -> None:
            self.refuse_unless(pool.owner in pool.caps, "pool_unknown")
            for member in sorted(pool.caps, key=lambda number: self.ids[number]):
                pool.give_back(member, self.purses[member])
            pool.caps.clear()
            pool.purse.merged_into = self.purses[pool.owner]

        self.expect(answer, move)

"""What all rules of a life share: four members, their purses, and how both books are compared."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition

from services.points.domain.wallets.wallets import account_id_of
from shared.ids import new_id
from tests.faults.life.tally import CHANGED, UNCHANGED, Tally
from tests.faults.life.world import World
from tests.points.mall import Mall
from tests.points.naive import Purse, Refused
from tests.points.naive_moves import Paid, Pool
from tests.points.naive_receipts import AGAIN_DAYS
from tests.points.spending import set_redemption_policy
from tests.points.wallets_at_hand import state_stars
from tests.support.clock import NOON
from tests.support.tokens import staff_headers

LASTS_DAYS = 3
STARS_LAST_DAYS = 5
STARS_MAX = 90
UNCHECKED_MAX = 45
REPEATS_EACH = 6
DAY_MAX = 60
GIFT = 20
SHANGHAI = ZoneInfo("Asia/Shanghai")
MEMBERS = st.integers(0, 3)
# Of what there is, in per cent: most of what is asked can be done.
SHARES = st.sampled_from([20, 1, 10, 30, 40, 60, 100, 110])
_INSTANT = timedelta(microseconds=1)
One = TypeVar("One")
_PENDING: dict[str, dict[str, Any]] = {
    "none": {"mode": "none"},
    "days": {"mode": "days", "days": 1},
    "event": {"mode": "event", "event": "delivered"},
}


def end_of_day(day: datetime, later: int = 0) -> datetime:
    """The end of the day of Shanghai in which the instant lies, or of one so many days later."""
    last = day.astimezone(SHANGHAI).date() + timedelta(days=later + 1)
    return datetime(last.year, last.month, last.day, tzinfo=SHANGHAI).astimezone(UTC)


def longer(ends: datetime, days: int) -> datetime:
    """An end so many whole days later."""
    return end_of_day(ends - _INSTANT, days)


def now_and_then(each: int) -> Callable[..., Any]:
    """A rule of which little comes, or that takes long."""
    return precondition(lambda self: self.compared % each == 0)


def worth(comes_of_it: Callable[[Any], bool]) -> Callable[..., Any]:
    """A rule for when something comes of it; now and then it is tried all the same."""
    return precondition(lambda self: self.compared % REPEATS_EACH == 0 or comes_of_it(self))


def nearest(drawn: One, among: Sequence[One], fits: Callable[[One], bool]) -> One:
    """What was drawn or, where nothing would come of it, the next that fits; if none does, what
    was drawn: then it is refused, or repeated."""
    at = among.index(drawn)
    return next((one for one in [*among[at:], *among[:at]] if fits(one)), drawn)


class Books(RuleBasedStateMachine):
    """A new programme, whose receipts' points wait for nothing, a day or an event."""

    world: ClassVar[World]
    steps: ClassVar[int] = 0
    tally: ClassVar[Tally] = Tally()
    is_over: ClassVar[Callable[[], bool]] = staticmethod(lambda: False)

    def __init__(self) -> None:
        super().__init__()
        self.purses = [Purse() for _ in range(4)]
        self.stars = [Purse() for _ in range(4)]
        self.pools: list[Pool] = []
        self.payments: list[Paid] = []
        self.compared = 0
        self.last: object = None
        self.mall: Mall
        self.ids: list[UUID]
        self.waits_for: str
        self.grace_days: int
        self.is_reviewed: bool
        self.day_max: int | None
        self.tiers: list[list[tuple[datetime, str]]]

    @initialize(
        waits_for=st.sampled_from(sorted(_PENDING)),
        grace_days=st.sampled_from([0, 2]),
        endowed=st.sampled_from([0, 40]),
        is_reviewed=st.sampled_from([True, False, True]),
        day_max=st.sampled_from([None, DAY_MAX]),
    )
    def begin(
        self,
        waits_for: str,
        grace_days: int,
        endowed: int,
        is_reviewed: bool,
        day_max: int | None,
    ) -> None:
        """A programme whose points last for some days, and pay 0.01 each."""
        assume(not Books.is_over())
        do = self.world.do
        # The same choices are the same life: each begins at the same instant.
        self.world.mall.clock.now = NOON
        self.waits_for, self.grace_days = waits_for, grace_days
        self.is_reviewed, self.day_max = is_reviewed, day_max
        self.mall = do(self.world.mall.another())
        expiry = {"kind": "rolling_days", "days": LASTS_DAYS}
        policy = self.mall.set_policy(
            expiry=expiry,
            pending=_PENDING[waits_for],
            tier_multipliers_milli={"gold": 2_000},
            caps=[] if day_max is None else [{"code": "day", "period": "day", "points": day_max}],
        )
        assert do(policy).status_code == 201
        paying = set_redemption_policy(
            self.mall, step_points=1, step_minor=1, return_grace_days=grace_days
        )
        assert do(paying).status_code == 201
        lasting = {"kind": "rolling_days", "days": STARS_LAST_DAYS}
        do(state_stars(self.mall, expiry=lasting, balance_max=STARS_MAX))
        self._put_rules("adjustment", {"points_unchecked_max": UNCHECKED_MAX, "reason_codes": []})
        if is_reviewed:
            self._put_rules("review", {"own_card": "cashier", "again_days": AGAIN_DAYS})
        since = (self.mall.clock() - timedelta(days=9)).isoformat()
        for rule in (
            {"kind": "check_in", "points": 5, "expiry": expiry},
            {"kind": "review", "points": 8, "pending": {"mode": "event", "event": "approved"}},
        ):
            made = do(self.mall.post("/v1/activity-rules", {**rule, "effective_from": since}))
            assert made.status_code == 201, made.text
        self.ids = [do(self.mall.enrol()) for _ in self.purses]
        self.tiers = [[(self.now - timedelta(days=300), "basic")] for _ in self.ids]
        if endowed:
            for member_id, *both in zip(self.ids, self.purses, self.stars, strict=True):
                for wallet, purse in zip(("points", "stars"), both, strict=True):
                    self._endow(member_id, wallet, purse, endowed)
        self.compare()

    def _put_rules(self, of_what: str, rules: dict[str, Any]) -> None:
        path, headers = f"/v1/{of_what}-rules", self.mall.staff()
        put = self.mall.client.put(path, json=rules, headers=headers)
        assert self.world.do(put).status_code == 200

    def _endow(self, member_id: UUID, wallet: str, purse: Purse, points: int) -> None:
        path = f"/v1/members/{member_id}/adjustments"
        body: dict[str, Any] = {"points": points, "reason_code": "x", "note": "x", "wallet": wallet}
        if wallet == "points":
            body["terms"] = {"expiry": {"kind": "never"}}
        given = self.staff_post(path, body, new_id().hex, self.somebody())
        assert given.status_code == 201, given.text
        purse.earn(
            points, "staff", end_of_day(self.now, STARS_LAST_DAYS) if wallet == "stars" else None
        )

    @property
    def now(self) -> datetime:
        """The present."""
        return self.mall.clock()

    def heir_of(self, member: int) -> int:
        """The member, or into whom they were merged."""
        return self.purses.index(self.purses[member].heir)

    def member_who(self, member: int, fits: Callable[[Purse], bool], wallet: str = "points") -> int:
        """The member, or the next whose purse fits; not one who was merged into another."""
        member = self.heir_of(member)
        purses = self.purses if wallet == "points" else self.stars
        living = [m for m, purse in enumerate(self.purses) if purse.merged_into is None]
        return nearest(member, living, lambda one: fits(purses[one]))

    def spender(self, member: int, wallet: str = "points") -> int:
        """The member, or the next who has something to spend; if nobody has, they get some."""
        found = self.member_who(member, lambda purse: purse.available(self.now) > 0, wallet)
        self.give_some(found, wallet)
        return found

    def give_some(self, member: int, wallet: str = "points") -> None:
        """Staff give something to who has nothing to spend, if that helps."""
        purse = (self.purses if wallet == "points" else self.stars)[member]
        has_room = wallet == "points" or purse.balance + GIFT <= STARS_MAX
        if has_room and self.purses[member].case is None and not purse.available(self.now):
            self._endow(self.ids[member], wallet, purse, GIFT)
            self.compare()

    def another(self, member: int, drawn: int) -> int:
        """Who was drawn, or the next who is not that member."""
        return self.member_who(drawn, lambda purse: purse is not self.purses[member])

    def member_post(self, path: str, member: int, body: Any = None, key: str | None = None) -> Any:
        """What a member asks."""
        return self.world.do(self.mall.post(path, body, self.ids[member], key))

    def somebody(self) -> str:
        """Of the staff, who has given nothing to anybody yet."""
        return f"staff {new_id()}"

    def staff_post(
        self, path: str, body: Any = None, key: str | None = None, who: str = "staff-1"
    ) -> Any:
        """What staff ask."""
        headers = staff_headers(self.mall.clock, self.mall.program_id, subject=who)
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.world.do(self.mall.client.post(path, json=body, headers=headers))

    def expect(self, answer: Any, move: Callable[[], object]) -> bool:
        """The service and the naive books agree on whether it can be done."""
        code = ""
        try:
            move()
        except Refused as refused:
            code = str(refused)
        told = answer.json()["code"] if answer.status_code >= 400 else ""
        assert told == code, f"{code or 'not refused'}: {answer.text}"
        self.compare()
        self.tally.outcome = code or self.tally.outcome
        return not code

    def paid(self, payment: Paid) -> Paid:
        """Remember what can be undone."""
        self.payments.append(payment)
        return payment

    def share_of(self, purse: Purse, share: int) -> int:
        """So much of what can be spent, and 1 at least."""
        return max(1, purse.available(self.now) * share // 100)

    def refuse_unless(self, is_right: bool, code: str) -> None:
        """A condition of the naive books."""
        if not is_right:
            raise Refused(code)

    def compare(self) -> None:
        """Balance, version, what is held, every lot: all as the naive books have it."""
        Books.steps += 1
        self.compared += 1
        accounts = dict(zip(self.ids, self.purses, strict=True))
        for member_id, purse in zip(self.ids, self.stars, strict=True):
            accounts[account_id_of(member_id, "stars")] = purse
        accounts |= {UUID(pool.pool_id): pool.purse for pool in self.pools}
        told = {
            account_id: (
                purse.balance,
                purse.version,
                purse.held(self.now),
                purse.case is not None,
                purse.lots(),
            )
            for account_id, purse in accounts.items()
            if purse.version
        }
        assert self.world.read(self.mall.program_id, self.now) == told
        others = [dict(pool.caps) for pool in self.pools], [dict(p.told) for p in self.purses]
        known = told, others
        self.tally.outcome = UNCHANGED if known == self.last else CHANGED
        self.last = known
        self.mall.clock.advance(seconds=1)

    def teardown(self) -> None:
        """Nobody was told anything that is not so."""
        if not hasattr(self, "ids"):
            return
        for member_id, purse in zip(self.ids, self.purses, strict=True):
            if purse.merged_into is None:
                path = f"/v1/members/{member_id}/holds"
                told = self.world.do(self.mall.get(path, member_id)).json()
                assert told["available"] == purse.available(self.now), told
                assert told["balance"] == purse.balance

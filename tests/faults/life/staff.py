"""What staff do: adjustments with a checker, freezes, merges."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, precondition

from shared.ids import new_id
from tests.faults.life.books import (
    LASTS_DAYS,
    MEMBERS,
    STARS_LAST_DAYS,
    STARS_MAX,
    UNCHECKED_MAX,
    end_of_day,
    nearest,
    worth,
)
from tests.faults.life.members import Members
from tests.faults.life.tally import rule
from tests.points.naive import Lot, Purse
from tests.points.naive_moves import Union, check_mergeable, check_undoable, merge, undo
from tests.support.tokens import staff_headers

THAW_GRACE_DAYS = 7
UNDO_DAYS = 30
ASKED: Any = Bundle("asked")
CASES: Any = Bundle("cases")
MERGES: Any = Bundle("merges")
WHY = {"reason_code": "x", "note": "x"}
SOME = st.integers(1, 50)
MAKERS = st.sampled_from(["staff-1", "staff-3", "staff-4"])
WALLETS = st.sampled_from(["points", "stars"])


@dataclass(eq=False)
class Asked:
    """An adjustment that waits for a second pair of eyes."""

    adjustment_id: str
    member: int
    wallet: str
    points: int
    maker: str
    is_open: bool = True


@dataclass(eq=False)
class Case:
    """What a case froze: a purse, or one lot of it."""

    case_id: str
    member: int
    lot: Lot | None
    opened_at: datetime
    is_open: bool = True


@dataclass(eq=False)
class Merge:
    """A merge of two members, in both wallets."""

    merge_id: str
    made_at: datetime
    unions: list[Union]
    is_undone: bool = False


class Staff(Members):
    """Rules of staff."""

    def __init__(self) -> None:
        super().__init__()
        self.cases_open = 0
        self.asked: list[Asked] = []
        self.unchecked: list[tuple[datetime, str, int, int]] = []
        self.merges: list[Merge] = []

    def _unchecked(self, maker: str, member: int, sign: int) -> int:
        """What was given to the member, or taken, within a day by who adjusts."""
        since = self.now - timedelta(days=1)
        return sum(
            abs(points)
            for at, who, whose, points in self.unchecked
            if at > since and (who, whose) == (maker, member) and points * sign > 0
        )

    def _purse(self, member: int, wallet: str) -> Purse:
        return (self.purses if wallet == "points" else self.stars)[member]

    def _adjust(self, member: int, wallet: str, points: int, *, is_dry: bool = False) -> None:
        purse = self._purse(member, wallet)
        if points < 0:
            purse.check(-points, self.now)
            if not is_dry:
                purse.spend(-points, self.now)
            return
        if wallet == "stars":
            self.refuse_unless(points <= STARS_MAX - purse.balance, "wallet_full")
        if not is_dry:
            lasts_days = STARS_LAST_DAYS if wallet == "stars" else LASTS_DAYS
            purse.earn(points, "staff", end_of_day(self.now, lasts_days))

    @rule(
        target=ASKED,
        member=MEMBERS,
        wallet=WALLETS,
        points=SOME,
        sign=st.sampled_from([1, 1, -1]),
        maker=MAKERS,
    )
    def adjust(self, member: int, wallet: str, points: int, sign: int, maker: str) -> Any:
        """Staff give points, which last for ever, or take some; many of them wait for a check."""
        member = self.heir_of(member) if sign > 0 else self.spender(member, wallet)
        points *= sign
        body = {**WHY, "points": points, "wallet": wallet}
        path = f"/v1/members/{self.ids[member]}/adjustments"
        answer = self.staff_post(path, body, new_id().hex, maker)
        waits = self._unchecked(maker, member, sign) + abs(points) > UNCHECKED_MAX
        if not self.expect(answer, lambda: self._adjust(member, wallet, points, is_dry=waits)):
            return multiple()
        assert answer.status_code == (202 if waits else 201)
        if not waits:
            self.unchecked.append((self.now, maker, member, points))
            return multiple()
        self.asked.append(Asked(answer.json()["adjustment_id"], member, wallet, points, maker))
        return self.asked[-1]

    @worth(lambda self: any(asked.is_open for asked in self.asked))
    @rule(asked=ASKED, how=st.sampled_from(["approval", "approval", "rejection"]))
    def check_adjustment(self, asked: Asked, how: str) -> None:
        """Somebody else looks at it; who asked may not."""
        asked = nearest(asked, self.asked, lambda one: one.is_open)
        if self.purses[asked.member].merged_into is not None:
            return
        url = f"/v1/adjustments/{asked.adjustment_id}/{how}"
        own = self.staff_post(url, {"note": "x"}, who=asked.maker)
        code = "checked_by_maker" if asked.is_open else "adjustment_closed"
        assert own.json()["code"] == code, own.text
        headers = staff_headers(self.mall.clock, self.mall.program_id, subject="staff-2")
        posted = self.mall.client.post(url, json={"note": "x"}, headers=headers)
        if not asked.is_open:
            assert self.world.do(posted).status_code in {200, 409}
            self.compare()
            return

        def move() -> None:
            if how == "approval":
                self._adjust(asked.member, asked.wallet, asked.points)
            asked.is_open = False

        self.expect(self.world.do(posted), move)

    @precondition(lambda self: any(purse.debt for purse in self.purses))
    @rule(member=MEMBERS, points=st.integers(1, UNCHECKED_MAX))
    def write_off(self, member: int, points: int) -> None:
        """Staff forgive a debt."""
        member = self.member_who(member, lambda purse: purse.debt > 0)
        purse = self.purses[member]

        def move() -> None:
            self.refuse_unless(points <= purse.debt, "more_than_owed")
            purse.earn(points, "staff", end_of_day(self.now, LASTS_DAYS))

        path = f"/v1/members/{self.ids[member]}/debt-write-offs"
        key, body = new_id().hex, {**WHY, "points": points}
        self.expect(self.staff_post(path, body, key, self.somebody()), move)

    @precondition(lambda self: self.cases_open < 2)
    @rule(target=CASES, member=MEMBERS, place=st.integers(-6, 6))
    def freeze(self, member: int, place: int) -> Any:
        """A case freezes an account, or one of its lots."""
        member = self.heir_of(member)
        purse = self.purses[member]
        lots = sorted(set(purse.tokens), key=lambda lot: lot.number)
        lot = lots[place % len(lots)] if place >= 0 and lots else None
        body = {**WHY, "lot_version": lot.number if lot else None}
        answer = self.staff_post(f"/v1/members/{self.ids[member]}/freezes", body)
        frozen = lot if lot is not None else purse
        assert answer.status_code == (201 if frozen.case is None else 200), answer.text
        case_id = answer.json()["case_id"]
        assert frozen.case in {None, case_id}
        is_new, frozen.case = frozen.case is None, case_id
        self.cases_open += is_new
        self.compare()
        return Case(case_id, member, lot, self.now) if is_new else multiple()

    @rule(case=consumes(CASES))
    def thaw(self, case: Case) -> None:
        """The case is closed; what ended meanwhile lasts some days more."""
        path = f"/v1/members/{self.ids[case.member]}/freezes/{case.case_id}/thaw"
        answer = self.staff_post(path, {"outcome": "x"})
        assert answer.status_code == 200, answer.text
        self.cases_open -= 1
        opened_at = datetime.fromisoformat(answer.json()["opened_at"])
        purse = self.purses[case.member]
        lots = [case.lot] if case.lot is not None else list(set(purse.tokens))
        if case.lot is None:
            purse.case = None
        for lot in lots:
            if lot.case == case.case_id:
                lot.case = None
            if lot.case is None and lot.ends is not None and opened_at < lot.ends <= self.now:
                lot.ends = end_of_day(self.now, THAW_GRACE_DAYS)
        self.compare()

    @precondition(lambda self: sum(purse.merged_into is None for purse in self.purses) > 2)
    @rule(target=MERGES, merged=MEMBERS, survivor=MEMBERS, owes=st.booleans())
    def merge(self, merged: int, survivor: int, owes: bool) -> Any:
        """Two members were one person; a debt goes along, where one of them has any."""
        debtors = [number for number, purse in enumerate(self.purses) if purse.debt]
        merged = debtors[merged % len(debtors)] if owes and debtors else self.heir_of(merged)
        survivor = self.another(merged, survivor)
        self.world.clear_holds()
        ids = {"merged_member_id": self.ids[merged], "survivor_member_id": self.ids[survivor]}
        answer = self.staff_post("/v1/merges", {**WHY, **{k: str(v) for k, v in ids.items()}})
        unions: list[Union] = []

        def move() -> None:
            self.refuse_unless(not any(merged in p.caps for p in self.pools), "member_in_pool")
            check_mergeable(self.purses[merged], self.now)
            for wallet in ("points", "stars"):
                unions.append(merge(self._purse(merged, wallet), self._purse(survivor, wallet)))

        if not self.expect(answer, move):
            return multiple()
        self.merges.append(Merge(answer.json()["merge_id"], self.now, unions))
        return self.merges[-1]

    @worth(lambda self: any(not made.is_undone for made in self.merges))
    @rule(made=MERGES)
    def undo_merge(self, made: Merge) -> None:
        """They were not; a second time changes nothing."""
        made = nearest(made, self.merges, lambda one: not one.is_undone)
        self.world.clear_holds()
        answer = self.staff_post(f"/v1/merges/{made.merge_id}/undo")

        def move() -> None:
            if made.is_undone:
                return
            is_late = self.now > made.made_at + timedelta(days=UNDO_DAYS)
            self.refuse_unless(not is_late, "merge_too_old")
            for union in made.unions:
                check_undoable(union, self.now)
            for union in made.unions:
                undo(union)
            made.is_undone = True

        self.expect(answer, move)

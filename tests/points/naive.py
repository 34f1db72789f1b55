"""The books of points as a child would keep them: every point is a token in a purse.

A second telling of the rules, slow and plain, for tests that compare it with the service after
each step. It knows nothing of SQL, batches or postings. A token is a mention of its lot, so many
mentions as there are points of it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby


class Refused(Exception):
    """The service must refuse this with the code."""


@dataclass(slots=True, eq=False)
class Lot:
    """What its points have in common. `number` is that of the posting that made it; `source` what
    earned it first; `case` freezes it; `giver` put it into a household's pool."""

    number: int
    ends: datetime | None
    source: str
    is_pending: bool = False
    activates: datetime | None = None
    awaits: str | None = None
    case: str | None = None
    giver: int | None = None

    def has_ended(self, now: datetime) -> bool:
        """Exactly at its end, not after it."""
        return self.ends is not None and self.ends <= now

    @property
    def is_good(self) -> bool:
        """Neither pending nor frozen."""
        return not self.is_pending and self.case is None


@dataclass(slots=True, eq=False)
class Owed:
    """A point that went and was not there, by a debt of that `name`. `by` is the lot that repaid
    it; `moved` what it became when its purse was merged."""

    name: object
    by: Lot | None = None
    moved: "Owed | None" = None

    @property
    def heir(self) -> "Owed":
        """What is owed now, or was repaid."""
        return self if self.moved is None else self.moved.heir


@dataclass(slots=True, eq=False)
class Aside:
    """Points set aside; without `until` no clock frees them."""

    left: int
    until: datetime | None


def turn(lot: Lot) -> tuple[bool, float, int]:
    """What ends first is spent first, what never ends last."""
    return lot.ends is None, 0.0 if lot.ends is None else lot.ends.timestamp(), lot.number


@dataclass(eq=False)
class Purse:
    """One account's points. `told`: the events that points wait for, and when they came; `granted`
    under a cap, by day."""

    tokens: list[Lot] = field(default_factory=list)
    debts: list[Owed] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    version: int = 0
    case: str | None = None
    merged_into: "Purse | None" = None
    told: dict[str, datetime] = field(default_factory=dict)
    granted: Counter[date] = field(default_factory=Counter)

    @property
    def debt(self) -> int:
        """What is owed."""
        return len(self.debts)

    @property
    def balance(self) -> int:
        """What is there, or minus what is owed."""
        return len(self.tokens) - self.debt

    @property
    def heir(self) -> "Purse":
        """Where its points go now."""
        return self if self.merged_into is None else self.merged_into.heir

    def held(self, now: datetime) -> int:
        """What is set aside and not over."""
        return sum(a.left for a in self.asides if a.until is None or a.until > now)

    def good(self) -> list[Lot]:
        """What is neither pending nor frozen, in the order of spending, ended or not."""
        return sorted((lot for lot in self.tokens if lot.is_good), key=turn)

    def available(self, now: datetime) -> int:
        """Holds lie on the tokens that end first; what lies free and has not ended can be spent."""
        if self.case is not None or self.debt:
            return 0
        return sum(not lot.has_ended(now) for lot in self.good()[self.held(now) :])

    def check(self, points: int, now: datetime) -> None:
        """May so much go?"""
        if self.case is not None:
            raise Refused("account_frozen")
        if points > self.available(now):
            raise Refused("insufficient_points")

    def earn(self, points: int, source: str, ends: datetime | None, **more: object) -> Lot:
        """New points; what is owed is repaid with the first of them."""
        return self.take_in(points, Lot(0, ends, source, **more))  # type: ignore[arg-type]

    def grant(self, points: int, day: date, day_max: int | None) -> int:
        """So much of it as the day's cap leaves."""
        if day_max is not None:
            points = min(points, max(0, day_max - self.granted[day]))
        self.granted[day] += points
        return points

    def take_in(self, points: int, terms: Lot) -> Lot:
        """New points on these terms."""
        self.version += 1
        made = replace(terms, number=self.version, case=None)
        repaid = self._repay([made] * min(self.debt, points))
        self.tokens += [made] * (points - repaid)
        return made

    def receive(self, tokens: Iterable[Lot], giver: int | None = None) -> dict[Lot, Lot]:
        """Somebody else's tokens, a posting for each of their lots; they end when they did.
        Returns the lots that were by those that are."""
        made = {}
        for lot, same in groupby(tokens):
            mine = self.take_in(len(list(same)), lot)
            mine.giver = giver
            made[mine] = lot
        return made

    def put_back(self, tokens: list[Lot]) -> None:
        """Tokens come back as they were; what is owed is repaid with the last of them."""
        if not tokens:
            return
        self.version += 1
        left = max(0, len(tokens) - self.debt)
        self._repay(sorted(tokens[left:], key=lambda lot: lot.number))
        self.tokens += tokens[:left]

    def owe(self, points: int) -> list[Owed]:
        """They are owed from now on."""
        name = object()
        made = [Owed(name) for _ in range(points)]
        self.debts += made
        return made

    def forget(self, owed: Iterable[Owed]) -> None:
        """Just these are owed no more."""
        self.version += 1
        gone = {id(one) for one in owed}
        self.debts = [one for one in self.debts if id(one) not in gone]

    def _repay(self, lots: list[Lot]) -> int:
        """What was owed first is repaid first."""
        for lot, owed in zip(lots, self.debts, strict=False):
            owed.by = lot
        del self.debts[: len(lots)]
        return len(lots)

    def spend(self, points: int, now: datetime) -> list[Lot]:
        """The tokens that go; they are good and have not ended."""
        self.check(points, now)
        self.version += 1
        return self._drop([lot for lot in self.good() if not lot.has_ended(now)][:points])

    def set_aside(self, points: int, now: datetime, until: datetime | None) -> Aside:
        """Put points aside."""
        self.check(points, now)
        made = Aside(points, until)
        self.asides.append(made)
        return made

    def capture(self, aside: Aside, points: int, *, is_done: bool) -> list[Lot | Owed]:
        """Pay what was promised, and owe what was not there any more."""
        aside.left = 0 if is_done else aside.left - points
        self.version += 1
        rest = sorted((lot for lot in self.tokens if not lot.is_good), key=turn)
        going = self._drop([*self.good(), *rest][:points])
        return [*going, *self.owe(points - len(going))]

    def take_back(self, points: int, source: str | None = None) -> list[Lot]:
        """Claw back: what is pending before what is good, of either first what that source gave,
        then as for spending; the rest is owed. Returns what went."""
        if points == 0:
            return []
        self.version += 1
        ordered = sorted(
            self.tokens, key=lambda lot: (not lot.is_pending, lot.source != source, *turn(lot))
        )
        going = self._drop(ordered[:points])
        self.owe(points - len(going))
        return going

    def take_out(self, tokens: list[Lot]) -> list[Lot]:
        """Just these go."""
        self.version += 1
        return self._drop(tokens)

    def hear(self, event: str, now: datetime) -> None:
        """It counts for all that was earned by then, also for what comes later."""
        self.told[event] = max(now, self.told.get(event, now))

    def activate(self, lots: Iterable[Lot]) -> None:
        """They are good from now on."""
        for lot in lots:
            lot.is_pending, lot.activates = False, None

    def work_night(self, now: datetime, due: datetime) -> None:
        """Pending points become good; then what has ended goes, but for what is held on it."""
        self.activate({t for t in self.tokens if t.activates is not None and t.activates <= now})
        if self.case is not None:
            return
        going = [lot for lot in self.good() if lot.has_ended(due)][self.held(now) :]
        going += [lot for lot in self.tokens if lot.is_pending and not lot.case]
        going = [lot for lot in going if lot.has_ended(due)]
        if going:
            self.take_out(going)

    def lots(self) -> list[tuple[datetime | None, int, bool, bool]]:
        """(end, points, is pending, is frozen) of each lot, in the order of spending."""
        return [
            (lot.ends, len(list(same)), lot.is_pending, lot.case is not None)
            for lot, same in groupby(sorted(self.tokens, key=turn))
        ]

    def _drop(self, going: list[Lot]) -> list[Lot]:
        gone = Counter(going)
        kept = []
        for lot in self.tokens:
            if gone[lot]:
                gone[lot] -= 1
            else:
                kept.append(lot)
        self.tokens = kept
        return going

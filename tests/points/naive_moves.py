"""What moves between the purses of `tests/points/naive.py`: merges, pools, what comes back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from tests.points.naive import Lot, Owed, Purse, Refused, turn


def give(giver: Purse, receiver: Purse, points: int, now: datetime) -> None:
    """From one to the other, what ends first."""
    receiver.receive(giver.spend(points, now))


@dataclass(eq=False)
class Paid:
    """A payment: the tokens that went, or are owed as they were not there; `back` so far."""

    redemption_id: str
    purse: Purse
    tokens: Sequence[Lot | Owed]
    back: int = 0

    def give_back(self, points: int, now: datetime, late_end: datetime | None) -> None:
        """The next `points` come back, the newest lot's first, to where they came from.

        What was owed comes first, the last of it before the others: who owes it still does no more;
        what was repaid comes as new lots like those that repaid it. New lots are also made where
        points went to another account since, and, with a `late_end`, where their end has passed:
        it is their new one.
        """
        owed = [token for token in self.tokens if isinstance(token, Owed)]
        lots = [token for token in self.tokens if isinstance(token, Lot)]
        coming: list[tuple[bool, Lot | None, Owed | None]] = [
            *((False, one.heir.by, one.heir) for one in reversed(owed)),
            *((True, lot, None) for lot in sorted(lots, key=lambda lot: -lot.number)),
        ]
        coming = coming[self.back : self.back + points]
        self.back += points
        heir, kept = self.purse.heir, list[Lot]()
        for (was_there, lot), same in groupby(coming, key=lambda one: one[:2]):
            gone = [one for _, _, one in same]
            if lot is None:
                heir.forget(one for one in gone if one is not None)
            elif lot.has_ended(now) and late_end is not None:
                heir.earn(len(gone), lot.source, late_end)
            elif heir is not self.purse or not was_there:
                heir.take_in(len(gone), lot).giver = None
            else:
                kept += [lot] * len(gone)
        heir.put_back(kept)


@dataclass(eq=False)
class Union:
    """Two purses that became one. `moved`: the lots that were, by those that they became; `paid`:
    what paid the `debts` that came along."""

    merged: Purse
    survivor: Purse
    moved: Mapping[Lot, Lot] = field(default_factory=dict)
    debts: list[Owed] = field(default_factory=list)
    paid: list[Lot] = field(default_factory=list)


def check_mergeable(merged: Purse, now: datetime) -> None:
    """Nothing frozen, nothing promised."""
    if merged.case is not None or any(lot.case for lot in merged.tokens):
        raise Refused("account_frozen")
    if merged.held(now):
        raise Refused("account_has_holds")


def merge(merged: Purse, survivor: Purse) -> Union:
    """All tokens go to the survivor as they are; so does the debt."""
    union = Union(merged, survivor)
    if merged.tokens:
        going = merged.take_out(sorted(merged.tokens, key=lambda lot: lot.number))
        union.moved = survivor.receive(going)
    elif merged.debt:
        union.debts, merged.debts = merged.debts, []
        merged.version += 1
        union.paid = survivor.take_back(len(union.debts))
        paid = [Owed(None, by=lot) for lot in sorted(union.paid, key=lambda lot: lot.number)]
        owed = survivor.debts[survivor.debt - (len(union.debts) - len(paid)) :]
        for was, is_ in zip(union.debts, [*paid, *owed], strict=True):
            was.moved, is_.name = is_, was.name
    for event, at in merged.told.items():
        survivor.hear(event, at)
    survivor.granted += merged.granted
    merged.merged_into = survivor
    return union


def check_undoable(union: Union, now: datetime) -> None:
    """The survivor is still itself and can give them back."""
    survivor = union.survivor
    if survivor.merged_into is not None:
        raise Refused("merge_not_latest")
    back = [lot for lot in survivor.tokens if lot in union.moved]
    if survivor.case is not None or any(lot.case for lot in back):
        raise Refused("account_frozen")
    held = survivor.held(now)
    if held and len(back) > survivor.balance - held:
        raise Refused("account_has_holds")


def undo(union: Union) -> None:
    """What is left goes back to the lots that it came from, and so does the debt."""
    merged, survivor = union.merged, union.survivor
    merged.merged_into = None
    going = [lot for lot in survivor.tokens if lot in union.moved]
    if going:
        survivor.take_out(going)
        for lot in set(going):
            old = union.moved[lot]
            old.is_pending, old.activates, old.ends = lot.is_pending, lot.activates, lot.ends
        merged.put_back([union.moved[lot] for lot in going])
    if union.debts:
        _undo_debts(union)


def _undo_debts(union: Union) -> None:
    """Who paid has it back: what is owed still is owed no more, what was repaid comes as lots like
    those that repaid it. What came back of a payment meanwhile nobody owes: told for each debt."""
    merged, survivor = union.merged, union.survivor
    rest = [was.heir for was in union.debts[len(union.paid) :]]
    owed = [one for one in rest if one in survivor.debts]
    undone = [one for one in rest if one.by is None and one not in owed]
    if owed:
        survivor.forget(owed)
    for lot, same in groupby(one.by for one in reversed(rest) if one.by is not None):
        survivor.take_in(len(list(same)), lot).giver = None
    survivor.put_back(sorted(union.paid, key=lambda lot: lot.number))
    merged.debts = [was for was in union.debts if was.heir not in undone]
    merged.version += 1 + len({one.name for one in undone})
    for was in union.debts:
        was.moved = None


@dataclass(eq=False)
class Pool:
    """A household's purse. `caps` of those in it; `spent` by member and month."""

    pool_id: str
    owner: int
    month_max: int | None
    caps: dict[int, int | None] = field(default_factory=dict)
    spent: dict[tuple[int, str], int] = field(default_factory=dict)
    purse: Purse = field(default_factory=Purse)

    def put_in(self, member: int, purse: Purse, points: int, now: datetime) -> None:
        """A member's tokens go into the pool."""
        self.purse.receive(purse.spend(points, now), giver=member)

    def spend(self, member: int, points: int, now: datetime, month: str) -> list[Lot]:
        """Within the month's cap."""
        if points > self.room(member, month):
            raise Refused("pool_cap_reached")
        going = self.purse.spend(points, now)
        self.spent[member, month] = self.spent.get((member, month), 0) + points
        return going

    def room(self, member: int, month: str) -> float:
        """What is left of the member's own cap or, without one, of the pool's."""
        cap = self.caps.get(member) or self.month_max
        return math.inf if cap is None else cap - self.spent.get((member, month), 0)

    def give_back(self, member: int, purse: Purse) -> None:
        """What is left of what the member put in. The owner's is also what is of nobody in it."""
        mine = [lot for lot in self.purse.tokens if self._whose(lot) == member]
        if mine:
            purse.receive(self.purse.take_out(sorted(mine, key=turn)))

    def _whose(self, lot: Lot) -> int:
        return lot.giver if lot.giver in self.caps else self.owner

"""Points that a capture or a merge took though no lot covered them: a debt, and what repaid it
since.

An account repays its oldest debt first. So each point of a debt is repaid once, by a lot that can
be named, and no lot is named twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.points.domain.ledger.lots import Repayment

Place = tuple[int, ...]


class Owing(NamedTuple):
    """How long one account owed the points: since the capture, or since it took the debt over from
    one that was merged into it (whose undo asks for that alone).

    `place` puts debts of an account in order: the version of the posting by which this one came to
    it, then that by which it came to the account before, and so on. `ahead` is what the account
    owed already; `repayments` what it repaid since, oldest first.
    """

    place: Place
    ahead: int
    repayments: list[Repayment]


def repaid_by(points: int, owing: Sequence[Owing], now: Sequence[Repayment]) -> list[Repayment]:
    """What repaid how much of these points, oldest first. `owing` is in the order of time, and what
    the last of the accounts repaid just `now` comes on top."""
    ahead, owed, found = 0, points, list[Repayment]()
    for number, (place, more, repayments) in enumerate(owing, 1):
        ahead += more
        for repayment in (*repayments, *(now if number == len(owing) else ())):
            if repayment.nets:
                ahead -= repayment.points * (repayment.nets < place)
                owed -= repayment.points * _is_of(repayment, place)
                continue
            passed = min(ahead, repayment.points)
            part = min(owed, repayment.points - passed)
            ahead, owed = ahead - passed, owed - part
            if part:
                found.append(repayment._replace(points=part))
    return list(_joined(found))


def undone_of(owing: Owing) -> Mapping[Place, int]:
    """What of a debt that was taken over came back before anybody had repaid it, and is owed no
    more: by the places that it had on the account that owed it before."""
    found: Counter[Place] = Counter()
    for repayment in owing.repayments:
        if _is_of(repayment, owing.place):
            found[repayment.nets[len(owing.place) :]] += repayment.points
    return found


def place_of(owing: Sequence[Owing]) -> Place:
    """Where the debt stands on the account that owes it now."""
    return owing[-1].place if owing else ()


def _is_of(repayment: Repayment, place: Place) -> bool:
    """Whether it undid that debt, or a part of it: a capture's place begins with the merge's by
    which it came."""
    return repayment.nets[: len(place)] == place


def _joined(found: Iterable[Repayment]) -> Iterable[Repayment]:
    """A lot that repaid twice running, once: what comes back of it is one lot."""
    last: Repayment | None = None
    for one in found:
        if last is not None and last[:2] == one[:2]:
            last = last._replace(points=last.points + one.points)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last

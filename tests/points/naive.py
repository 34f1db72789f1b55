"""The books of points as a child would keep them: every point is a token in a purse.

A second telling of the rules, slow and plain, for tests that compare it with the service after
each step. It knows nothing of versions of lots in SQL, batches or postings.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby


class Refused(Exception):
    """The service must refuse this with the code."""


@dataclass(slots=True)
class Token:
    """One point. `lot` is the number of the posting that made it; `source` what earned it."""

    lot: int
    ends: datetime | None
    source: str


@dataclass
class Purse:
    """One member's points."""

    tokens: list[Token] = field(default_factory=list)
    debt: int = 0
    held: int = 0
    version: int = 0

    @property
    def balance(self) -> int:
        """What is there, or minus what is owed."""
        return len(self.tokens) - self.debt

    def sort(self) -> None:
        """Put first what is spent first."""
        never = [token for token in self.tokens if token.ends is None]
        ending = [token for token in self.tokens if token.ends is not None]
        ending.sort(key=lambda t: (t.ends, t.lot))
        never.sort(key=lambda t: t.lot)
        self.tokens = ending + never

    def available(self, now: datetime) -> int:
        """Holds lie on the tokens that end first; what lies free and has not ended can be spent."""
        self.sort()
        free = [
            token for token in self.tokens[self.held :] if token.ends is None or token.ends > now
        ]
        return 0 if self.debt else len(free)

    def earn(self, points: int, source: str, ends: datetime | None) -> None:
        """New points; what is owed is repaid with the first of them."""
        self.version += 1
        for _ in range(points):
            if self.debt:
                self.debt -= 1
            else:
                self.tokens.append(Token(self.version, ends, source))

    def receive(self, tokens: list[Token]) -> None:
        """Somebody else's tokens, a posting for each of their lots; they end when they did."""
        for _, lot in groupby(tokens, key=lambda token: token.lot):
            moved = list(lot)
            self.version += 1
            repaid = min(self.debt, len(moved))
            self.debt -= repaid
            self.tokens += [Token(self.version, t.ends, t.source) for t in moved[repaid:]]

    def put_back(self, tokens: list[Token]) -> None:
        """Tokens come back as they were; what is owed is repaid with the last of them."""
        if not tokens:
            return
        self.version += 1
        repaid = min(self.debt, len(tokens))
        self.debt -= repaid
        self.tokens += tokens[: len(tokens) - repaid]

    def spend(self, points: int, now: datetime) -> list[Token]:
        """The tokens that go; they have not ended."""
        if points > self.available(now):
            raise Refused("insufficient_points")
        self.version += 1
        self.sort()
        going = [token for token in self.tokens if token.ends is None or token.ends > now][:points]
        self._drop(going)
        return going

    def hold(self, points: int, now: datetime) -> None:
        """Put points aside."""
        if points > self.available(now):
            raise Refused("insufficient_points")
        self.held += points

    def capture(self, points: int, freed: int) -> list[Token | None]:
        """Pay what was promised; None for a point that was not there any more."""
        self.held -= points + freed
        self.version += 1
        self.sort()
        going = self.tokens[:points]
        self._drop(going)
        missing = points - len(going)
        self.debt += missing
        return [*going, *([None] * missing)]

    def take_back(self, points: int, source: str) -> None:
        """Claw back: first what that source gave, then as for spending; the rest is owed."""
        if points == 0:
            return
        self.version += 1
        self.sort()
        ordered = [t for t in self.tokens if t.source == source]
        ordered += [t for t in self.tokens if t.source != source]
        going = ordered[:points]
        self._drop(going)
        self.debt += points - len(going)

    def end_night(self, due: datetime) -> int:
        """What has ended goes, but for what is held on it."""
        self.sort()
        ended = [token for token in self.tokens if token.ends is not None and token.ends <= due]
        going = ended[: max(0, len(ended) - self.held)]
        if going:
            self.version += 1
            self._drop(going)
        return len(going)

    def lots(self) -> list[tuple[datetime | None, int]]:
        """(end, points) of each lot, in the order of spending."""
        self.sort()
        grouped = groupby(self.tokens, key=lambda token: (token.lot, token.ends))
        return [(ends, len(list(tokens))) for (_, ends), tokens in grouped]

    def _drop(self, going: list[Token]) -> None:
        gone = {id(token) for token in going}
        self.tokens = [token for token in self.tokens if id(token) not in gone]

"""A member's tier as a pure function of what they bought.

The rules, in the order in which they decide:

- Spend counts when it was bought: a sale adds, a refund takes off at its own instant. The window
  at an instant `t` holds what happened in (t - window_days, t].
- A sale that lifts the window to a tier's threshold gives that tier from that instant on. The
  sale itself was still made at the lower tier.
- A tier that was reached is held until the end of the day, in the programme's time zone, that is
  `validity_days` after it was last earned. Each sale after which the window still reaches the
  threshold earns it anew. A refund never takes a tier that is held.
- When the validity ends, the member falls to the tier that the window then supports, which is
  theirs for `validity_days` in turn.
- Each instant is judged by the scheme in force at it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from services.membership.domain.tiers.errors import TierCodeRemoved, TierSchemeInvalid

Cause = Literal["enrolled", "spend", "validity_ended"]


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier; `threshold_minor` is the spend in the window from which it is reached."""

    code: str
    name: str
    rank: int
    threshold_minor: int


@dataclass(frozen=True, slots=True)
class TierScheme:
    """A version of the programme's tiers, lowest first; tier number n has rank n."""

    version: int
    effective_from: datetime
    window_days: int
    validity_days: int
    tiers: tuple[Tier, ...]

    def rank_of(self, code: str) -> int:
        """The rank of a tier. A code never leaves the scheme, so it is there."""
        return next(tier.rank for tier in self.tiers if tier.code == code)

    def supported(self, spend_minor: int) -> Tier:
        """The highest tier that this spend reaches."""
        best = self.tiers[0]
        for tier in self.tiers[1:]:
            if spend_minor < tier.threshold_minor:
                break
            best = tier
        return best


class Credit(NamedTuple):
    """What a sale added to a member's spend (a refund: a negative amount)."""

    purchased_at: datetime
    transaction_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Interval:
    """From `since` until the next interval the member holds `tier`, because of `cause`."""

    tier: str
    since: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class TierHistory:
    """All intervals up to the instant asked for, and when the history may next go on by itself."""

    intervals: tuple[Interval, ...]
    due_at: datetime | None

    @property
    def current(self) -> Interval:
        """The latest interval."""
        return self.intervals[-1]


def check_scheme(tiers: Sequence[Tier], before: TierScheme | None) -> None:
    """Raise `TierSchemeInvalid` or `TierCodeRemoved` unless the tiers make a ladder."""
    if [tier.rank for tier in tiers] != list(range(len(tiers))) or tiers[0].threshold_minor != 0:
        raise TierSchemeInvalid("Ranks run 0, 1, 2, … in order, and rank 0 has threshold 0.")
    if any(low.threshold_minor >= high.threshold_minor for low, high in pairwise(tiers)):
        raise TierSchemeInvalid("Each tier needs a higher threshold than the one below it.")
    codes = {tier.code for tier in tiers}
    if len(codes) < len(tiers):
        raise TierSchemeInvalid("Each tier needs a code of its own.")
    if before is not None and (missing := {tier.code for tier in before.tiers} - codes):
        raise TierCodeRemoved("Members may hold these tiers; keep them.", codes=sorted(missing))
    if before is not None and before.tiers[0].code != tiers[0].code:
        raise TierCodeRemoved("The tier of rank 0 keeps its code.", codes=[before.tiers[0].code])


def scheme_at(schemes: Sequence[TierScheme], at: datetime) -> TierScheme:
    """The scheme in force; the first one also rules what was before it. Oldest first."""
    found = schemes[0]
    for scheme in schemes[1:]:
        if scheme.effective_from > at:
            break
        found = scheme
    return found


def lapses_at(earned_at: datetime, scheme: TierScheme, zone: ZoneInfo) -> datetime:
    """The end of the last day on which a tier earned then is valid."""
    day = earned_at.astimezone(zone).date() + timedelta(days=scheme.validity_days + 1)
    return datetime.combine(day, time.min, zone).astimezone(UTC)


class _Spend:
    """Sums of a member's credits over windows: bisection in running totals."""

    __slots__ = ("_instants", "_totals")

    def __init__(self, credits: Sequence[Credit]) -> None:
        self._instants = [credit[0] for credit in credits]
        self._totals = list(accumulate((credit[2] for credit in credits), initial=0))

    def through(self, place: int, window: timedelta) -> int:
        """What the window at credit number `place` holds, that credit included."""
        first = bisect_right(self._instants, self._instants[place] - window, 0, place)
        return self._totals[place + 1] - self._totals[first]

    def before(self, at: datetime, window: timedelta) -> int:
        """What the window at `at` holds, without what happened at that very instant."""
        first = bisect_right(self._instants, at - window)
        return self._totals[bisect_left(self._instants, at)] - self._totals[first]


def tier_timeline(
    credits: Sequence[Credit],
    schemes: Sequence[TierScheme],
    enrolled_at: datetime,
    zone: ZoneInfo,
    until: datetime,
) -> TierHistory:
    """The tiers of a member from `enrolled_at` to `until`.

    `credits` are all of the member's, sorted; those after `until` wait. What was bought before
    the enrolment counts, but gives no tier before it.
    """
    spend = _Spend(credits)
    base = schemes[0].tiers[0].code
    steps = [Interval(base, enrolled_at, "enrolled")]
    earned_at = enrolled_at
    waits_until: datetime | None = None
    # No validity ends sooner than this after a tier was earned, whichever scheme and zone it was.
    surely_held = timedelta(days=min(s.validity_days for s in schemes) - 1)
    scheme, window = schemes[0], timedelta(days=schemes[0].window_days)
    rank = 0
    for place, (at, _, amount_minor) in enumerate(credits):
        if at > until:
            waits_until = at
            break
        if rank > 0 and at - earned_at >= surely_held:
            earned_at = _lapse(steps, spend, schemes, earned_at, zone, at)
            rank = scheme.rank_of(steps[-1].tier)
        if amount_minor <= 0:
            continue
        if len(schemes) > 1:
            scheme = scheme_at(schemes, at)
            window = timedelta(days=scheme.window_days)
            rank = scheme.rank_of(steps[-1].tier)
        reached = scheme.supported(spend.through(place, window))
        if reached.rank > rank:
            rank = reached.rank
            _add(steps, Interval(reached.code, max(at, enrolled_at), "spend"))
        if reached.rank >= rank:
            earned_at = at
    earned_at = _lapse(steps, spend, schemes, earned_at, zone, until)
    return TierHistory(
        tuple(steps), _earliest(waits_until, _due(steps, base, schemes, earned_at, zone))
    )


def _lapse(
    steps: list[Interval],
    spend: _Spend,
    schemes: Sequence[TierScheme],
    earned_at: datetime,
    zone: ZoneInfo,
    until: datetime,
) -> datetime:
    """Let validities end that end by `until`. Returns when the tier now held was last earned."""
    base = schemes[0].tiers[0].code
    while steps[-1].tier != base:
        ends_at = lapses_at(earned_at, scheme_at(schemes, earned_at), zone)
        if ends_at > until:
            break
        scheme = scheme_at(schemes, ends_at)
        left = scheme.supported(spend.before(ends_at, timedelta(days=scheme.window_days)))
        if left.rank < scheme.rank_of(steps[-1].tier):
            # Nothing starts before the member joined: steps[0] is the enrolment's instant.
            _add(steps, Interval(left.code, max(ends_at, steps[0].since), "validity_ended"))
        earned_at = ends_at
    return earned_at


def _due(
    steps: Sequence[Interval],
    base: str,
    schemes: Sequence[TierScheme],
    earned_at: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    if steps[-1].tier == base:
        return None
    return lapses_at(earned_at, scheme_at(schemes, earned_at), zone)


def _add(steps: list[Interval], step: Interval) -> None:
    """Append, unless it begins where another does: then only the last word counts."""
    while steps and steps[-1].since >= step.since:
        steps.pop()
    if not steps or steps[-1].tier != step.tier:
        steps.append(step)


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)

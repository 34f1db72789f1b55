"""Which families and days a receipt can move, told without looking at each family.

Almost every receipt meets campaigns whose threshold it does not reach. Only the few groups that
are named here are loaded and judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.campaigns.domain.campaigns import SpendAndGet
from services.campaigns.domain.receipts import Receipt
from services.campaigns.domain.rulebook import Meeting, ScopeRules, candidates

# A member's local day, and what every scope counts of it at most.
MemberDay = tuple[UUID, date]
DayTotals = dict[ScopeRules, int]


class Touch(NamedTuple):
    """A family that must be judged for a member and day."""

    member_id: UUID
    family: str
    day: date


def touched_by_change(meeting: Meeting) -> Iterator[Touch]:
    """What a receipt may move that was known before: everything that counts any of it."""
    receipt = meeting.receipt
    if receipt.member_id is not None:
        for campaign in candidates(meeting):
            if isinstance(campaign.rule, SpendAndGet):
                yield Touch(receipt.member_id, campaign.family, receipt.local_day)


def touched_alone(meeting: Meeting) -> Iterator[Touch]:
    """What a new receipt reaches by itself. Below the threshold it changes nothing."""
    receipt = meeting.receipt
    if receipt.member_id is None:
        return
    for rules, amount_minor, _ in meeting.counted:
        for campaign, rule in rules.by_receipt:
            if (
                amount_minor >= rule.member_threshold_minor
                and rule.currency == receipt.currency
                and campaign.decides(receipt.purchased_at)
            ):
                yield Touch(receipt.member_id, campaign.family, receipt.local_day)


def touched_with_day(
    meeting: Meeting, totals: Mapping[ScopeRules, int], held: Set[Touch]
) -> Iterator[Touch]:
    """What a new receipt may reach together with its day.

    `totals` count the whole day, used or not, in any currency: nothing is reached with less. `held`
    are groups that have something of that day already, such as a gift that is out and falls
    short: it may use the new receipt.
    """
    receipt = meeting.receipt
    if receipt.member_id is None:
        return
    for rules, _, _ in meeting.counted:
        total = totals[rules]
        for campaign, rule in rules.by_day:
            if total < rule.member_threshold_minor and not held:
                continue
            touch = Touch(receipt.member_id, campaign.family, receipt.local_day)
            if (total >= rule.member_threshold_minor or touch in held) and (
                campaign.decides(receipt.purchased_at)
            ):
                yield touch


def counts_for_days(meeting: Meeting) -> bool:
    """Whether some campaign adds the receipt to others of its day."""
    return any(rules.by_day for rules, _, _ in meeting.counted)


def day_of(receipt: Receipt) -> MemberDay:
    """The receipt's member and local day."""
    assert receipt.member_id is not None
    return receipt.member_id, receipt.local_day


def day_totals(meetings: Iterable[Meeting]) -> DayTotals:
    """What each scope counts of these receipts."""
    totals: DayTotals = {}
    for meeting in meetings:
        for rules, amount_minor, _ in meeting.counted:
            totals[rules] = totals.get(rules, 0) + amount_minor
    return totals

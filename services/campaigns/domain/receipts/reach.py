"""Which families and days a receipt can move, told without looking at each family.

Almost every receipt meets campaigns whose threshold it does not reach. Only the few groups that
are named here are loaded and judged.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rules.campaigns import SpendAndGet
from services.campaigns.domain.rules.rulebook import (
    Meeting,
    Rulebook,
    ScopeRules,
    candidates,
    scopes_of,
)

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


class Held(NamedTuple):
    """What of a family a member has of a day: living rewards that the day gave by itself, by
    version, and whether one that is out falls short."""

    units: dict[tuple[UUID, int], int]
    falls_short: bool


def touched_with_day(
    book: Rulebook,
    meeting: Meeting,
    totals: Mapping[ScopeRules, int],
    held: Mapping[str, Held],
    *,
    is_last: bool,
) -> Iterator[Touch]:
    """What a new receipt may reach together with its day.

    `totals` count the whole day, used or not, in any currency: nothing is reached with less. `held`
    is what the day has by family. `is_last` says that the receipt comes after all of its day that
    were there before; as receipts are used up in that order, what those have reached without it
    stays as it is.
    """
    receipt = meeting.receipt
    if receipt.member_id is None:
        return
    for rules, _, _ in meeting.counted:
        total = totals.get(rules, 0)
        for campaign, rule in rules.by_day:
            has = held.get(campaign.family)
            if total < rule.member_threshold_minor and (
                has is None or (is_last and not has.falls_short)
            ):
                continue
            if campaign.decides(receipt.purchased_at) and not (
                has and is_last and _is_full(book, campaign.family, has, receipt)
            ):
                yield Touch(receipt.member_id, campaign.family, receipt.local_day)


def _is_full(book: Rulebook, family: str, held: Held, last: Receipt) -> bool:
    """Whether every version that would add the last receipt to its day has given all that a day
    can have. Then none of them takes anything of it, nor leaves the others more or less."""
    if held.falls_short:
        return False
    for campaign in book.families[family]:
        rule = campaign.rule
        assert isinstance(rule, SpendAndGet)
        if rule.grant != "automatic" or rule.basis != "day":
            continue
        given = held.units.get((campaign.campaign_id, campaign.version), 0)
        if given < rule.times_max and campaign.decides(last.purchased_at):
            return False
    return True


def counts_for_days(meeting: Meeting) -> bool:
    """Whether some campaign adds the receipt to others of its day."""
    return any(rules.by_day for rules, _, _ in meeting.counted)


def day_of(receipt: Receipt) -> MemberDay:
    """The receipt's member and local day."""
    assert receipt.member_id is not None
    return receipt.member_id, receipt.local_day


def day_totals(book: Rulebook, receipts: Iterable[Receipt]) -> DayTotals:
    """What each scope that sums days counts of these receipts."""
    totals: DayTotals = {}
    for receipt in receipts:
        for line in receipt.lines:
            for rules in scopes_of(book, receipt, line).of_days:
                totals[rules] = totals.get(rules, 0) + line.amount_minor
    return totals


def add_to_day(totals: DayTotals, meeting: Meeting) -> None:
    """Add what the scopes count of a receipt that they have met."""
    for rules, amount_minor, _ in meeting.counted:
        if rules.by_day:
            totals[rules] = totals.get(rules, 0) + amount_minor

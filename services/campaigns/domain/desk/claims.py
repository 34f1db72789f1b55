"""The desk's question: do these receipts earn the reward, for this party, now?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.spending import Purse, Uses, eligible_minor, in_order
from services.campaigns.domain.rules.campaigns import Campaign, SpendAndGet

ReceiptStatus = Literal["counted", "unknown", "of_other_member", "used", "not_in_scope", "not_live"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One receipt that was put on the desk: what is known of it, and what stands against it."""

    receipt: Receipt | None
    campaign: Campaign | None = None
    is_of_other: bool = False
    is_used_by_other: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """Amounts of one shown receipt under the rule, in minor units."""

    status: ReceiptStatus
    eligible_minor: int = 0
    available_minor: int = 0
    used_minor: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None when the reward is earned; `version` is then the version that gives it."""

    reason: str | None
    receipts: tuple[ReceiptAnswer, ...]
    shortfall_minor: int = 0
    threshold_minor: int = 0
    uses: Uses = ()
    campaign: Campaign | None = None


def decide_claim(
    shown: Sequence[Shown], purse: Purse, *, is_member: bool, rewards_given: int
) -> Verdict:
    """Granted or the first reason against it.

    `purse` holds what earlier rewards of the family left of the receipts; `rewards_given` are
    this member's rewards of the campaign so far.
    """
    answers = tuple(_look_at(one, purse) for one in shown)
    blocked = _blocking_reason(answers)
    usable = [s for s, a in zip(shown, answers, strict=True) if a.status in ("counted", "used")]
    if blocked or not usable:
        return Verdict(blocked or "campaign_not_live", answers)
    pools = _pools(usable, is_member=is_member)
    best = max(pools, key=lambda pool: _reach(purse, pool, is_member=is_member))
    return _decide_pool(best, purse, answers, shown, is_member=is_member, given=rewards_given)


def _look_at(one: Shown, purse: Purse) -> ReceiptAnswer:
    if one.receipt is None:
        return ReceiptAnswer("unknown")
    if one.is_of_other:
        return ReceiptAnswer("of_other_member")
    if one.campaign is None:
        return ReceiptAnswer("not_live")
    rule = _rule(one.campaign)
    eligible = eligible_minor(rule, one.receipt)
    if one.is_used_by_other:
        return ReceiptAnswer("used", eligible)
    if eligible == 0:
        return ReceiptAnswer("not_in_scope")
    available = purse.available(rule, one.receipt)
    return ReceiptAnswer("counted" if available else "used", eligible, available)


def _blocking_reason(answers: Sequence[ReceiptAnswer]) -> str | None:
    statuses = [a.status for a in answers]
    for status, reason in (
        ("unknown", "receipt_unknown"),
        ("of_other_member", "receipt_of_other_member"),
    ):
        if status in statuses:
            return reason
    if all(status == "not_live" for status in statuses):
        return "campaign_not_live"
    if all(status in ("not_in_scope", "not_live") for status in statuses):
        return "not_in_scope"
    return None


def _pools(usable: Sequence[Shown], *, is_member: bool) -> list[list[Shown]]:
    """What may be added up: a member's receipts of one local day where the rule sums days, else
    each receipt by itself; never across versions."""
    pools: dict[tuple[int, date | UUID], list[Shown]] = {}
    for one in usable:
        assert one.receipt is not None
        assert one.campaign is not None
        sums = is_member and _rule(one.campaign).basis == "day"
        part: date | UUID = one.receipt.local_day if sums else one.receipt.receipt_id
        pools.setdefault((one.campaign.version, part), []).append(one)
    return list(pools.values())


def _reach(purse: Purse, pool: Sequence[Shown], *, is_member: bool) -> tuple[int, int]:
    """How near the pool is to its threshold, the earlier purchase first among equals."""
    threshold, available, eligible = _sums(purse, pool, is_member=is_member)
    return (min(0, available - threshold), min(0, eligible - threshold))


def _sums(purse: Purse, pool: Sequence[Shown], *, is_member: bool) -> tuple[int, int, int]:
    campaign = pool[0].campaign
    assert campaign is not None
    rule = _rule(campaign)
    threshold = rule.member_threshold_minor if is_member else rule.other_threshold_minor or 0
    receipts = [s.receipt for s in pool if s.receipt is not None]
    free = [s.receipt for s in pool if s.receipt is not None and not s.is_used_by_other]
    eligible = sum(eligible_minor(rule, r) for r in receipts)
    return threshold, purse.total(rule, free), eligible


def _decide_pool(
    pool: Sequence[Shown],
    purse: Purse,
    answers: tuple[ReceiptAnswer, ...],
    shown: Sequence[Shown],
    *,
    is_member: bool,
    given: int,
) -> Verdict:
    campaign = pool[0].campaign
    assert campaign is not None
    rule = _rule(campaign)
    threshold, available, eligible = _sums(purse, pool, is_member=is_member)
    if available < threshold:
        reason = "receipt_used" if eligible >= threshold else "below_threshold"
        return Verdict(reason, answers, threshold - available, threshold, campaign=campaign)
    if is_member and rule.limit_per_member is not None and given >= rule.limit_per_member:
        return Verdict("limit_reached", answers, 0, threshold, campaign=campaign)
    free = in_order(s.receipt for s in pool if s.receipt and not s.is_used_by_other)
    uses = purse.use(rule, free, threshold)
    return Verdict(None, _with_uses(answers, shown, uses), 0, threshold, uses, campaign)


def _with_uses(
    answers: Sequence[ReceiptAnswer], shown: Sequence[Shown], uses: Uses
) -> tuple[ReceiptAnswer, ...]:
    used: Mapping[UUID, int] = dict(uses)
    return tuple(
        ReceiptAnswer(
            a.status,
            a.eligible_minor,
            a.available_minor,
            used.get(s.receipt.receipt_id, 0) if s.receipt else 0,
        )
        for a, s in zip(answers, shown, strict=True)
    )


def _rule(campaign: Campaign) -> SpendAndGet:
    assert isinstance(campaign.rule, SpendAndGet)
    return campaign.rule

"""Spend and get: what a party (a member, or nobody) deserves for some local days.

`judge` is a pure function of facts: receipts, what is out of the house already, what was claimed
at the desk. It knows no order of arrival, so neither do the rewards. Each line's amount is used
once in a campaign family.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rules.campaigns import Campaign, SpendAndGet
from services.campaigns.domain.rules.rulebook import is_place_in_scope

Uses = tuple[tuple[UUID, int], ...]
StockKey = tuple[str, UUID | None]

LIMIT_REACHED = "limit_reached"
OUT_OF_STOCK = "out_of_stock"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A reward that keeps its receipts while they suffice: claimed at the desk, or handed out.

    `receipt_ids` are those it may use. Once `is_out`, it stays and falls short instead of ending.
    """

    grant_id: UUID
    unit_key: str
    campaign: Campaign
    threshold_minor: int
    receipt_ids: frozenset[UUID]
    granted_at: datetime
    is_out: bool


class Deserved(NamedTuple):
    """One reward that the receipts earn. `uses` are the amounts they spend on it."""

    unit_key: str
    campaign: Campaign
    uses: Uses
    earned_by: Receipt


@dataclass(frozen=True, slots=True)
class Withheld:
    """A threshold reached, and nothing given, because of `reason`."""

    unit_key: str
    campaign: Campaign
    local_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class PinnedResult:
    """What a pinned reward still uses, and how much is missing. `ends`: it must be taken back."""

    grant_id: UUID
    uses: Uses
    shortfall_minor: int
    ends: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one judgement looks at: one party, one family, some local days.

    `party` is the member, or None for people without a card, who get nothing by themselves.
    `counts` are rewards of each campaign on other days. `denied` are units refused for want of
    stock: that answer stands. `holding` are units that have their gift already.
    """

    party: UUID | None
    rules: Sequence[Campaign]
    receipts: Sequence[Receipt]
    pinned: Sequence[Pinned] = ()
    counts: Mapping[UUID, int] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    holding: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The wanted state."""

    deserved: tuple[Deserved, ...]
    withheld: tuple[Withheld, ...]
    pinned: tuple[PinnedResult, ...]


class Purse:
    """What is left of each line of some receipts in one family. Made anew for each judgement."""

    def __init__(self, receipts: Iterable[Receipt]) -> None:
        self.receipts = {r.receipt_id: r for r in receipts}
        self._left = {r.receipt_id: [x.amount_minor for x in r.lines] for r in receipts}
        self._counted: dict[tuple[int, UUID], list[int]] = {}

    def available(self, rule: SpendAndGet, receipt: Receipt) -> int:
        """How much of the receipt counts for the rule and is not used yet."""
        left = self._left[receipt.receipt_id]
        return sum([left[i] for i in self._lines_of(rule, receipt)])

    def use(self, rule: SpendAndGet, pool: Sequence[Receipt], wanted_minor: int) -> Uses:
        """Take up to `wanted_minor` from the pool in its order."""
        uses = []
        for receipt in pool:
            taken = self._take(rule, receipt, wanted_minor)
            wanted_minor -= taken
            if taken:
                uses.append((receipt.receipt_id, taken))
        return tuple(uses)

    def _take(self, rule: SpendAndGet, receipt: Receipt, wanted_minor: int) -> int:
        left, taken = self._left[receipt.receipt_id], 0
        for i in self._lines_of(rule, receipt):
            part = min(left[i], wanted_minor - taken)
            left[i] -= part
            taken += part
        return taken

    def _lines_of(self, rule: SpendAndGet, receipt: Receipt) -> list[int]:
        # By the rule's identity: it outlives the purse, and its value is slow to compare.
        place = id(rule), receipt.receipt_id
        found = self._counted.get(place)
        if found is None:
            found = self._counted[place] = _eligible(rule, receipt)
        return found

    def find_earner(
        self, rule: SpendAndGet, pool: Iterable[Receipt], wanted_minor: int
    ) -> Receipt | None:
        """The receipt of the pool with which `wanted_minor` is reached; None when it never is."""
        reached = 0
        for receipt in pool:
            reached += self.available(rule, receipt)
            if reached >= wanted_minor:
                return receipt
        return None

    def total(self, rule: SpendAndGet, pool: Iterable[Receipt]) -> int:
        """The sum of what is available."""
        return sum([self.available(rule, r) for r in pool])


def _eligible(rule: SpendAndGet, receipt: Receipt) -> list[int]:
    if receipt.currency != rule.currency or not is_place_in_scope(rule.scope, receipt):
        return []
    # As `is_line_in_scope`, which is too slow to be called for every line of every judgement.
    brands, categories = rule.scope.brands, rule.scope.categories
    return [
        i
        for i, line in enumerate(receipt.lines)
        if (not brands or line.brand in brands) and (not categories or line.category in categories)
    ]


def eligible_minor(rule: SpendAndGet, receipt: Receipt) -> int:
    """What of the receipt counts for the rule, used or not."""
    return sum(receipt.lines[i].amount_minor for i in _eligible(rule, receipt))


def in_order(receipts: Iterable[Receipt]) -> list[Receipt]:
    """The order in which receipts are used up: by purchase, then by id."""
    return sorted(receipts, key=place_in_order)


def place_in_order(receipt: Receipt) -> tuple[datetime, UUID]:
    """Lower is used up earlier."""
    return receipt.purchased_at, receipt.receipt_id


def judge(case: Case, stock: dict[StockKey, int] | None = None) -> Judgement:
    """The wanted state of the case. With `stock` each new gift takes one from it, in place."""
    purse = Purse(in_order(case.receipts))
    pinned = tuple(_judge_pinned(purse, p) for p in _pinned_in_order(case.pinned))
    ended = {p.grant_id for p in pinned if p.ends}
    staying = [p for p in case.pinned if p.grant_id not in ended]
    counts = dict(case.counts)
    for p in staying:
        campaign_id = p.campaign.campaign_id
        counts[campaign_id] = counts.get(campaign_id, 0) + 1
    desk = _Desk(case, purse, counts, stock, frozenset(p.unit_key for p in staying))
    days = {r.local_day for r in case.receipts} if case.party else set()
    for day in sorted(days):
        for campaign in case.rules:
            rule = campaign.rule
            if isinstance(rule, SpendAndGet) and rule.grant == "automatic":
                desk.judge_day(campaign, rule, day)
    return Judgement(tuple(desk.deserved), tuple(desk.withheld), pinned)


def _pinned_in_order(pinned: Iterable[Pinned]) -> list[Pinned]:
    return sorted(pinned, key=lambda p: (p.granted_at, p.grant_id))


def _judge_pinned(purse: Purse, pinned: Pinned) -> PinnedResult:
    rule = pinned.campaign.rule
    assert isinstance(rule, SpendAndGet)
    pool = in_order(purse.receipts[i] for i in pinned.receipt_ids if i in purse.receipts)
    shortfall = max(0, pinned.threshold_minor - purse.total(rule, pool))
    if shortfall and not pinned.is_out:
        return PinnedResult(pinned.grant_id, (), shortfall, ends=True)
    uses = purse.use(rule, pool, pinned.threshold_minor)
    return PinnedResult(pinned.grant_id, uses, shortfall, ends=False)


@dataclass(slots=True)
class _Desk:
    """Works through days and campaigns, remembering what is used up."""

    case: Case
    purse: Purse
    counts: dict[UUID, int]
    stock: dict[StockKey, int] | None
    pinned_keys: frozenset[str]
    deserved: list[Deserved] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def judge_day(self, campaign: Campaign, rule: SpendAndGet, day: date) -> None:
        """Every receipt of the day by itself, or the day as a whole."""
        pool = [
            r
            for r in self.purse.receipts.values()
            if r.member_id == self.case.party
            and r.local_day == day
            and campaign.decides(r.purchased_at)
        ]
        if rule.basis == "receipt":
            for receipt in pool:
                self._judge_unit(campaign, rule, [receipt])
        elif pool:
            self._judge_unit(campaign, rule, pool)

    def _judge_unit(self, campaign: Campaign, rule: SpendAndGet, pool: Sequence[Receipt]) -> None:
        for slot in range(rule.times_max):
            key = unit_key(campaign, rule, pool[0], slot)
            if key in self.pinned_keys:
                continue
            earner = self.purse.find_earner(rule, pool, rule.member_threshold_minor)
            if earner is None:
                return
            reason = self._refusal(campaign, rule, key, earner)
            if reason:
                self.withheld.append(Withheld(key, campaign, pool[0].local_day, reason))
                return
            uses = self.purse.use(rule, pool, rule.member_threshold_minor)
            self.deserved.append(Deserved(key, campaign, uses, earner))
            self.counts[campaign.campaign_id] = self.counts.get(campaign.campaign_id, 0) + 1

    def _refusal(
        self, campaign: Campaign, rule: SpendAndGet, key: str, earner: Receipt
    ) -> str | None:
        limit = rule.limit_per_member
        if limit is not None and self.counts.get(campaign.campaign_id, 0) >= limit:
            return LIMIT_REACHED
        if key in self.case.denied:
            return OUT_OF_STOCK
        if self.stock is None or rule.reward.kind == "points" or key in self.case.holding:
            return None
        place = stock_place(self.stock, str(rule.reward.gift_sku), earner.mall_id)
        if place is None:
            return OUT_OF_STOCK
        self.stock[place] -= 1
        return None


def stock_place(stock: Mapping[StockKey, int], sku: str, mall_id: UUID) -> StockKey | None:
    """The mall's own stock of the gift, else the programme's; None when that is empty."""
    for place in ((sku, mall_id), (sku, None)):
        if place in stock:
            return place if stock[place] > 0 else None
    return None


def unit_key(campaign: Campaign, rule: SpendAndGet, receipt: Receipt, slot: int) -> str:
    """The natural key of one automatic reward of a campaign: what earns it, and which time."""
    if rule.basis == "receipt":
        return f"receipt:{receipt.receipt_id}:v{campaign.version}:{slot}"
    day = f"{receipt.member_id}:{receipt.local_day.isoformat()}"
    return f"day:{day}:v{campaign.version}:{slot}"

"""Which receipts somebody looks at before they earn: a cashier's own card, a receipt sent again
under another day, and more of them in a while than people buy."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.points.domain.receipts.receipts import Receipt, ReceiptKey, transaction_id_of

Why = dict[str, Any]
Subject = tuple[str, str]


class OwnCard(StrEnum):
    """Whose cards do not earn unseen: nobody's, that of the cashier who rings up, or those of all
    the shop's staff in their own shop."""

    OFF = "off"
    CASHIER = "cashier"
    SHOP = "shop"


class Per(StrEnum):
    """Whose receipts a velocity counts."""

    MEMBER = "member"
    TILL = "till"
    CASHIER = "cashier"


@dataclass(frozen=True, slots=True)
class Velocity:
    """More than `receipts_max` sales to members within `window_seconds` up to a purchase."""

    per: Per
    window_seconds: int
    receipts_max: int


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """A programme's checks; version 0 has none. `again_days`: how many days before and after its
    own a receipt of the same till, number and total counts as the same."""

    version: int = 0
    own_card: OwnCard = OwnCard.OFF
    again_days: int = 0
    velocities: tuple[Velocity, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether there is anything to look for."""
        return self.own_card is not OwnCard.OFF or self.again_days > 0 or bool(self.velocities)


NO_REVIEW = ReviewRules()


def read_review(version: int, spec: Mapping[str, Any]) -> ReviewRules:
    """Rules from their stored form."""
    return ReviewRules(
        version,
        OwnCard(spec["own_card"]),
        spec["again_days"],
        tuple(
            Velocity(Per(v["per"]), v["window_seconds"], v["receipts_max"])
            for v in spec["velocities"]
        ),
    )


def rules_for_claims(rules: ReviewRules) -> ReviewRules:
    """What is looked at when nobody's sale becomes somebody's: all that hangs on who it is. Whether
    it came twice was seen when it came."""
    return replace(rules, again_days=0)


def rules_for_late_members(rules: ReviewRules) -> ReviewRules:
    """The same for a sale that named its member before they were known: it counted for its till and
    its cashier when it came."""
    of_members = tuple(v for v in rules.velocities if v.per is Per.MEMBER)
    return replace(rules, again_days=0, velocities=of_members)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look up for some receipts. Tills and cashiers are of the receipts' shops."""

    twins: tuple[UUID, ...] = ()
    tills: tuple[str, ...] = ()
    cashiers: tuple[str, ...] = ()
    members: bool = False
    cards: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Traces:
    """What was found, and what was decided since: cards by (shop, member), totals of receipts by
    id, and when each subject bought or sold."""

    cards: dict[tuple[UUID, UUID], set[str]] = field(default_factory=dict)
    totals: dict[UUID, int] = field(default_factory=dict)
    instants: dict[Subject, list[datetime]] = field(default_factory=dict)


def what_to_look_for(rules: ReviewRules, program_id: UUID, receipts: Iterable[Receipt]) -> Wanted:
    """What must be known to judge these receipts; refunds are not judged."""
    sales = [receipt for receipt in receipts if receipt.kind == "sale"]
    kinds = {velocity.per for velocity in rules.velocities}
    windows = [velocity.window_seconds for velocity in rules.velocities]
    bought = [sale.purchased_at for sale in sales]
    return Wanted(
        tuple(id_ for sale in sales for id_ in twins_of(rules, program_id, sale.key)),
        tuple({sale.key.till_id for sale in sales}) if Per.TILL in kinds else (),
        tuple({sale.cashier_id for sale in sales if sale.cashier_id is not None})
        if Per.CASHIER in kinds
        else (),
        Per.MEMBER in kinds,
        rules.own_card is not OwnCard.OFF,
        min(bought) - timedelta(seconds=max(windows)) if windows and bought else None,
        max(bought) if bought else None,
    )


def twins_of(rules: ReviewRules, program_id: UUID, key: ReceiptKey) -> list[UUID]:
    """The ids that the same receipt would have under the neighbouring business dates."""
    days = [n for n in range(-rules.again_days, rules.again_days + 1) if n]
    return [
        transaction_id_of(
            program_id, key._replace(business_date=key.business_date + timedelta(days=n))
        )
        for n in days
    ]


def subjects_of(receipt: Receipt, member_id: UUID | None) -> dict[Per, Subject]:
    """Under whose names the receipt counts; only sales that name a member do."""
    if member_id is None and receipt.member_number is None:
        return {}
    shop = receipt.key.shop_id
    subjects = {Per.TILL: (Per.TILL.value, f"{shop}/{receipt.key.till_id}")}
    if receipt.cashier_id is not None:
        subjects[Per.CASHIER] = (Per.CASHIER.value, f"{shop}/{receipt.cashier_id}")
    if member_id is not None:
        subjects[Per.MEMBER] = (Per.MEMBER.value, str(member_id))
    return subjects


def why_review(
    rules: ReviewRules,
    program_id: UUID,
    receipt: Receipt,
    member_id: UUID | None,
    traces: Traces,
) -> list[Why]:
    """Why somebody must look at the sale, or nothing. It counts for the next ones from now on."""
    found = [
        *_own_card(rules, receipt, member_id, traces),
        *_sent_again(rules, program_id, receipt, traces),
        *_too_many(rules, receipt, member_id, traces),
    ]
    traces.totals[receipt.transaction_id] = receipt.total_minor
    return found


def _own_card(
    rules: ReviewRules, receipt: Receipt, member_id: UUID | None, traces: Traces
) -> list[Why]:
    if rules.own_card is OwnCard.OFF or member_id is None:
        return []
    cashiers = traces.cards.get((receipt.key.shop_id, member_id), set())
    if receipt.cashier_id in cashiers:
        return [{"code": "own_card", "cashier_id": receipt.cashier_id}]
    if cashiers and rules.own_card is OwnCard.SHOP:
        return [{"code": "card_of_staff", "cashier_id": min(cashiers)}]
    return []


def _sent_again(
    rules: ReviewRules, program_id: UUID, receipt: Receipt, traces: Traces
) -> list[Why]:
    return [
        {"code": "sent_again", "transaction_id": str(id_)}
        for id_ in twins_of(rules, program_id, receipt.key)
        if traces.totals.get(id_) == receipt.total_minor
    ]


def _too_many(
    rules: ReviewRules, receipt: Receipt, member_id: UUID | None, traces: Traces
) -> list[Why]:
    subjects, found = subjects_of(receipt, member_id), []
    for velocity in rules.velocities:
        subject = subjects.get(velocity.per)
        if subject is None:
            continue
        count = 1 + _count_within(
            traces.instants.get(subject, ()), velocity.window_seconds, receipt.purchased_at
        )
        if count > velocity.receipts_max:
            found.append(
                {
                    "code": "velocity",
                    "per": velocity.per.value,
                    "window_seconds": velocity.window_seconds,
                    "limit": velocity.receipts_max,
                    "receipts": count,
                }
            )
    for subject in subjects.values() if rules.velocities else ():
        insort(traces.instants.setdefault(subject, []), receipt.purchased_at)
    return found


def _count_within(instants: Sequence[datetime], seconds: int, until: datetime) -> int:
    since = until - timedelta(seconds=seconds)
    return bisect_right(instants, until) - bisect_right(instants, since)

"""From what is stored and what should be to what must be written, for one party and family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.grants import Grant, TakeBack, compare
from services.campaigns.domain.rewards.spending import (
    LIMIT_REACHED,
    OUT_OF_STOCK,
    Case,
    Deserved,
    Judgement,
    Pinned,
    Uses,
    Withheld,
)
from services.campaigns.domain.rules.campaigns import Campaign, SpendAndGet


@dataclass(frozen=True, slots=True)
class WithheldRow:
    """A stored refusal."""

    campaign_id: UUID
    unit_key: str
    local_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class FamilyState:
    """What is stored of a party in a family: every grant row, every refusal."""

    party: UUID | None
    rules: Sequence[Campaign]
    grants: Sequence[Grant]
    withheld: Sequence[WithheldRow]


@dataclass(slots=True)
class FamilyChanges:
    """What must be written. `uses` are those of grants that stay, by grant."""

    take_back: list[tuple[TakeBack, str | None]] = field(default_factory=list)
    new: list[tuple[Deserved, int]] = field(default_factory=list)
    uses: dict[UUID, Uses] = field(default_factory=dict)
    shortfalls: dict[UUID, int] = field(default_factory=dict)
    withheld: list[Withheld] = field(default_factory=list)
    withheld_gone: list[tuple[UUID, str]] = field(default_factory=list)


def days_to_judge(state: FamilyState, touched: set[date]) -> set[date]:
    """The touched days, and later ones on which a limited campaign gave or withheld.

    A limit is filled from the earliest day on, so a change on one day may move later rewards.
    """
    limited = {
        c.campaign_id
        for c in state.rules
        if isinstance(c.rule, SpendAndGet) and c.rule.limit_per_member is not None
    }
    first = min(touched)
    rows = [(g.campaign_id, g.local_day) for g in state.grants if g.net > 0]
    rows += [(w.campaign_id, w.local_day) for w in state.withheld]
    return touched | {day for campaign_id, day in rows if campaign_id in limited and day >= first}


def case_of(
    state: FamilyState,
    days: set[date],
    receipts: Sequence[Receipt],
    campaigns: Mapping[tuple[UUID, int], Campaign],
) -> Case:
    """What `judge` needs to decide these days. `receipts` are those that the party may use."""
    living = [g for g in state.grants if g.net > 0]
    counts: dict[UUID, int] = {}
    for grant in living:
        if grant.local_day not in days:
            counts[grant.campaign_id] = counts.get(grant.campaign_id, 0) + 1
    here = [g for g in living if g.local_day in days]
    return Case(
        party=state.party,
        rules=state.rules,
        receipts=receipts,
        pinned=[
            _pin(g, campaigns[g.campaign_id, g.version], receipts, state.party)
            for g in here
            if g.origin == "desk" or g.is_out
        ],
        counts=counts,
        denied=frozenset(w.unit_key for w in state.withheld if w.reason == OUT_OF_STOCK),
        holding=frozenset(g.unit_key for g in here if g.kind == "gift"),
    )


def _pin(
    grant: Grant, campaign: Campaign, receipts: Sequence[Receipt], party: UUID | None
) -> Pinned:
    """A desk's reward keeps to the receipts shown; a day's gift may use any of that day."""
    rule = campaign.rule
    assert isinstance(rule, SpendAndGet)
    allowed = frozenset(grant.receipt_ids)
    if grant.origin == "automatic" and rule.basis == "day":
        allowed = frozenset(
            r.receipt_id
            for r in receipts
            if r.member_id == party
            and r.local_day == grant.local_day
            and campaign.decides(r.purchased_at)
        )
    return Pinned(
        grant.grant_id,
        grant.unit_key,
        campaign,
        grant.threshold_minor or 0,
        allowed,
        grant.granted_at,
        grant.is_out,
    )


def settle(state: FamilyState, days: set[date], judgement: Judgement) -> FamilyChanges:
    """The difference between the stored state of these days and the wanted one."""
    if not state.grants and not state.withheld:
        # As it is for most: nothing can be pinned, kept or taken back.
        new = [(deserved, 1) for deserved in judgement.deserved]
        return FamilyChanges(new=new, withheld=list(judgement.withheld))
    return _difference(state, days, judgement)


def _difference(state: FamilyState, days: set[date], judgement: Judgement) -> FamilyChanges:
    changes = FamilyChanges()
    rows = {g.grant_id: g for g in state.grants if g.local_day in days}
    withheld = {(w.campaign.campaign_id, w.unit_key): w for w in judgement.withheld}
    pinned = {p.grant_id for p in judgement.pinned}
    for result in judgement.pinned:
        grant = rows[result.grant_id]
        if result.ends:
            changes.take_back.append((TakeBack(grant, grant.net), None))
            continue
        changes.uses[grant.grant_id] = result.uses
        if result.shortfall_minor != grant.shortfall_minor:
            changes.shortfalls[grant.grant_id] = result.shortfall_minor
    units: dict[tuple[UUID, str], list[Grant]] = {}
    for grant in rows.values():
        if grant.origin == "automatic":
            units.setdefault((grant.campaign_id, grant.unit_key), []).append(grant)
    _settle_deserved(changes, judgement, units)
    wanted = {(d.campaign.campaign_id, d.unit_key) for d in judgement.deserved}
    for unit, grants in units.items():
        if unit in wanted or any(g.grant_id in pinned for g in grants):
            continue
        why = LIMIT_REACHED if unit in withheld else None
        changes.take_back += [(t, why) for t in compare(grants, 0).take_back]
    _settle_withheld(changes, state, days, withheld)
    return changes


def _settle_deserved(
    changes: FamilyChanges,
    judgement: Judgement,
    units: Mapping[tuple[UUID, str], Sequence[Grant]],
) -> None:
    for deserved in judgement.deserved:
        rule = deserved.campaign.rule
        assert isinstance(rule, SpendAndGet)
        stored = units.get((deserved.campaign.campaign_id, deserved.unit_key), ())
        difference = compare(stored, rule.reward.points or 1)
        if difference.missing:
            changes.new.append((deserved, difference.generation))
        else:
            living = max((g for g in stored if g.net > 0), key=lambda g: g.generation)
            changes.uses[living.grant_id] = deserved.uses


def _settle_withheld(
    changes: FamilyChanges,
    state: FamilyState,
    days: set[date],
    wanted: Mapping[tuple[UUID, str], Withheld],
) -> None:
    stored = {(w.campaign_id, w.unit_key): w for w in state.withheld if w.local_day in days}
    changes.withheld_gone = [
        unit
        for unit, row in stored.items()
        if unit not in wanted or wanted[unit].reason != row.reason
    ]
    changes.withheld = [
        w for unit, w in wanted.items() if unit not in stored or stored[unit].reason != w.reason
    ]

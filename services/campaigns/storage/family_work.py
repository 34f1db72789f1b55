"""What is stored of parties and families, made ready to be judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.grants import Grant
from services.campaigns.domain.receipts import Receipt, as_receipt
from services.campaigns.domain.settlement import FamilyState, case_of, days_to_judge
from services.campaigns.domain.spending import Case, Judgement
from services.campaigns.storage.decisions import Scene
from services.campaigns.storage.grants import list_family_grants, list_grants
from services.campaigns.storage.receipts import list_receipts_of_days
from services.campaigns.storage.usage import Usage, list_usage, list_withheld

# A member, or None for a receipt without one; and a campaign family.
Group = tuple[UUID | None, str]


@dataclass(slots=True)
class FamilyWork:
    """One group to be judged: its state, days and case; `used` are stored uses by grant."""

    state: FamilyState
    days: set[date]
    case: Case
    used: dict[UUID, dict[UUID, int]]
    judgement: Judgement = field(default_factory=lambda: Judgement((), (), ()))


async def load_families(
    session: AsyncSession,
    scene: Scene,
    touched: dict[Group, set[date]],
    usage: Iterable[Usage],
) -> list[FamilyWork]:
    """The groups with every day that must be judged with the touched ones, in a fixed order.

    `usage` are the stored uses of the scene's receipts. Three to five statements for them all.
    """
    states = await _read_states(session, scene, touched, usage)
    return await _prepare(session, scene, states, touched)


async def _read_states(
    session: AsyncSession,
    scene: Scene,
    touched: dict[Group, set[date]],
    usage: Iterable[Usage],
) -> dict[Group, FamilyState]:
    of_members = [(party, family) for party, family in touched if party is not None]
    grants: dict[Group, list[Grant]] = {}
    for grant in await list_family_grants(session, scene.program_id, of_members):
        grants.setdefault((grant.member_id, grant.family or ""), []).append(grant)
    of_nobody = [u.grant_id for u in usage if u.party is None]
    if of_nobody:
        for grant in await list_grants(session, scene.program_id, of_nobody):
            grants.setdefault((None, grant.family or ""), []).append(grant)
    withheld = await list_withheld(session, scene.program_id, of_members)
    return {
        (party, family): FamilyState(
            party,
            scene.handbook.rules.families.get(family, ()),
            grants.get((party, family), []),
            withheld.get((party, family), []) if party is not None else [],
        )
        for party, family in touched
    }


async def _prepare(
    session: AsyncSession,
    scene: Scene,
    states: dict[Group, FamilyState],
    touched: dict[Group, set[date]],
) -> list[FamilyWork]:
    days = {group: days_to_judge(states[group], touched[group]) for group in states}
    named = {
        receipt_id
        for group, state in states.items()
        for grant in state.grants
        if grant.net > 0 and grant.local_day in days[group]
        for receipt_id in grant.receipt_ids
    }
    member_days = {(party, day) for (party, _), found in days.items() if party for day in found}
    pool = await list_receipts_of_days(session, scene.program_id, sorted(member_days), list(named))
    receipts = [r for r in map(as_receipt, pool) if r is not None]
    older = [r.receipt_id for r in receipts if r.receipt_id not in scene.fresh]
    owner: dict[tuple[UUID, str], UUID | None] = {}
    used: dict[UUID, dict[UUID, int]] = {}
    for use in await list_usage(session, scene.program_id, older):
        owner[use.receipt_id, use.family] = use.party
        used.setdefault(use.grant_id, {})[use.receipt_id] = use.amount_minor
    by_party: dict[UUID | None, list[Receipt]] = {}
    for receipt in receipts:
        by_party.setdefault(receipt.member_id, []).append(receipt)
    by_id = {r.receipt_id: r for r in receipts}
    works = []
    for (party, family), state in sorted(states.items(), key=lambda s: (str(s[0][0]), s[0][1])):
        found = days[party, family]
        mine = _receipts_of(party, family, state, found, by_party, by_id, owner)
        case = case_of(state, found, mine, scene.handbook.rules.versions)
        works.append(FamilyWork(state, found, case, used))
    return works


def _receipts_of(
    party: UUID | None,
    family: str,
    state: FamilyState,
    days: set[date],
    by_party: dict[UUID | None, list[Receipt]],
    by_id: dict[UUID, Receipt],
    owner: dict[tuple[UUID, str], UUID | None],
) -> list[Receipt]:
    """The party's receipts of these days, and those shown at a desk, unless another party of the
    family uses them."""
    mine = {
        r.receipt_id: r
        for r in by_party.get(party, ())
        if party is not None and r.local_day in days
    }
    for grant in state.grants:
        if grant.net > 0 and grant.local_day in days:
            mine |= {i: by_id[i] for i in grant.receipt_ids if i in by_id}
    return [r for i, r in mine.items() if owner.get((i, family), party) == party]

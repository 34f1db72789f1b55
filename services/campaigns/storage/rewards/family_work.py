"""What is stored of parties and families, made ready to be judged."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.settlement import FamilyState, case_of, days_to_judge
from services.campaigns.domain.rewards.spending import Case, Judgement
from services.campaigns.storage.receipts.day_pool import DayPool, read_days
from services.campaigns.storage.rewards.decisions import Scene
from services.campaigns.storage.rewards.grants import list_family_grants, list_grants
from services.campaigns.storage.rewards.usage import Usage, list_desk_uses, list_withheld

# A member, or None for a receipt without one; and a campaign family.
Group = tuple[UUID | None, str]


@dataclass(slots=True)
class FamilyWork:
    """One group to be judged: its state, days and case."""

    state: FamilyState
    days: set[date]
    case: Case
    judgement: Judgement = field(default_factory=lambda: Judgement((), (), ()))


async def load_families(
    session: AsyncSession,
    scene: Scene,
    touched: dict[Group, set[date]],
    usage: Iterable[Usage],
    pool: DayPool,
) -> list[FamilyWork]:
    """The groups with every day that must be judged with the touched ones, in a fixed order.

    `usage` are the stored uses of the scene's receipts; `pool` is read on as far as needed. Two to
    five statements for them all.
    """
    states = await _read_states(session, scene, touched, usage)
    return await _prepare(session, scene, states, touched, pool)


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
    pool: DayPool,
) -> list[FamilyWork]:
    days = {group: days_to_judge(states[group], touched[group]) for group in states}
    shown = {group: _shown(states[group], days[group]) for group in states}
    member_days = {(party, day) for (party, _), found in days.items() if party for day in found}
    await read_days(
        session, scene.program_id, pool, member_days, {i for ids in shown.values() for i in ids}
    )
    mine = {
        (party, family): _receipts_of(party, found, shown[party, family], pool)
        for (party, family), found in days.items()
    }
    older = {i for found in mine.values() for i in found if i not in scene.fresh}
    owner: dict[tuple[UUID, str], UUID | None] = {}
    for use in await list_desk_uses(session, scene.program_id, list(older)):
        owner[use.receipt_id, use.family] = use.party
    works = []
    for (party, family), state in sorted(states.items(), key=lambda s: (str(s[0][0]), s[0][1])):
        found = days[party, family]
        # What another party of the family uses is not theirs to use.
        receipts = [
            r for i, r in mine[party, family].items() if owner.get((i, family), party) == party
        ]
        case = case_of(state, found, receipts, scene.handbook.rules.versions)
        works.append(FamilyWork(state, found, case))
    return works


def _shown(state: FamilyState, days: set[date]) -> set[UUID]:
    """The receipts behind living grants of these days, such as those shown at a desk."""
    return {
        receipt_id
        for grant in state.grants
        if grant.net > 0 and grant.local_day in days
        for receipt_id in grant.receipt_ids
    }


def _receipts_of(
    party: UUID | None, days: set[date], shown: set[UUID], pool: DayPool
) -> dict[UUID, Receipt]:
    """The party's receipts of these days, and those shown, whoever uses them."""
    mine: dict[UUID, Receipt] = {}
    if party is not None:
        mine = {r.receipt_id: r for day in days for r in pool.by_day[party, day]}
    return mine | {i: pool.receipts[i] for i in shown if i in pool.receipts}

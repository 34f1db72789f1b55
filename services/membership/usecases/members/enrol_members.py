"""Make members of people, by phone: the same phone is the same member, always."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.directory.errors import MallUnknown
from services.membership.domain.members.members import Enrolled, EnrolWanted, joined_at
from services.membership.domain.members.phones import normalise_phone
from services.membership.domain.members.sealing import (
    KEY_BYTES,
    NONCE_BYTES,
    ProgramKeys,
    blind_index,
    seal,
)
from services.membership.storage.directory.scopes import find_malls_by_code
from services.membership.storage.members.member_news import member_enrolled
from services.membership.storage.members.members import (
    IdentityRow,
    MemberRow,
    claim_identities,
    find_members_by_index,
    insert_members,
    list_members_by_id,
)
from services.membership.storage.programs.programs import get_program
from services.membership.storage.tiers.tier_schemes import get_schemes
from services.membership.storage.tiers.tiers import insert_first_tiers
from shared.errors import DomainError, Invariant
from shared.ids import new_bytes, new_id, new_member_number
from shared.outbox import News, tell

_NUMBER_TRIES_MAX = 5
_ITEMS_BETWEEN_PAUSES = 100


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A valid item. Sealed with the key of the member that it becomes, if it becomes one."""

    wanted: EnrolWanted
    phone: str
    index: bytes
    enrolled_at: datetime
    home_mall_id: UUID | None


async def enrol_members(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    keys: ProgramKeys,
    wanted: Sequence[EnrolWanted],
    new_number: Callable[[], str] = new_member_number,
) -> list[Enrolled | DomainError]:
    """One answer an item, in order: the member, new or known, or why not.

    Of many that bring the same phone, at once or in one batch, one makes the member and all get
    it. Raises `TierSchemeMissing` for all.
    """
    region = (await get_program(session, program_id)).region
    base = (await get_schemes(session, program_id))[0].tiers[0].code
    malls = await find_malls_by_code(
        session, program_id, {w.home_mall for w in wanted if w.home_mall is not None}
    )
    checked = await _check(wanted, now, region, malls, keys)
    by_index: dict[bytes, _Candidate] = {}
    for item in checked:
        if isinstance(item, _Candidate):
            by_index.setdefault(item.index, item)
    owners = await find_members_by_index(session, program_id, "phone", list(by_index))
    fresh = [candidate for index, candidate in by_index.items() if index not in owners]
    made = await _make(session, now, program_id, keys, fresh, base, new_number)
    owners |= {candidate.index: row.member_id for candidate, row in made}
    lost = list(by_index.keys() - owners.keys())
    if lost:  # Others claimed these phones meanwhile; by now they have committed.
        owners |= await find_members_by_index(session, program_id, "phone", lost)
    members = await list_members_by_id(session, program_id, list(owners.values()))
    answers = _answers(checked, owners, members, {row.member_id for _, row in made})
    await tell(session, _news(program_id, now, made, base))
    return answers


async def _check(
    wanted: Sequence[EnrolWanted],
    now: datetime,
    region: str,
    malls: Mapping[str, UUID],
    keys: ProgramKeys,
) -> list[_Candidate | DomainError]:
    checked: list[_Candidate | DomainError] = []
    for place, item in enumerate(wanted):
        if place % _ITEMS_BETWEEN_PAUSES == 0:
            await asyncio.sleep(0)  # A thousand phones take the loop 20 ms: others go between.
        try:
            if item.home_mall is not None and item.home_mall not in malls:
                raise MallUnknown("No mall has this code.", mall=item.home_mall)
            phone = normalise_phone(item.phone, region)
            checked.append(
                _Candidate(
                    item,
                    phone,
                    blind_index(keys.index, "phone", phone),
                    joined_at(item, now),
                    None if item.home_mall is None else malls[item.home_mall],
                )
            )
        except DomainError as error:
            checked.append(error)
    return checked


async def _make(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    keys: ProgramKeys,
    candidates: Sequence[_Candidate],
    base_tier: str,
    new_number: Callable[[], str],
) -> list[tuple[_Candidate, MemberRow]]:
    """Claim the phones, then make members of those whose claim succeeded."""
    if not candidates:
        return []
    drafts = [_draft(candidate, keys, new_number) for candidate in candidates]
    won = await claim_identities(session, program_id, [identity for _, identity in drafts], now)
    made = [
        (candidate, row)
        for candidate, (row, identity) in zip(candidates, drafts, strict=True)
        if identity.identity_id in won
    ]
    made = await _insert(session, now, program_id, made, new_number)
    await insert_first_tiers(
        session, program_id, base_tier, {row.member_id: row.enrolled_at for _, row in made}
    )
    return made


def _draft(
    candidate: _Candidate, keys: ProgramKeys, new_number: Callable[[], str]
) -> tuple[MemberRow, IdentityRow]:
    wanted, member_id, key = candidate.wanted, new_id(), new_bytes(KEY_BYTES)

    def sealed(field: str, text: str | None) -> bytes | None:
        if text is None:
            return None
        return seal(key, new_bytes(NONCE_BYTES), text.encode(), f"{member_id} {field}")

    phone = sealed("phone", candidate.phone)
    assert phone is not None
    row = MemberRow(
        member_id=member_id,
        member_number=new_number(),
        channel=wanted.channel,
        locale=wanted.locale,
        home_mall_id=candidate.home_mall_id,
        enrolled_at=candidate.enrolled_at,
        key_sealed=seal(keys.wrapping, new_bytes(NONCE_BYTES), key, f"{member_id} key"),
        name_sealed=sealed("name", wanted.name),
        birthday_sealed=sealed(
            "birthday", wanted.birthday.isoformat() if wanted.birthday else None
        ),
    )
    return row, IdentityRow(new_id(), member_id, "phone", candidate.index, phone, None)


async def _insert(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    made: list[tuple[_Candidate, MemberRow]],
    new_number: Callable[[], str],
) -> list[tuple[_Candidate, MemberRow]]:
    """Store the rows; a member number that is taken is drawn anew."""
    stored: list[tuple[_Candidate, MemberRow]] = []
    for _ in range(_NUMBER_TRIES_MAX):
        done = await insert_members(session, program_id, [row for _, row in made], now)
        stored += [pair for pair in made if pair[1].member_id in done]
        made = [
            (candidate, replace(row, member_number=new_number()))
            for candidate, row in made
            if row.member_id not in done
        ]
        if not made:
            return stored
    raise Invariant(f"{len(made)} member numbers were taken {_NUMBER_TRIES_MAX} times in a row")


def _answers(
    checked: Sequence[_Candidate | DomainError],
    owners: Mapping[bytes, UUID],
    members: Mapping[UUID, tuple[str, datetime, str]],
    made: set[UUID],
) -> list[Enrolled | DomainError]:
    answers: list[Enrolled | DomainError] = []
    told_new: set[UUID] = set()
    for item in checked:
        if isinstance(item, DomainError):
            answers.append(item)
            continue
        member_id = owners[item.index]
        is_new = member_id in made and member_id not in told_new
        told_new.add(member_id)
        answers.append(Enrolled(member_id, *members[member_id], is_new))
    return answers


def _news(
    program_id: UUID,
    now: datetime,
    made: Sequence[tuple[_Candidate, MemberRow]],
    base_tier: str,
) -> list[News]:
    return [
        News(
            member_enrolled(
                program_id,
                row.member_id,
                row.member_number,
                row.enrolled_at,
                row.channel,
                row.locale,
                row.home_mall_id,
                base_tier,
            ),
            now,
        )
        for _, row in made
    ]

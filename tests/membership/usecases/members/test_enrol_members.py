"""Enrolment under races and collisions."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.domain.members.errors import PhoneInvalid
from services.membership.domain.members.members import Enrolled, EnrolWanted
from services.membership.queries.invariants import check_invariants
from services.membership.queries.members.members import find_member
from services.membership.usecases.members.enrol_members import enrol_members
from shared.db import transaction
from shared.errors import Invariant
from shared.ids import new_member_number
from tests.membership.world import World


async def test_thirty_two_desks_enrol_the_same_phone_at_once_and_get_one_member(
    world: World, wide_engine: AsyncEngine
) -> None:
    keys = world.settings.program_keys(world.program_id)
    wanted = [EnrolWanted("13800138000", "store")]

    async def desk() -> Enrolled:
        async with transaction(wide_engine) as session:
            (answer,) = await enrol_members(session, world.clock(), world.program_id, keys, wanted)
        assert isinstance(answer, Enrolled)
        return answer

    answers = await asyncio.gather(*(desk() for _ in range(32)))
    assert len({answer.member_id for answer in answers}) == 1
    assert len({answer.member_number for answer in answers}) == 1
    assert sum(answer.is_new for answer in answers) == 1
    async with transaction(wide_engine) as session:
        assert not any((await check_invariants(session)).values())


@dataclass
class Numbers:
    """Draws these numbers first, then real ones."""

    first: list[str]

    def __call__(self) -> str:
        return self.first.pop(0) if self.first else new_member_number()


async def test_a_member_number_that_is_taken_is_drawn_anew(world: World) -> None:
    taken = (await world.enrol_one()).member_number
    keys = world.settings.program_keys(world.program_id)
    wanted = [EnrolWanted("13800138001", "store"), EnrolWanted("13800138002", "store")]
    async with transaction(world.engine) as session:
        answers = await enrol_members(
            session, world.clock(), world.program_id, keys, wanted, Numbers([taken, taken])
        )
    numbers = {answer.member_number for answer in answers if isinstance(answer, Enrolled)}
    assert len(numbers - {taken}) == 2


async def test_numbers_that_never_come_free_stop_the_enrolment(world: World) -> None:
    taken = (await world.enrol_one()).member_number
    keys = world.settings.program_keys(world.program_id)
    with pytest.raises(Invariant):
        async with transaction(world.engine) as session:
            await enrol_members(
                session,
                world.clock(),
                world.program_id,
                keys,
                [EnrolWanted("13800138001", "store")],
                lambda: taken,
            )


async def test_each_member_has_a_key_of_their_own_and_the_record_opens_with_it(
    world: World,
) -> None:
    (wang, bad, li) = await world.enrol(
        EnrolWanted("13800138000", "app", name="王小明"),
        EnrolWanted("0", "app"),
        EnrolWanted("13800138001", "app", name="李雷"),
    )
    assert isinstance(bad, PhoneInvalid)
    keys = world.settings.program_keys(world.program_id)
    async with transaction(world.engine) as session:
        names = {}
        for member in (wang, li):
            view = await find_member(session, world.program_id, keys, member.member_id)
            assert view is not None
            names[view.phone] = view.name
            assert "王小明" not in repr(view)
            assert "13800138000" not in repr(view)
    assert names == {"+8613800138000": "王小明", "+8613800138001": "李雷"}


async def test_the_same_phone_in_two_programmes_is_two_members_nobody_can_link(
    world: World, other_world: World
) -> None:
    here, there = await world.enrol_one(), await other_world.enrol_one()
    assert here.member_id != there.member_id
    async with transaction(world.engine) as session:
        rows: list[bytes] = []
        for program_id in (world.program_id, other_world.program_id):
            rows.append(await _index(session, program_id))
    assert rows[0] != rows[1]


async def _index(session: object, program_id: UUID) -> bytes:
    from shared.db import driver

    connection = await driver(session)  # type: ignore[arg-type]
    index: bytes = await connection.fetchval(
        "SELECT value_index FROM member_identity WHERE program_id = $1", program_id
    )
    return index

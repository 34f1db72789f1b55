"""In the night what has ended goes: in order, once, and whatever was promised stays."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.lots import LotTerms, OpenLot, available_points, spending_order
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from services.points.usecases.expiry.run_night import NightRules, run_night
from shared.db import transaction
from shared.ids import new_id
from shared.schedule import Job, work_off
from tests.points.mall import Mall
from tests.points.nights import begin, given, last_night, pass_night, step
from tests.points.nights import lots as lots_of

DAY = timedelta(days=1)


async def spend(mall: Mall, member_id: UUID, points: int) -> None:
    answer = await mall.adjust(member_id, -points, f"spend-{next(mall.numbers)}")
    assert answer.status_code == 201, answer.text


async def hold(mall: Mall, member_id: UUID, points: int, ends_in: timedelta = 30 * DAY) -> None:
    """An open hold, as a till would make one."""
    await mall.execute(
        "INSERT INTO hold (program_id, hold_id, account_id, kind, status, points, reference, "
        "made_by, expires_at, recorded_at) VALUES (:p, :h, :a, 'payment', 'open', :n, 'r', 't', "
        ":e, :now)",
        h=new_id(),
        a=member_id,
        n=points,
        e=mall.clock() + ends_in,
        now=mall.clock(),
    )
    await mall.execute(
        "UPDATE account SET held = held + :n WHERE program_id = :p AND account_id = :a",
        n=points,
        a=member_id,
    )


async def test_s_1d_what_ended_goes_and_what_never_ends_stays(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    await given(mall, member_id, 40, None)
    night = await pass_night(mall)
    assert (night.step, night.expired_accounts, night.expired_points) == ("done", 1, 100)
    assert await mall.balance(member_id) == 40
    assert await lots_of(mall, member_id) == [0, 40]


async def test_s_5_what_is_left_of_it_goes_and_a_second_night_finds_nothing(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 150, DAY / 8)
    await spend(mall, member_id, 50)
    assert (await pass_night(mall)).expired_points == 100
    assert await mall.balance(member_id) == 0
    assert await begin(mall) == 0
    assert await step(mall) == 0
    assert (await pass_night(mall)).expired_points == 0
    kinds = await mall.rows(
        "SELECT kind, points FROM posting WHERE program_id = :p AND account_id = :a "
        "ORDER BY version",
        a=member_id,
    )
    assert kinds == [("adjustment", 150), ("adjustment", -50), ("expire", -100)]


async def test_s_5_points_that_end_exactly_at_midnight_go_in_that_night(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    midnight = mall.clock().replace(hour=16)  # In Shanghai.
    await given(mall, member_id, 10, midnight - mall.clock())
    await given(mall, other, 20, midnight - mall.clock() + timedelta(microseconds=1))
    await pass_night(mall, hours=4)
    assert await mall.balance(member_id) == 0
    assert await mall.balance(other) == 20


async def test_a_sale_ends_by_its_policy_in_the_night_of_its_mall(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await pass_night(mall, days=31, hours=3)  # Noon of 10 March, and the last day is 10 April.
    assert await mall.balance(member_id) == 100
    assert (await pass_night(mall, hours=1)).expired_points == 100
    answer = await mall.get(f"/v1/members/{member_id}/postings/2", member_id)
    explained = answer.json()
    assert explained["counter_account"] == "expiry"
    assert explained["takes"] == [{"lot_version": 1, "points": 100}]
    assert explained["sentences"]["en"] == "100 points ended; their last day was 2026-04-10."
    assert explained["sentences"]["zh-CN"] == "100积分已到期，最后可用日为2026-04-10。"


async def test_what_a_hold_keeps_does_not_end_and_the_rest_does(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 30, DAY / 12)
    await given(mall, member_id, 50, DAY / 8)
    await given(mall, member_id, 20, None)
    await hold(mall, member_id, 45)
    assert (await pass_night(mall)).expired_points == 35
    assert await lots_of(mall, member_id) == [30, 15, 20]
    assert (await pass_night(mall)).expired_points == 0
    [reason] = await mall.rows(
        "SELECT reason FROM posting WHERE program_id = :p AND account_id = :a AND kind = 'expire'",
        a=member_id,
    )
    assert (reason[0]["lots"], reason[0]["kept_for_holds"]) == (1, 45)


async def test_a_hold_that_ran_out_while_its_account_was_busy_keeps_nothing(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    mall.clock.advance(days=1)
    await begin(mall)
    assert [await step(mall), await step(mall)] == [1, 1]
    await hold(mall, member_id, 60, -DAY / 2)
    assert (await pass_night(mall, hours=0)).expired_points == 100
    await mall.execute("UPDATE hold SET status = 'expired' WHERE program_id = :p")
    await mall.execute("UPDATE account SET held = 0 WHERE program_id = :p")


async def test_a_hold_that_ran_out_keeps_nothing(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    await hold(mall, member_id, 60, DAY / 8)
    night = await pass_night(mall)
    assert (night.released, night.expired_points) == (1, 100)
    assert await mall.balance(member_id) == 0


async def test_v_5_pending_points_become_good_before_anything_ends(mall: Mall) -> None:
    member_id, late = await mall.enrol(), await mall.enrol()
    now = mall.clock()
    await given(mall, member_id, 70, 2 * DAY, state="pending", activates_at=now + DAY / 8)
    await given(mall, member_id, 30, DAY / 8, state="pending", activates_at=now + DAY / 12)
    await given(mall, late, 50, DAY / 8, state="pending")
    night = await pass_night(mall)
    assert (night.activated, night.expired_points) == (2, 80)
    assert await lots_of(mall, member_id) == [70, 0]
    changes = await mall.rows(
        "SELECT lot_version, kind, reason ->> 'rule' FROM lot_change WHERE program_id = :p "
        "ORDER BY lot_version"
    )
    assert changes == [(1, "activated", "time_has_come"), (2, "activated", "time_has_come")]
    assert await mall.balance(late) == 0


async def test_what_is_frozen_waits_for_its_case(mall: Mall) -> None:
    frozen, member_id = await mall.enrol(), await mall.enrol()
    await given(mall, frozen, 100, DAY / 8)
    await mall.execute(
        "UPDATE account SET frozen_case = :c WHERE program_id = :p AND account_id = :a",
        c=new_id(),
        a=frozen,
    )
    await given(mall, member_id, 10, DAY / 8, frozen_case=new_id())
    await given(mall, member_id, 5, DAY / 8)
    assert (await pass_night(mall)).expired_points == 5
    await mall.execute("UPDATE lot SET frozen_case = NULL WHERE program_id = :p")
    await mall.execute("UPDATE account SET frozen_case = NULL WHERE program_id = :p")
    assert (await pass_night(mall)).expired_points == 110


@pytest.mark.parametrize("chunk", [1, 2, 100])
async def test_a_night_of_many_members_is_the_same_in_chunks_of_any_size(
    mall: Mall, chunk: int
) -> None:
    members = [await mall.enrol() for _ in range(5)]
    for number, member_id in enumerate(members):
        await given(mall, member_id, 10 + number, DAY / 12)
        await given(mall, member_id, 1, DAY / 8)
        await given(mall, member_id, 7, 2 * DAY)
    night = await pass_night(mall, NightRules(chunk_accounts=chunk))
    assert (night.expired_accounts, night.expired_points) == (5, 65)
    assert {await mall.balance(member_id) for member_id in members} == {7}
    assert await mall.rows("SELECT 1 FROM night_chunk WHERE program_id = :p") == []


async def test_nights_that_nobody_worked_are_made_up_for_by_the_next(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 10, DAY)
    await given(mall, member_id, 20, 3 * DAY)
    assert (await pass_night(mall, days=10)).expired_points == 30
    assert len(await mall.rows("SELECT 1 FROM night_run WHERE program_id = :p")) == 1


async def test_a_night_left_in_the_middle_is_ended_before_the_next(mall: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 10, DAY / 8)
    mall.clock.advance(days=1)
    await begin(mall)
    await step(mall)
    await given(mall, member_id, 20, DAY / 8)
    assert (await pass_night(mall)).expired_points == 20
    steps = await mall.rows(
        "SELECT step, expired_points FROM night_run WHERE program_id = :p ORDER BY due_at"
    )
    assert steps == [("done", 10), ("done", 20)]


async def test_malls_in_two_zones_have_nights_of_their_own(mall: Mall) -> None:
    await mall.open_shop(shop_id=new_id(), mall_id=new_id(), time_zone="Asia/Tokyo", code="shop-2")
    member_id = await mall.enrol()
    midnight = mall.clock().replace(hour=15)
    await given(mall, member_id, 10, midnight - mall.clock())
    await begin(mall)
    assert (await pass_night(mall, hours=3)).expired_points == 10
    nights = await mall.rows(
        "SELECT time_zone, night_on::text FROM night_run WHERE program_id = :p ORDER BY due_at"
    )
    assert nights == [
        ("Asia/Tokyo", "2026-03-10"),
        ("Asia/Shanghai", "2026-03-10"),
        ("Asia/Tokyo", "2026-03-11"),
    ]
    assert (await last_night(mall)).step == "done"


async def test_members_spend_while_two_processes_work_the_night(mall: Mall, twin: Mall) -> None:
    members = [await mall.enrol() for _ in range(12)]
    for member_id in members:
        await given(mall, member_id, 100, DAY / 8)
        await given(mall, member_id, 60, 5 * DAY)
    mall.clock.advance(days=1)
    await begin(mall)

    async def night(through: Mall) -> None:
        for _ in range(200):
            await step(through, NightRules(chunk_accounts=2))
            if (await last_night(through)).step == "done":
                return

    async def shop(member_id: UUID) -> None:
        for _ in range(3):
            await spend(mall, member_id, 20)

    await asyncio.gather(night(mall), night(twin), *(shop(member_id) for member_id in members))
    found = await last_night(mall)
    assert (found.step, found.expired_points) == ("done", 1_200)
    assert {await mall.balance(member_id) for member_id in members} == {0}


async def test_one_account_is_not_skipped_because_somebody_holds_it(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    await given(mall, member_id, 100, DAY / 8)
    mall.clock.advance(days=1)
    await begin(mall)
    async with transaction(twin.engine) as session:
        await lock_accounts(session, mall.program_id, {member_id})
        working = asyncio.create_task(pass_night(mall, hours=0))
        while not await mall.rows(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()"
        ):
            assert not working.done()
    assert (await working).expired_points == 100


async def test_two_processes_of_two_workers_do_each_chunk_once(mall: Mall, twin: Mall) -> None:
    members = [await mall.enrol() for _ in range(24)]
    for member_id in members:
        await given(mall, member_id, 100, DAY / 8)
        await given(mall, member_id, 60, 5 * DAY)
    mall.clock.advance(days=1)
    await begin(mall)
    done: list[int] = []

    async def step(session: AsyncSession, now: datetime) -> int:
        done.append(await run_night(session, now, NightRules(chunk_accounts=2), mall.program_id))
        return done[-1]

    night = Job("night", DAY, step, once_a_period=False, workers=2)
    while (await last_night(mall)).step != "done":
        await asyncio.gather(
            *(work_off(m.engine, night, mall.clock, asyncio.Event()) for m in (mall, twin))
        )
    found = await last_night(mall)
    assert (found.expired_accounts, found.expired_points, found.reminded) == (24, 2_400, 24)
    assert done.count(2) == 12 + 12, "chunks that end points, and chunks that remind"
    [ends, reminders] = await mall.rows(
        "SELECT min(id), max(id), count(*) FROM outbox WHERE program_id = :p AND (type = "
        "'points.expiring_soon.v1' OR data::json ->> 'kind' = 'expire') GROUP BY type ORDER BY 1"
    )
    assert (ends[2], reminders[2]) == (24, 24)
    assert ends[1] < reminders[0], "nobody is reminded before all that ended is gone"
    assert {await mall.balance(member_id) for member_id in members} == {60}


def left_after(lots: list[OpenLot], held: int, due: datetime) -> list[int]:
    """The rule in a few plain lines: what is left of each lot, in their order."""
    left = {lot.version: lot.remaining for lot in lots}
    for lot in sorted(lots, key=spending_order):
        if not lot.is_expired(due) or lot.frozen_case is not None:
            continue
        kept = 0 if lot.terms.pending else min(held, lot.remaining)
        held -= kept
        left[lot.version] = kept
    return [left[lot.version] for lot in lots]


async def test_any_mix_of_lots_and_holds_ends_by_the_rule_and_takes_nothing_that_could_be_spent(
    mall: Mall,
) -> None:
    random = Random(20_260_310)
    midnight = mall.clock().replace(hour=16)
    wanted: dict[UUID, list[int]] = {}
    spendable: dict[UUID, int] = {}
    for _ in range(25):
        member_id = await mall.enrol()
        lots: list[OpenLot] = []
        for _ in range(random.randrange(1, 6)):
            ends_in = random.choice([None, *(DAY * n / 24 for n in (1, 3, 4, 5, 90))])
            case = random.choice([None, None, None, new_id()])
            pending = random.random() < 0.2
            points = random.randrange(1, 100)
            state = "pending" if pending else "active"
            version = await given(mall, member_id, points, ends_in, state=state, frozen_case=case)
            ends_at = None if ends_in is None else mall.clock() + ends_in
            terms = LotTerms(expires_at=ends_at, pending=pending)
            lots.append(OpenLot(version, points, new_id(), terms, case))
        balance = sum(lot.remaining for lot in lots)
        held = random.randrange(balance + 1)
        if held:
            await hold(mall, member_id, held)
        wanted[member_id] = left_after(lots, held, midnight)
        spendable[member_id] = available_points(lots, balance, held, midnight)
    await pass_night(mall, hours=4, minutes=30)
    for member_id, left in wanted.items():
        assert await lots_of(mall, member_id) == left
        async with transaction(mall.engine) as session:
            accounts = await lock_accounts(session, mall.program_id, {member_id})
            await load_lots(session, mall.program_id, accounts)
        assert accounts[member_id].available(midnight) == spendable[member_id]
    await mall.execute("UPDATE lot SET frozen_case = NULL WHERE program_id = :p")

"""What members, tills, staff and jobs do, each as one request that can be sent again.

A flow is prepared on a mall and returns what is asked: of any process of that mall, as often as
wanted, the same each time.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.points.usecases.accounting.write_export import write_export
from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from services.points.usecases.members.expire_transfers import expire_transfers
from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.db import transaction
from shared.errors import Unavailable
from tests.points.exporting import ask_ledger
from tests.points.importing import begin as begin_import
from tests.points.importing import lines_of, post, put_part, told_of, work_step, work_until_rest
from tests.points.mall import Mall
from tests.points.members import (
    freeze,
    join_pool,
    merge,
    merged,
    offer,
    offered,
    opened_pool,
    put_in_pool,
    spend_from_pool,
    thaw,
    undo,
)
from tests.points.nights import end_lots
from tests.points.spending import ask as ask_till
from tests.points.spending import held, member_with, redeem, set_redemption_policy
from tests.points.wallets_at_hand import give_stars, member_with_stars, redeem_stars, state_stars
from tests.support.tokens import staff_headers

Ask = Callable[[Mall], Awaitable[Any]]
Prepare = Callable[[Mall], Awaitable[Ask]]
WHY = {"reason_code": "x", "note": "x"}


@dataclass(frozen=True)
class Done:
    """What a job's step answers."""

    status_code: int
    text: str


def job(step: Callable[..., Awaitable[Any]]) -> Ask:
    """A job's step, until there is nothing left for it: it has no reply that could be lost."""

    async def work(mall: Mall) -> Done:
        try:
            while True:
                async with transaction(mall.engine) as session:
                    if not await step(session, mall.clock()):
                        return Done(200, "done")
        except Unavailable as error:
            return Done(503, str(error))

    return work


async def _release(mall: Mall) -> Ask:
    hold_id = await held(mall, await member_with(mall, 100), 60)
    return lambda door: ask_till(door, "hold-releases", {"hold_id": hold_id})


async def _redeem_and_refund(mall: Mall) -> Ask:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    sale, member_id = mall.sale(10_000), await member_with(mall, 100)
    assert (await redeem(mall, sale, member_id, 60)).status_code == 201
    assert (await mall.push(sale)).status_code == 201
    refund = mall.refund(sale, (1, 5_000))
    return lambda door: door.push(refund)


async def _offer(mall: Mall) -> Ask:
    giver, receiver = await member_with(mall, 100), await mall.enrol()
    return lambda door: offer(door, giver, receiver, 60)


def _close_offer(how: str) -> Prepare:
    async def prepare(mall: Mall) -> Ask:
        giver, receiver = await member_with(mall, 100), await mall.enrol()
        transfer_id = await offered(mall, giver, receiver, 60)
        who = giver if how == "cancellation" else receiver
        path = f"/v1/members/{who}/transfers/{transfer_id}/{how}"
        return lambda door: door.post(path, None, who)

    return prepare


async def _offer_ends(mall: Mall) -> Ask:
    giver, receiver = await member_with(mall, 100), await mall.enrol()
    await offered(mall, giver, receiver, 60)
    mall.clock.advance(days=8)
    return job(expire_transfers)


async def _pool(mall: Mall) -> tuple[str, UUID, UUID]:
    owner, other = await member_with(mall, 100), await member_with(mall, 100)
    pool_id = await opened_pool(mall, owner)
    await join_pool(mall, pool_id, owner, other)
    await put_in_pool(mall, pool_id, owner, 50)
    await put_in_pool(mall, pool_id, other, 50)
    return pool_id, owner, other


async def _open_pool(mall: Mall) -> Ask:
    owner = await member_with(mall, 100)
    return lambda door: door.post(f"/v1/members/{owner}/pools", {"name": "Wang"}, owner, "k")


async def _contribute(mall: Mall) -> Ask:
    pool_id, owner, _ = await _pool(mall)
    path = f"/v1/pools/{pool_id}/contributions"
    return lambda door: door.post(path, {"points": 20}, owner, "again")


async def _spend_from_pool(mall: Mall) -> Ask:
    pool_id, _, other = await _pool(mall)
    return lambda door: spend_from_pool(door, pool_id, other, 70)


async def _thaw(mall: Mall) -> Ask:
    member_id = await member_with(mall, 100)
    case_id = (await freeze(mall, member_id)).json()["case_id"]
    return lambda door: thaw(door, member_id, case_id)


async def _freeze(mall: Mall) -> Ask:
    member_id = await member_with(mall, 100)
    return lambda door: freeze(door, member_id, lot_version=1)


async def _merge(mall: Mall) -> Ask:
    from_, into = await member_with(mall, 100), await member_with(mall, 50)
    return lambda door: merge(door, from_, into)


async def _undo_merge(mall: Mall) -> Ask:
    made = await merged(mall, await member_with(mall, 100), await member_with(mall, 50))
    return lambda door: undo(door, made)


async def _adjust(mall: Mall) -> Ask:
    member_id = await mall.enrol()
    return lambda door: door.adjust(member_id, 60, "k")


async def _approve(mall: Mall) -> Ask:
    member_id = await mall.enrol()
    asked = await mall.adjust(member_id, 20_000, "k")
    assert asked.status_code == 202, asked.text
    path = f"/v1/adjustments/{asked.json()['adjustment_id']}/approval"

    async def approve(door: Mall) -> Any:
        headers = staff_headers(door.clock, door.program_id, subject="staff-2")
        return await door.client.post(path, json={"note": "x"}, headers=headers)

    return approve


async def _write_off(mall: Mall) -> Ask:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    await mall.adjust(member_id, -100, "spent")
    await mall.push(mall.refund(sale))
    path = f"/v1/members/{member_id}/debt-write-offs"
    return lambda door: door.post(path, {**WHY, "points": 40}, None, "k")


async def _give_stars(mall: Mall) -> Ask:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 20), await mall.enrol()
    return lambda door: give_stars(door, giver, receiver, 12, key="k")


async def _redeem_stars(mall: Mall) -> Ask:
    await state_stars(mall)
    member_id = await member_with_stars(mall, 20)
    return lambda door: redeem_stars(door, member_id, 12, key="k")


async def _activity(mall: Mall) -> Ask:
    since = (mall.clock() - timedelta(days=9)).isoformat()
    rule = {"kind": "check_in", "points": 5, "effective_from": since}
    assert (await mall.post("/v1/activity-rules", rule)).status_code == 201
    body = {
        "member_id": str(await mall.enrol()),
        "kind": "check_in",
        "external_id": "e",
        "happened_at": mall.clock().isoformat(),
    }
    return lambda door: door.post("/v1/activities", body)


async def _activate(mall: Mall) -> Ask:
    await mall.set_policy(pending={"mode": "event", "event": "delivered"})
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    path = f"/v1/members/{member_id}/activation-events"
    return lambda door: door.post(path, {"event": "delivered"}, None, "k")


async def _change_ends(mall: Mall) -> Ask:
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 30})
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    body = {**WHY, "change": {"kind": "days", "amount": 5}}
    return lambda door: door.post(f"/v1/members/{member_id}/expiry-changes", body, None, "k")


async def _rows(mall: Mall) -> bytes:
    number = "SELECT min(member_number) FROM member_number WHERE program_id = :p"
    await mall.enrol()
    [(member_number,)] = await mall.rows(number)
    row = {"member_number": member_number, "points": 7, "earned_on": "2025-06-30"}
    return lines_of([{**row, "reference": f"old-{n}"} for n in range(5)])


async def _import_part(mall: Mall) -> Ask:
    content, address = await _rows(mall), await begin_import(mall)
    return lambda door: put_part(door, address, content)


def _import_step(wanted: str) -> Prepare:
    async def prepare(mall: Mall) -> Ask:
        content = await _rows(mall)
        address, agreed = await begin_import(mall, content), told_of(content, rows=5, points=35)
        if wanted == "check":
            return lambda door: post(door, f"{address}/checks", agreed)
        assert (await post(mall, f"{address}/checks", agreed)).status_code == 202
        assert (await work_until_rest(mall, address))["status"] == "checked"
        if wanted == "commit":
            return lambda door: post(door, f"{address}/commits", agreed)
        assert (await post(mall, f"{address}/commits", agreed)).status_code == 202

        async def work(door: Mall) -> Done:
            try:
                while await work_step(door, 2, 2):
                    pass
            except Unavailable as error:
                return Done(503, str(error))
            return Done(200, "done")

        return work

    return prepare


async def _export(mall: Mall) -> Ask:
    await member_with(mall, 100)
    await ask_ledger(mall)
    return job(lambda session, now: write_export(session, now, 1))


async def _night(mall: Mall) -> Ask:
    member_id = await member_with(mall, 100)
    await held(mall, await member_with(mall, 100), 60, ttl_seconds=60)
    await end_lots(mall, member_id, mall.clock())
    mall.clock.advance(days=1)
    async with transaction(mall.engine) as session:
        await begin_nights(session, mall.clock(), mall.program_id)
    return job(lambda session, now: run_night(session, now, NightRules(), mall.program_id))


async def _clear_holds(mall: Mall) -> Ask:
    await held(mall, await member_with(mall, 100), 60, ttl_seconds=60)
    mall.clock.advance(days=1)
    return job(expire_due_holds)


async def _leave_pool(mall: Mall) -> Ask:
    pool_id, _, other = await _pool(mall)
    path = f"/v1/pools/{pool_id}/departures"
    return lambda door: door.post(path, {"member_id": str(other)}, other)


async def _dissolve_pool(mall: Mall) -> Ask:
    pool_id, owner, _ = await _pool(mall)
    return lambda door: door.post(f"/v1/pools/{pool_id}/dissolution", None, owner)


FLOWS: Mapping[str, Prepare] = {
    "a hold is released": _release,
    "a receipt that points paid is refunded": _redeem_and_refund,
    "points are offered": _offer,
    "an offer is taken": _close_offer("acceptance"),
    "an offer is declined": _close_offer("refusal"),
    "an offer is taken back": _close_offer("cancellation"),
    "an offer ends": _offer_ends,
    "a pool is opened": _open_pool,
    "points go into a pool": _contribute,
    "a pool pays": _spend_from_pool,
    "a member leaves a pool": _leave_pool,
    "a pool is dissolved": _dissolve_pool,
    "a lot is frozen": _freeze,
    "an account is thawed": _thaw,
    "accounts are merged": _merge,
    "a merge is undone": _undo_merge,
    "points are adjusted": _adjust,
    "an adjustment is approved": _approve,
    "a debt is written off": _write_off,
    "stars are given": _give_stars,
    "stars are redeemed": _redeem_stars,
    "a deed is told": _activity,
    "what points wait for is told": _activate,
    "points last longer": _change_ends,
    "a part of an import is sent": _import_part,
    "an import is checked": _import_step("check"),
    "an import is committed": _import_step("commit"),
    "an import is posted": _import_step("post"),
    "an export is written": _export,
    "a night is worked": _night,
    "holds that are over are cleared": _clear_holds,
}
# What is over when it was done is not there for who asks again: the answer is a refusal.
OVER = {"a member leaves a pool": "pool_unknown", "a pool is dissolved": "pool_unknown"}
# Holds are written and committed by one statement, with the hold's new status among the values.
COMMITS_BY_SAYING = {"a hold is released": b"released"}

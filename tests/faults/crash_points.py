"""What members, tills, staff and jobs do, each as one request that can be sent again.

A flow is prepared on a mall and returns what is asked: of any process of that mall, as often as
wanted, the same each time.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.points.storage.accounting.exports import LEDGER
from services.points.usecases.accounting.write_export import write_export
from services.points.usecases.expiry.begin_nights import begin_nights
from services.points.usecases.expiry.run_night import NightRules, run_night
from services.points.usecases.spending.expire_due_holds import expire_due_holds
from shared.db import transaction
from shared.errors import Unavailable
from tests.faults.crash_flows import Ask, Done, Prepare, job
from tests.faults.crash_members import (
    close_offer,
    contribute,
    dissolve_pool,
    give_some_stars,
    leave_pool,
    let_an_offer_end,
    offer_points,
    open_pool,
    pay_from_pool,
    redeem_some_stars,
)
from tests.points.exporting import ask_ledger
from tests.points.importing import begin as begin_import
from tests.points.importing import lines_of, post, put_part, told_of, work_step, work_until_rest
from tests.points.mall import Mall
from tests.points.members import (
    freeze,
    merge,
    merged,
    thaw,
    undo,
)
from tests.points.nights import end_lots
from tests.points.spending import ask as ask_till
from tests.points.spending import bill_of, held, member_with, redeem, set_redemption_policy
from tests.support.tokens import staff_headers

WHY = {"reason_code": "x", "note": "x"}


async def _release(mall: Mall) -> Ask:
    hold_id = await held(mall, await member_with(mall, 100), 60)
    return lambda door: ask_till(door, "hold-releases", {"hold_id": hold_id})


async def _pay_with_hold(mall: Mall) -> Ask:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    hold_id = await held(mall, await member_with(mall, 100), 60)
    body = {"idempotency_key": "pay", "hold_id": hold_id, "receipt": bill_of(mall.sale(10_000))}
    return lambda door: ask_till(door, "hold-captures", body)


async def _redeem_and_refund(mall: Mall) -> Ask:
    await set_redemption_policy(mall, step_points=1, step_minor=1)
    sale, member_id = mall.sale(10_000), await member_with(mall, 100)
    assert (await redeem(mall, sale, member_id, 60)).status_code == 201
    assert (await mall.push(sale)).status_code == 201
    refund = mall.refund(sale, (1, 5_000))
    return lambda door: door.push(refund)


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
    return job(lambda session, now: write_export(session, now, LEDGER, 1))


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


FLOWS: Mapping[str, Prepare] = {
    "a hold is released": _release,
    "held points pay a receipt": _pay_with_hold,
    "a receipt that points paid is refunded": _redeem_and_refund,
    "points are offered": offer_points,
    "an offer is taken": close_offer("acceptance"),
    "an offer is declined": close_offer("refusal"),
    "an offer is taken back": close_offer("cancellation"),
    "an offer ends": let_an_offer_end,
    "a pool is opened": open_pool,
    "points go into a pool": contribute,
    "a pool pays": pay_from_pool,
    "a member leaves a pool": leave_pool,
    "a pool is dissolved": dissolve_pool,
    "a lot is frozen": _freeze,
    "an account is thawed": _thaw,
    "accounts are merged": _merge,
    "a merge is undone": _undo_merge,
    "points are adjusted": _adjust,
    "an adjustment is approved": _approve,
    "a debt is written off": _write_off,
    "stars are given": give_some_stars,
    "stars are redeemed": redeem_some_stars,
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

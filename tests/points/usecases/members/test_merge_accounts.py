"""Two accounts of one person become one: nothing is lost, and what comes later finds its way."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx

from shared.contracts.points_changes import AccountsMerged
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import LOTS, freeze, merge, merged, offer, two_members
from tests.points.spending import (
    ask,
    capture,
    hold_body,
    redemption_body,
    set_redemption_policy,
    spendable,
)
from tests.support.tokens import staff_headers


async def test_a_merge_moves_every_lot_as_it_is_and_says_so(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    old, kept = await two_members(mall)
    await mall.sold(10_000, member_id=old)
    mall.clock.advance(days=1)
    await mall.sold(20_000, member_id=old)
    await mall.sold(5_000, member_id=kept)
    before = await mall.rows(LOTS, m=old)
    made = await merged(mall, old, kept)
    assert (made["points"], made["made_by"]) == (300, "staff-1")
    assert await mall.balance(kept) == 350
    assert [row for row in await mall.rows(LOTS, m=kept) if row in before] == before
    assert await mall.rows(LOTS, m=old) == []
    [event] = await mall.told(AccountsMerged)
    assert (event.merged_member_id, event.survivor_member_id, event.points) == (old, kept, 300)
    # The history of both can still be read.
    history = await mall.get(f"/v1/members/{old}/postings")
    assert [row["kind"] for row in history.json()["postings"]] == ["merge_out", "earn", "earn"]


async def test_all_that_a_merged_member_could_read_stays_readable(mall: Mall) -> None:
    old, kept = await two_members(mall)
    await mall.sold(10_000, member_id=old)
    before = mall.clock().isoformat()
    mall.clock.advance(hours=1)
    await merged(mall, old, kept)
    now = mall.clock().isoformat()
    for path, seen in (
        ("points", {"balance": 0, "pending": 0, "version": 2}),
        ("points/expiring", {"balance": 0, "never": 0, "deadlines": []}),
        ("holds", {"balance": 0, "available": 0, "holds": []}),
        ("transfers", {"transfers": []}),
    ):
        for reader in (old, None):
            answer = await mall.get(f"/v1/members/{old}/{path}", reader)
            assert answer.status_code == 200, (path, answer.text)
            assert seen == {name: answer.json()[name] for name in seen}, path
    assert len((await mall.get(f"/v1/members/{old}/receipts", old)).json()["receipts"]) == 1
    for as_of, balance, kinds in ((before, 100, ["earn"]), (now, 0, ["merge_out", "earn"])):
        then = await mall.get(f"/v1/members/{old}/points", old, as_of=as_of)
        assert then.json()["balance"] == balance
        found = await mall.get(f"/v1/members/{old}/postings", old, as_of=as_of)
        assert [row["kind"] for row in found.json()["postings"]] == kinds


async def test_the_old_number_pays_with_the_survivors_points_also_after_two_merges(
    mall: Mall,
) -> None:
    await set_redemption_policy(mall)
    old, (between, kept) = new_id(), await two_members(mall)
    await mall.hear(mall.enrolled(old, "600000000009"))
    await mall.adjust(old, 1_000, "a")
    await merged(mall, old, between)
    await merged(mall, between, kept)
    named = {"member_id": None, "member_number": "600000000009"}
    asked = {**redemption_body(mall.sale(2_000), old, 100), **named}
    quoted = {name: asked[name] for name in asked if name not in ("idempotency_key", "points")}
    offered = (await ask(mall, "redemption-quotes", quoted)).json()
    assert (offered["member_id"], offered["points_max"]) == (str(kept), 1_000)
    paid = await ask(mall, "redemptions", asked)
    assert (paid.status_code, paid.json()["member_id"]) == (201, str(kept))
    for name in (named, {"member_id": str(old)}):
        made = await ask(mall, "holds", {**hold_body(old, 200), **name})
        assert (made.status_code, made.json()["member_id"]) == (201, str(kept)), made.text
    assert (await capture(mall, made.json()["hold_id"])).status_code == 201
    assert (await spendable(mall, kept), await spendable(mall, old)) == ((700, 500, 200), (0, 0, 0))


async def test_the_same_merge_again_is_the_same_merge(mall: Mall, twin: Mall) -> None:
    old, kept = await two_members(mall)
    await mall.adjust(old, 100, "a")
    answers = await asyncio.gather(*(merge(door, old, kept) for door in [mall, twin] * 8))
    assert sorted(a.status_code for a in answers) == [200] * 15 + [201]
    assert len({a.json()["merge_id"] for a in answers}) == 1
    assert await mall.balance(kept) == 100


async def test_receipts_of_the_merged_member_post_to_the_survivor(mall: Mall) -> None:
    old, kept = new_id(), await mall.enrol()
    await mall.hear(mall.enrolled(old, "600000000009"))
    await merged(mall, old, kept)
    for sale in (
        mall.sale(10_000, member_id=old),
        mall.sale(5_000, member_number="600000000009"),
        mall.sale(2_500, member_id=kept),
    ):
        answer = await mall.push(sale)
        assert (answer.status_code, answer.json()["status"]) == (201, "posted")
    assert await mall.balance(kept) == 175
    anonymous = await mall.sold(1_000)
    names = ("shop_id", "till_id", "receipt_number", "business_date", "total_minor")
    claim = {name: anonymous[name] for name in names}
    answer = await mall.post(f"/v1/members/{old}/receipt-claims", claim)
    assert answer.status_code in {200, 201}, answer.text
    assert await mall.balance(kept) == 185
    assert await mall.rows(
        "SELECT DISTINCT member_id FROM pos_transaction WHERE program_id = :p"
    ) == [(kept,)]


async def test_a_refund_of_an_old_receipt_claws_back_from_its_own_lot_at_the_survivor(
    mall: Mall,
) -> None:
    await mall.set_policy(expires_months=1)
    old, kept = await two_members(mall)
    first = await mall.sold(5_000, member_id=kept)
    mall.clock.advance(days=2)
    sale = await mall.sold(10_000, member_id=old)
    await merged(mall, old, kept)
    answer = await mall.push(mall.refund(sale, (1, 4_000)))
    assert answer.status_code == 201, answer.text
    # The older lot of the survivor's own ends first and is left alone.
    assert [row[0] for row in await mall.rows(LOTS, m=kept)] == [50, 60]
    await mall.push(mall.refund(sale, (1, 6_000)))
    await mall.push(mall.refund(first))
    assert await mall.balance(kept) == 0


async def test_a_late_tier_of_the_merged_member_re_rates_at_the_survivor(mall: Mall) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 2_000})
    old, kept = await two_members(mall)
    await mall.sold(10_000, member_id=old)
    await merged(mall, old, kept)
    long_ago = mall.clock().replace(year=2025)
    await mall.hear(mall.tier_changed(old, 1, (long_ago, "gold")))
    assert await mall.balance(kept) == 200


async def test_a_debt_goes_along_and_is_paid_by_the_survivor(mall: Mall) -> None:
    old, kept = await two_members(mall)
    sale = await mall.sold(10_000, member_id=old)
    await mall.adjust(old, -100, "spent")
    await mall.push(mall.refund(sale))
    await mall.adjust(kept, 70, "a")
    made = await merged(mall, old, kept)
    assert made["points"] == -100
    assert await mall.balance(kept) == -30
    [(balance, status)] = await mall.rows(
        "SELECT balance, status FROM account WHERE program_id = :p AND account_id = :m", m=old
    )
    assert (balance, status) == (0, "merged")


async def test_what_was_granted_under_caps_goes_along(mall: Mall) -> None:
    cap = {"code": "day", "period": "day", "points": 100, "when_exceeded": "trim"}
    assert (await mall.set_policy(caps=[cap])).status_code == 201
    old, kept = await two_members(mall)
    for member_id in (old, kept):
        assert (await mall.push(mall.sale(8_000, member_id=member_id))).json()["points"] == 80
    await merged(mall, old, kept)
    answer = (await mall.push(mall.sale(8_000, member_id=old))).json()
    assert (answer["points"], answer["trimmed"]) == (0, 80)
    assert await mall.balance(kept) == 160


async def test_other_wallets_are_merged_and_come_back_too(mall: Mall) -> None:
    stars = {"name": "Stars", "expiry": {"kind": "never"}}
    await mall.client.put("/v1/wallets/stars", json=stars, headers=mall.staff())
    old, kept = await two_members(mall)
    body = {"reason_code": "x", "note": "x", "points": 7}
    await mall.post(f"/v1/members/{old}/adjustments", {**body, "wallet": "stars"}, None, "a")
    await mall.post(f"/v1/members/{kept}/adjustments", body, None, "b")

    async def balances(member_id: UUID) -> dict[str, int]:
        found = (await mall.get(f"/v1/members/{member_id}/wallets")).json()
        return {wallet["wallet"]: wallet["balance"] for wallet in found}

    assert (await merge(mall, old, new_id())).json()["code"] == "member_unknown"
    made = await merged(mall, old, kept)
    assert await balances(kept) == {"points": 7, "stars": 7}
    assert (await mall.post(f"/v1/merges/{made['merge_id']}/undo")).status_code == 200
    assert (await balances(old), await balances(kept)) == (
        {"points": 0, "stars": 7},
        {"points": 7, "stars": 0},
    )


async def test_what_cannot_be_merged_is_refused(mall: Mall) -> None:
    old, kept = await two_members(mall)
    third = await mall.enrol()
    for from_, into, status, code in (
        (old, old, 422, "merge_with_self"),
        (new_id(), kept, 404, "member_unknown"),
        (old, new_id(), 404, "member_unknown"),
    ):
        answer = await merge(mall, from_, into)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    await mall.adjust(old, 100, "a")
    made = (await offer(mall, old, third, 10)).json()
    assert (await merge(mall, old, kept)).json()["code"] == "account_has_holds"
    await mall.post(f"/v1/members/{old}/transfers/{made['transfer_id']}/cancellation", None, old)
    case = (await freeze(mall, old, lot_version=1)).json()
    assert (await merge(mall, old, kept)).json()["code"] == "account_frozen"
    await mall.post(f"/v1/members/{old}/freezes/{case['case_id']}/thaw", {"outcome": "x"})
    await merged(mall, old, kept)
    for from_, into in ((old, third), (third, old)):
        answer = await merge(mall, from_, into)
        assert (answer.status_code, answer.json()["code"]) == (409, "account_merged")
    refused = await offer(mall, old, third, 1, "late")
    assert (refused.status_code, refused.json()["merged_into"]) == (409, str(kept))


async def test_what_staff_and_apps_do_for_the_merged_member_is_the_survivors(mall: Mall) -> None:
    await mall.set_policy(pending={"mode": "event", "event": "delivered"})
    since = (mall.clock() - timedelta(days=9)).isoformat()
    check_in = {"kind": "check_in", "effective_from": since, "points": 5, "ever_max": 2}
    await mall.post("/v1/activity-rules", check_in)
    old, kept = await two_members(mall)
    told = {"member_id": str(old), "kind": "check_in", "happened_at": mall.clock().isoformat()}
    before = await mall.post("/v1/activities", {**told, "external_id": "1"})
    await mall.sold(1_000, member_id=old)
    await merged(mall, old, kept)
    assert (await mall.post("/v1/activities", {**told, "external_id": "1"})).json() == before.json()
    made = (await mall.post("/v1/activities", {**told, "external_id": "2"})).json()
    assert (made["member_id"], made["credited_member_id"]) == (str(old), str(kept))
    # What both did counts together.
    third = await mall.post("/v1/activities", {**told, "member_id": str(kept), "external_id": "2"})
    assert third.json()["code"] == "activity_limit_reached"
    shown = (await mall.get(f"/v1/members/{kept}/activities", kept)).json()["activities"]
    assert [one["external_id"] for one in shown] == ["2"]
    path = f"/v1/members/{old}/activation-events"
    good = (await mall.post(path, {"event": "delivered"}, None, "k")).json()
    assert (good["member_id"], good["points"], good["pending"]) == (str(kept), 10, 0)
    by_hand = await mall.adjust(old, 7, "late")
    assert (by_hand.status_code, by_hand.json()["member_id"]) == (201, str(kept))
    assert (await mall.adjust(old, 7, "late")).json() == by_hand.json()
    assert await mall.balance(kept) == 5 + 10 + 5 + 7


async def test_what_awaits_a_check_when_its_member_is_merged_is_done_to_the_survivor(
    mall: Mall,
) -> None:
    old, kept = await two_members(mall)
    asked = (await mall.adjust(old, 20_000, "big")).json()
    assert (asked["status"], asked["member_id"]) == ("awaits_check", str(old))
    await merged(mall, old, kept)
    checker = staff_headers(mall.clock, mall.program_id, ("admin",), subject="staff-2")
    path = f"/v1/adjustments/{asked['adjustment_id']}/approval"
    done = await mall.client.post(path, json={"note": "Seen"}, headers=checker)
    assert (done.json()["status"], done.json()["member_id"]) == ("posted", str(kept))
    assert await mall.balance(kept) == 20_000


async def test_nobody_is_brought_by_who_they_were_merged_with(mall: Mall) -> None:
    since = (mall.clock() - timedelta(days=9)).isoformat()
    rule = {"kind": "referral", "effective_from": since, "points": 50, "referred_points": 20}
    await mall.post("/v1/activity-rules", rule)
    old, kept, friend = *await two_members(mall), await mall.enrol()
    told = {"kind": "referral", "happened_at": mall.clock().isoformat()}

    async def refer(who: UUID, whom: UUID, name: str) -> httpx.Response:
        body = {**told, "member_id": str(who), "referred_member_id": str(whom)}
        return await mall.post("/v1/activities", {**body, "external_id": name})

    assert (await refer(friend, old, "a")).status_code == 201
    await merged(mall, old, kept)
    assert (await refer(old, kept, "b")).json()["code"] == "referral_of_self"
    assert (await refer(friend, old, "c")).json()["code"] == "already_referred"
    assert (await refer(kept, friend, "d")).json()["credited_member_id"] == str(kept)
    assert (await mall.balance(kept), await mall.balance(friend)) == (20 + 50, 50 + 20)


async def test_receipts_pushed_while_accounts_are_merged_all_end_at_the_survivor(
    mall: Mall, twin: Mall
) -> None:
    old, kept = await two_members(mall)
    sales = [mall.sale(1_000, member_id=old) for _ in range(32)]
    pushes = [door.push(sale) for door, sale in zip([mall, twin] * 16, sales, strict=True)]
    answers = await asyncio.gather(*pushes[:16], merge(twin, old, kept), *pushes[16:])
    assert {answer.status_code for answer in answers} == {201}
    assert await mall.balance(kept) == 320
    refunds = [mall.refund(sale) for sale in sales]
    answers = await asyncio.gather(
        *(door.push(refund) for door, refund in zip([mall, twin] * 16, refunds, strict=True))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert await mall.balance(kept) == 0

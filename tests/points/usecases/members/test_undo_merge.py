"""A merge was a mistake: what is left of the moved points goes back; nothing is made twice."""

from collections import Counter
from uuid import UUID

from shared.contracts.points_changes import AccountsMergeUndone
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import LOTS, in_debt, merged, offer, two_members, undo, undone
from tests.points.spending import capture, dated_lots, hold, reverse, set_redemption_policy


async def captured_on_credit(mall: Mall, member_id: UUID, *points: int) -> list[str]:
    """All is refunded that was promised, and then captured. Returns the redemptions' ids."""
    sales = [await mall.sold(each * 100, member_id=member_id) for each in points]
    holds = [await hold(mall, member_id, each) for each in points]
    for sale in sales:
        await mall.push(mall.refund(sale))
    captures = [await capture(mall, held.json()["hold_id"]) for held in holds]
    return [captured.json()["redemption_id"] for captured in captures]


async def test_an_undone_merge_leaves_both_as_they_were(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    old, kept = await two_members(mall)
    await mall.sold(10_000, member_id=old)
    await mall.sold(5_000, member_id=kept)
    before = [await mall.rows(LOTS, m=m) for m in (old, kept)]
    made = await merged(mall, old, kept)
    mall.clock.advance(days=20)
    assert await undone(mall, made) == 100
    assert [await mall.rows(LOTS, m=m) for m in (old, kept)] == before
    assert (await mall.balance(old), await mall.balance(kept)) == (100, 50)
    again = await undo(mall, made)
    assert (again.status_code, again.json()["restored"]) == (200, 100)
    [event] = await mall.told(AccountsMergeUndone)
    assert (event.merged_member_id, event.restored) == (old, 100)
    assert (await mall.push(mall.sale(1_000, member_id=old))).json()["balance"] == 110


async def test_what_was_spent_stays_spent_and_what_was_earned_since_stays(mall: Mall) -> None:
    old, kept = await two_members(mall)
    sale = await mall.sold(10_000, member_id=old)
    await mall.adjust(kept, 50, "a")
    made = await merged(mall, old, kept)
    await mall.adjust(kept, -30, "spent")  # Of the moved lot, which is the older one.
    await mall.sold(2_000, member_id=old)
    assert await mall.balance(kept) == 140
    [(left,)] = await mall.rows(
        "SELECT l.remaining FROM lot l WHERE l.program_id = :p AND l.account_id = :m "
        "AND l.origin_id IS NOT NULL",
        m=kept,
    )
    assert await undone(mall, made) == left
    assert await mall.balance(old) + await mall.balance(kept) == 140
    assert await mall.balance(old) == left
    # The old receipt is the old member's again.
    await mall.push(mall.refund(sale))
    assert await mall.balance(old) == left - 100


async def test_a_debt_that_went_along_comes_back_and_so_does_what_paid_it(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    old, kept = await in_debt(mall, 100), await mall.enrol()
    await mall.sold(7_000, member_id=kept)
    [before] = await mall.rows(LOTS, m=kept)
    made = await merged(mall, old, kept)
    assert await mall.balance(kept) == -30
    assert await undone(mall, made) == -100
    assert (await mall.balance(old), await mall.balance(kept)) == (-100, 70)
    assert await mall.rows(LOTS, m=kept) == [before]


async def test_a_survivor_in_debt_spends_what_comes_on_it(mall: Mall) -> None:
    old, kept = await mall.enrol(), await in_debt(mall, 40)
    await mall.adjust(old, 100, "a")
    made = await merged(mall, old, kept)
    assert await mall.balance(kept) == 60
    assert await undone(mall, made) == 60
    assert (await mall.balance(old), await mall.balance(kept)) == (60, 0)


async def test_points_on_offer_stay_until_that_is_over(mall: Mall) -> None:
    old, kept = await two_members(mall)
    friend = await mall.enrol()
    await mall.adjust(old, 100, "a")
    made = await merged(mall, old, kept)
    held = (await offer(mall, kept, friend, 10)).json()
    refused = await undo(mall, made)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_has_holds")
    await mall.post(f"/v1/members/{kept}/transfers/{held['transfer_id']}/cancellation", None, kept)
    assert await undone(mall, made) == 100


async def test_merges_are_undone_in_time_and_the_latest_first(mall: Mall) -> None:
    first, second = await two_members(mall)
    third = await mall.enrol()
    await mall.adjust(first, 100, "a")
    one = await merged(mall, first, second)
    two = await merged(mall, second, third)
    assert (await mall.push(mall.sale(1_000, member_id=first))).status_code == 201
    assert await mall.balance(third) == 110
    refused = await undo(mall, one)
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_not_latest")
    assert (await undone(mall, two), await undone(mall, one)) == (100, 100)
    assert [await mall.balance(m) for m in (first, second, third)] == [100, 0, 10]
    late = await merged(mall, first, second)
    mall.clock.advance(days=30, seconds=1)
    refused = await undo(mall, late)
    assert (refused.status_code, refused.json()["code"]) == (422, "merge_too_old")
    assert (await undo(mall, {"merge_id": new_id()})).status_code == 404


async def test_what_repaid_a_debt_that_came_along_comes_back_with_its_ends(mall: Mall) -> None:
    old, kept = await in_debt(mall, 100), await mall.enrol()
    made = await merged(mall, old, kept)
    for points, days in ((40, 9), (30, 5), (50, 7)):
        await mall.set_policy(expiry={"kind": "rolling_days", "days": days})
        await mall.sold(points * 100, member_id=kept)
        mall.clock.advance(seconds=1)
    assert await dated_lots(mall, kept) == [(20, "2026-03-17")]
    assert await undone(mall, made) == -100
    assert (await mall.balance(old), await mall.balance(kept)) == (-100, 120)
    back: Counter[str] = Counter()
    for points, end in await dated_lots(mall, kept):
        back[end] += points
    assert back == {"2026-03-19": 40, "2026-03-15": 30, "2026-03-17": 50}


async def test_what_nobody_repaid_comes_back_as_no_points(mall: Mall) -> None:
    old, kept = await in_debt(mall, 100), await in_debt(mall, 20)
    made = await merged(mall, old, kept)
    await mall.adjust(kept, 50, "repaid 20 and then 30")
    assert await undone(mall, made) == -100
    assert (await mall.balance(old), await mall.balance(kept)) == (-100, 30)
    assert [points for points, _ in await dated_lots(mall, kept)] == [30]


async def test_what_came_back_of_a_debt_that_came_along_is_owed_by_nobody(mall: Mall) -> None:
    await set_redemption_policy(mall)
    old, kept = await two_members(mall)
    [redemption_id] = await captured_on_credit(mall, old, 100)
    made = await merged(mall, old, kept)
    await reverse(mall, redemption_id, points=60)
    assert await mall.balance(kept) == -40
    assert await undone(mall, made) == -40
    assert (await mall.balance(old), await mall.balance(kept)) == (-40, 0)
    await reverse(mall, redemption_id)
    assert (await mall.balance(old), await mall.balance(kept)) == (0, 0)


async def test_what_came_back_of_a_debt_is_owed_by_nobody_after_two_merges_either(
    mall: Mall,
) -> None:
    await set_redemption_policy(mall)
    old, kept = await two_members(mall)
    third = await mall.enrol()
    [redemption_id] = await captured_on_credit(mall, old, 100)
    first, second = await merged(mall, old, kept), await merged(mall, kept, third)
    await reverse(mall, redemption_id, points=40)
    assert (await undone(mall, second), await undone(mall, first)) == (-60, -60)
    assert [await mall.balance(m) for m in (old, kept, third)] == [-60, 0, 0]
    await reverse(mall, redemption_id)
    assert [await dated_lots(mall, m) for m in (old, kept, third)] == [[], [], []]
    assert await mall.balance(old) == 0


async def test_which_of_two_debts_came_back_meanwhile_stays_known(mall: Mall) -> None:
    await set_redemption_policy(mall)
    old, kept = await two_members(mall)
    captures = await captured_on_credit(mall, old, 100, 50)
    made = await merged(mall, old, kept)
    await reverse(mall, captures[0], points=40)
    assert await undone(mall, made) == -110
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 5})
    await mall.sold(8_000, member_id=old)
    # It repaid the 60 that were left of the first debt, and 20 of the second.
    await reverse(mall, captures[1])
    assert await dated_lots(mall, old) == [(20, "2026-03-15")]
    await reverse(mall, captures[0])
    assert sum(points for points, _ in await dated_lots(mall, old)) == 80
    assert {end for _, end in await dated_lots(mall, old)} == {"2026-03-15"}

"""Receipts through the front door: answers, duplicates, conflicts, tills and races."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from services.points.api.receipts.pos_models import PosTransactionOut
from services.points.settings import PointsSettings
from shared.auth import make_member_code
from shared.ids import new_id, new_member_number
from tests.points.mall import POS, Mall, open_mall
from tests.support.clock import HandClock
from tests.support.service import DEPLOYMENT_KEY


def results(items: list[dict[str, Any]]) -> list[str]:
    return [item["result"] for item in items]


async def test_a_sale_becomes_points_in_the_answer(mall: Mall) -> None:
    member_id = await mall.enrol()
    answer = await mall.push(mall.sale(19_900, member_id=member_id))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["result"], body["status"]) == ("accepted", "posted")
    assert (body["points"], body["balance"]) == (199, 199)
    assert await mall.balance(member_id) == 199


async def test_the_same_receipt_again_gets_the_stored_answer(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    first = await mall.push(sale)
    await mall.sold(5_000, member_id=member_id)
    again = await mall.push(sale)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "result": "duplicate"}
    assert await mall.balance(member_id) == 150


async def test_the_same_receipt_with_other_content_is_a_conflict_and_both_are_kept(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    other = mall.sale(99_000, member_id=member_id, receipt_number=sale["receipt_number"])
    for _ in range(2):
        answer = await mall.push(other)
        assert (answer.status_code, answer.json()["code"]) == (409, "receipt_conflict")
    kept = await mall.rows(
        "SELECT t.total_minor, c.content ->> 'total_minor' FROM pos_transaction t "
        "JOIN pos_conflict c USING (program_id, transaction_id) WHERE program_id = :p"
    )
    assert kept == [(10_000, "99000")]
    assert await mall.balance(member_id) == 100


async def test_a_batch_answers_each_item_and_a_bad_one_spoils_no_neighbour(mall: Mall) -> None:
    member_id = await mall.enrol()
    stored = await mall.sold(10_000, member_id=member_id)
    conflict = {**mall.sale(1), "receipt_number": stored["receipt_number"]}
    bad_rule = mall.sale(100, total_minor=101)
    bad_shape: Any = {"kind": "sale", "total_minor": "12"}
    good = [mall.sale(1_000, member_id=member_id) for _ in range(2)]
    found = await mall.push_batch([good[0], bad_shape, stored, bad_rule, conflict, 7, good[1]])
    assert results(found) == [
        "accepted",
        "rejected",
        "duplicate",
        "rejected",
        "conflict",
        "rejected",
        "accepted",
    ]
    codes = [item["code"] for item in found if item["result"] in {"rejected", "conflict"}]
    assert codes == ["validation_failed", "total_mismatch", "receipt_conflict", "validation_failed"]
    assert await mall.balance(member_id) == 120


async def test_a_receipt_twice_in_a_batch_counts_once(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    refund = mall.refund(sale, (1, 1_000))
    other = {**sale, "currency": "CNY", "tenders": [{"kind": "cash", "amount_minor": 10_000}]}
    found = await mall.push_batch([sale, refund, sale, refund, other])
    assert results(found) == ["accepted", "accepted", "duplicate", "duplicate", "conflict"]
    assert found[2]["points"] == 100
    assert await mall.balance(member_id) == 90


async def test_a_thousand_receipts_fit_in_a_batch(mall: Mall) -> None:
    member_id = await mall.enrol()
    found = await mall.push_batch([mall.sale(100, member_id=member_id) for _ in range(1_000)])
    assert Counter(results(found)) == {"accepted": 1_000}
    assert found[-1]["balance"] == 1_000


async def test_a_member_is_named_by_the_code_that_the_phone_shows(mall: Mall) -> None:
    member_id = await mall.enrol()
    seconds = int(mall.clock().timestamp())
    code = make_member_code(DEPLOYMENT_KEY, mall.program_id, member_id, seconds)
    answer = await mall.push(mall.sale(10_000, member_code=code))
    assert answer.json()["balance"] == 100
    late = mall.sale(100, member_code=code)
    late["purchased_at"] = (mall.clock() + timedelta(seconds=1)).isoformat()
    answer = await mall.push(late)
    assert (answer.status_code, answer.json()["code"]) == (401, "member_code_invalid")
    [item] = await mall.push_batch([late])
    assert (item["result"], item["code"]) == ("rejected", "member_code_invalid")


async def test_a_member_is_named_in_one_way_only(mall: Mall) -> None:
    body = mall.sale(100, member_id=new_id(), member_number=new_member_number())
    answer = await mall.push(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "member_reference_ambiguous")


async def test_a_till_that_is_not_known_yet_is_asked_to_try_again(mall: Mall) -> None:
    answer = await mall.push(mall.sale(100, till_id="T2"), replace(mall.till, till_id="T2"))
    assert (answer.status_code, answer.json()["code"]) == (503, "till_unknown")
    assert answer.headers["Retry-After"] == "1"
    await mall.hear(mall.till_event("T2"))
    answer = await mall.push(mall.sale(100, till_id="T2"), replace(mall.till, till_id="T2"))
    assert answer.status_code == 201


async def test_a_till_that_was_switched_off_is_refused(mall: Mall) -> None:
    await mall.hear(mall.till_event(is_active=False, revision=2))
    answer = await mall.push(mall.sale(100))
    assert (answer.status_code, answer.json()["code"]) == (403, "till_inactive")


async def test_a_rotated_key_overlaps_with_the_one_before_and_then_retires_it(mall: Mall) -> None:
    until = mall.clock() + timedelta(hours=1)
    await mall.hear(mall.till_event(key_version=2, previous_key_until=until, revision=2))
    new, too_new = replace(mall.till, key_version=2), replace(mall.till, key_version=3)
    assert (await mall.push(mall.sale(100))).status_code == 201
    assert (await mall.push(mall.sale(100), new)).status_code == 201
    mall.clock.advance(hours=1)
    for till in (mall.till, too_new):
        answer = await mall.push(mall.sale(100), till)
        assert (answer.status_code, answer.json()["code"]) == (401, "till_key_retired")
    assert (await mall.push(mall.sale(100), new)).status_code == 201


async def test_a_till_speaks_for_its_own_shop_and_for_tills_that_exist(mall: Mall) -> None:
    cases = [({"shop_id": str(new_id())}, "wrong_shop"), ({"till_id": "T9"}, "unknown_till")]
    for fields, code in cases:
        answer = await mall.push(mall.sale(100, **fields))
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_till_of_another_shop_with_its_own_key_is_not_this_one(mall: Mall) -> None:
    stranger = replace(mall.till, shop_id=new_id())
    answer = await mall.push(mall.sale(100), stranger)
    assert (answer.status_code, answer.json()["code"]) == (503, "till_unknown")


async def test_one_bad_till_in_a_gathered_group_does_not_spoil_the_others(mall: Mall) -> None:
    bad = replace(mall.till, till_id="T9")
    answers = await asyncio.gather(
        *(mall.push(mall.sale(100), bad if n % 3 == 0 else None) for n in range(12))
    )
    assert [a.status_code for a in answers] == [503, 201, 201] * 4


async def test_r_2_two_hundred_receipts_of_one_member_at_once(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    bodies = [mall.sale(1_000, member_id=member_id) for _ in range(200)]
    halves = await asyncio.gather(mall.push_at_once(bodies[:100]), twin.push_at_once(bodies[100:]))
    assert {a.status_code for half in halves for a in half} == {201}
    assert await mall.balance(member_id) == 2_000


async def test_r_8_the_same_receipt_at_once_has_one_posting_and_one_answer(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    for fields in ({"member_id": member_id}, {}, {"member_number": new_member_number()}):
        sale = mall.sale(10_000, **fields)  # type: ignore[arg-type]
        halves = await asyncio.gather(mall.push_at_once([sale] * 8), twin.push_at_once([sale] * 8))
        answers = [a for half in halves for a in half]
        assert sorted(a.status_code for a in answers) == [200] * 15 + [201]
        assert len({str({**a.json(), "result": ""}) for a in answers}) == 1
    assert await mall.balance(member_id) == 100


async def test_r_13_of_sixteen_full_refunds_at_once_one_is_accepted(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    for owner in (member_id, None):
        sale = await mall.sold(10_000, member_id=owner)
        refunds = [mall.refund(sale) for _ in range(16)]
        halves = await asyncio.gather(
            mall.push_at_once(refunds[:8]), twin.push_at_once(refunds[8:])
        )
        answers = [a for half in halves for a in half]
        assert sorted(a.status_code for a in answers) == [201] + [422] * 15
        assert {a.json()["code"] for a in answers if a.status_code == 422} == {
            "refund_exceeds_sale"
        }
    assert await mall.balance(member_id) == 0


async def test_r_13_the_same_refund_sixteen_times_at_once_counts_once(
    mall: Mall, twin: Mall
) -> None:
    member_id = await mall.enrol()
    for owner in (member_id, None):
        sale = await mall.sold(10_000, member_id=owner)
        refund = mall.refund(sale, (1, 4_000))
        halves = await asyncio.gather(
            mall.push_at_once([refund] * 8), twin.push_at_once([refund] * 8)
        )
        answers = [a for half in halves for a in half]
        assert sorted(a.status_code for a in answers) == [200] * 15 + [201]
    assert await mall.balance(member_id) == 60


async def test_a_sale_and_its_refund_meet_however_they_race(mall: Mall, twin: Mall) -> None:
    member_id = await mall.enrol()
    for n in range(30):
        owner = member_id if n % 2 else None
        sale = mall.sale(1_000, member_id=owner)
        refunds = [mall.refund(sale, (1, 300)), mall.refund(sale, (1, 700))]
        doors = [mall, twin, twin] if n % 3 else [twin, mall, mall]
        answers = await asyncio.gather(
            *(door.push(body) for door, body in zip(doors, [sale, *refunds], strict=True))
        )
        assert {a.status_code for a in answers} == {201}
    statuses = {row[1] for row in await mall.books()}
    assert statuses == {"posted", "anonymous"}
    assert await mall.balance(member_id) == 0


async def test_overlapping_batches_in_different_order_store_each_receipt_once(
    mall: Mall, twin: Mall
) -> None:
    members = [await mall.enrol() for _ in range(5)]
    for _ in range(4):
        sales = [mall.sale(100, member_id=members[n % 5]) for n in range(40)]
        nobodys = [mall.sale(100) for _ in range(20)]
        refunds = [mall.refund(sale) for sale in [*sales[:10], *nobodys[:5]]]
        bodies = [*sales, *refunds, *nobodys]
        both = await asyncio.gather(
            mall.push_batch(bodies), twin.push_batch(list(reversed(bodies)))
        )
        assert Counter(result for found in both for result in results(found)) == {
            "accepted": 75,
            "duplicate": 75,
        }
    assert sum([await mall.balance(member_id) for member_id in members]) == 4 * 30


async def test_the_answer_written_by_hand_is_the_models(mall: Mall) -> None:
    member_id = await mall.enrol()
    sold = mall.sale(1_234, member_id=member_id)
    bodies = [sold, sold, mall.sale(100), mall.refund(mall.sale(500)), mall.sale(1, total_minor=2)]
    for result in await mall.push_batch(bodies):
        again = PosTransactionOut.model_validate(result, strict=False)
        assert again.model_dump(mode="json") == result


async def test_the_receipts_that_the_document_shows_are_taken_whenever_it_is_read(
    engine: AsyncEngine, settings: PointsSettings, clock: HandClock
) -> None:
    for days in (0, 410, 4_000):
        clock.advance(days=days)
        async with open_mall(engine, settings, clock) as mall:
            document = (await mall.client.get("/openapi.json")).json()
            body = document["paths"][POS]["post"]["requestBody"]["content"]["application/json"]
            for name in ("sale", "refund"):
                shown = body["examples"][name]["value"]
                answer = await mall.push({**shown, "shop_id": str(mall.shop_id)})
                assert answer.status_code == 201, answer.text

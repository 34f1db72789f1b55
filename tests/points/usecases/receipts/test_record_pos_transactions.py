"""Sales and refunds in any order, waiting, anonymous, rated by their purchase time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.contracts.points import PointsPosted, PosTransactionAttributed, PosTransactionRecorded
from shared.ids import new_id, new_member_number
from tests.points.mall import Mall

# A failing order is printed as it was found: making it smaller would take a minute.
PERMUTED = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def test_a_sale_is_told_with_its_points_and_so_is_its_posting(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(19_900, 100, member_id=member_id)
    [receipt] = await mall.told(PosTransactionRecorded)
    [posting] = await mall.told(PointsPosted)
    assert (receipt.member_id, receipt.receipt_number) == (member_id, sale["receipt_number"])
    assert (receipt.points, receipt.balance_after) == (200, 200)
    assert [line.base_micro for line in receipt.lines] == [199_000_000, 1_000_000]
    assert (posting.version, posting.points, posting.balance_after) == (1, 200, 200)
    assert posting.source_id == receipt.transaction_id


async def test_zero_amounts_and_zero_totals_are_legal(mall: Mall) -> None:
    member_id = await mall.enrol()
    zero = mall.sale(0, 0, member_id=member_id)
    zero["lines"][0]["quantity"] = 0
    answer = await mall.push(zero)
    assert (answer.status_code, answer.json()["status"]) == (201, "posted")
    refund = await mall.push(mall.refund(zero))
    assert (refund.status_code, refund.json()["points"]) == (201, 0)


async def test_a_refund_travels_in_the_same_batch_as_its_sale_and_even_before_it(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    refund = mall.refund(sale, (1, 2_500))
    results = await mall.push_batch([refund, sale])
    assert [(r["result"], r["status"], r["points"]) for r in results] == [
        ("accepted", "posted", -25),
        ("accepted", "posted", 100),
    ]
    assert await mall.balance(member_id) == 75


async def test_a_refund_before_its_sale_waits_and_counts_when_the_sale_comes(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    early = await mall.push(mall.refund(sale, (1, 3_000)))
    assert (early.status_code, early.json()["status"]) == (201, "waiting_sale")
    assert await mall.told(PosTransactionRecorded) == []
    answer = await mall.push(sale)
    assert answer.json()["points"] == 100
    assert await mall.balance(member_id) == 70
    assert [e.kind for e in await mall.told(PosTransactionRecorded)] == ["sale", "refund"]


async def test_an_early_refund_of_more_than_was_sold_is_kept_as_refused(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = mall.sale(10_000, member_id=member_id)
    await mall.push(mall.refund(sale, (1, 10_001)))
    await mall.push(sale)
    assert [row[1:] for row in await mall.books()] == [("posted", 100, 0), ("refused", 0, 0)]
    assert (await mall.push(mall.refund(sale))).json()["points"] == -100


async def test_more_than_was_sold_cannot_be_refunded(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, 5_000, member_id=member_id)
    await mall.push(mall.refund(sale, (1, 6_000)))
    answer = await mall.push(mall.refund(sale, (1, 4_001)))
    assert answer.status_code == 422
    assert answer.json()["code"] == "refund_exceeds_sale"
    assert answer.json()["refundable_minor"] == 4_000
    assert await mall.balance(member_id) == 90


async def test_a_line_that_was_not_sold_cannot_be_refunded(mall: Mall) -> None:
    sale = await mall.sold(10_000, member_id=await mall.enrol())
    answer = await mall.push(mall.refund(sale, (2, 1)))
    assert (answer.status_code, answer.json()["code"]) == (422, "refund_line_unknown")


async def test_a_refund_cannot_be_refunded_nor_refund_itself(mall: Mall) -> None:
    sale = await mall.sold(10_000, member_id=await mall.enrol())
    refund = mall.refund(sale)
    await mall.push(refund)
    answer = await mall.push(mall.refund(refund))
    assert (answer.status_code, answer.json()["code"]) == (422, "original_is_refund")
    own = mall.refund(sale)
    own["original"] = {k: own[k] for k in ("till_id", "receipt_number", "business_date")}
    answer = await mall.push(own)
    assert (answer.status_code, answer.json()["code"]) == (422, "original_is_refund")


async def test_a_refund_of_a_refund_that_comes_first_is_refused_when_the_refund_comes(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    refund = mall.refund(sale)
    assert (await mall.push(mall.refund(refund))).json()["status"] == "waiting_sale"
    assert (await mall.push(refund)).json()["points"] == -100
    assert [row[1] for row in await mall.books()] == ["posted", "posted", "refused"]
    again = await mall.push_batch([mall.refund(sale)])
    assert again[0]["code"] == "refund_exceeds_sale"
    early = mall.refund(sale, (1, 0))
    both = await mall.push_batch([mall.refund(early), early])
    assert [item["status"] for item in both] == ["refused", "posted"]


async def test_a_receipt_waits_for_its_member_by_id_and_by_number(mall: Mall) -> None:
    member_id, number = new_id(), new_member_number()
    by_id = mall.sale(10_000, member_id=member_id)
    by_number = mall.sale(5_000, member_number=number)
    refund = mall.refund(by_number, (1, 2_000))
    results = await mall.push_batch([by_id, by_number, refund])
    assert [r["status"] for r in results] == ["waiting_member"] * 3
    assert {r["member_id"] for r in results} == {None}
    await mall.hear(mall.enrolled(member_id, number))
    assert await mall.balance(member_id) == 130
    assert [row[1] for row in await mall.books()] == ["posted"] * 3
    attributed = await mall.told(PosTransactionAttributed)
    assert {(e.points, e.member_id) for e in attributed} == {
        (100, member_id),
        (50, member_id),
        (-20, member_id),
    }


async def test_a_known_number_posts_at_once(mall: Mall) -> None:
    member_id, number = new_id(), new_member_number()
    await mall.hear(mall.enrolled(member_id, number))
    answer = await mall.push(mall.sale(10_000, member_number=number))
    assert answer.json()["member_id"] == str(member_id)
    assert answer.json()["balance"] == 100


async def test_a_receipt_of_nobody_is_anonymous_and_so_is_its_refund(mall: Mall) -> None:
    sale = mall.sale(10_000)
    results = await mall.push_batch([sale, mall.refund(sale, (1, 1_000))])
    assert [(r["status"], r["points"]) for r in results] == [("anonymous", 0)] * 2
    [told, _] = await mall.told(PosTransactionRecorded)
    assert told.member_id is None
    assert told.key() == str(told.receipt_id)


async def test_a_refund_follows_its_sale_whatever_member_it_names(mall: Mall) -> None:
    buyer, other = await mall.enrol(), await mall.enrol()
    sale = await mall.sold(10_000, member_id=buyer)
    await mall.push({**mall.refund(sale), "member_id": str(other)})
    assert (await mall.balance(buyer), await mall.balance(other)) == (0, 0)


async def test_r_10_thirty_per_cent_and_then_the_rest(mall: Mall) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    balances = [
        (await mall.push(mall.refund(sale, (1, amount)))).json()["balance"]
        for amount in (3_000, 7_000)
    ]
    assert balances == [70, 0]


async def test_r_12_earned_spent_and_refunded_leaves_a_debt_that_the_next_sale_repays(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    sale = await mall.sold(10_000, member_id=member_id)
    assert (await mall.adjust(member_id, -100, "spend")).status_code == 201
    assert (await mall.push(mall.refund(sale))).json()["balance"] == -100
    answer = await mall.get(f"/v1/members/{member_id}/points", member_id)
    assert answer.json()["debt"] == 100
    assert (await mall.push(mall.sale(15_000, member_id=member_id))).json()["balance"] == 50


async def test_the_policy_and_the_tier_of_the_purchase_time_decide(mall: Mall) -> None:
    member_id = await mall.enrol()
    now = mall.clock()
    await mall.set_policy(tier_multipliers_milli={"gold": 1_500})
    later = {"points": 2, "per_minor": 100}
    await mall.set_policy(
        effective_from=(now - timedelta(days=2)).isoformat(),
        programme=later,
        categories={"tea": {"points": 0, "per_minor": 1}},
        shops={},
        tier_multipliers_milli={"gold": 3_000},
        rounding="half_up",
    )
    timeline = ((now - timedelta(days=300), "basic"), (now - timedelta(days=1), "gold"))
    await mall.hear(mall.tier_changed(member_id, 1, *timeline))

    async def points(days_ago: float, amount: int, category: str = "fashion") -> int:
        at = now - timedelta(days=days_ago)
        sale = mall.sale(amount, member_id=member_id, purchased_at=at.isoformat())
        sale["business_date"] = at.date().isoformat()
        sale["lines"][0]["category"] = category
        return int((await mall.push(sale)).json()["points"])

    assert await points(400, 1_050) == 10
    assert await points(3, 1_050) == 10
    assert await points(1.5, 1_025) == 21
    assert await points(0.5, 1_050) == 63
    assert await points(0.5, 1_050, "tea") == 0


@pytest.mark.parametrize(("rounding", "points"), [("floor", 28), ("half_up", 29), ("ceil", 29)])
async def test_s_2c_over_http(mall: Mall, rounding: str, points: int) -> None:
    await mall.set_policy(tier_multipliers_milli={"gold": 1_500}, rounding=rounding)
    member_id = await mall.enrol("gold")
    answer = await mall.push(mall.sale(1_900, member_id=member_id))
    assert answer.json()["points"] == points


async def test_points_end_after_the_policys_months(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    await mall.sold(1_000, member_id=member_id)
    [posting] = await mall.told(PointsPosted)
    assert posting.expires_at.isoformat() == "2026-04-10T16:00:00+00:00"


@dataclass
class Story:
    """The same purchases, to be told in any order."""

    mall: Mall
    member: UUID
    number: str
    pushes: dict[str, Any]

    @classmethod
    def of(cls, mall: Mall) -> "Story":
        """Three sales, of which two wait for their member, and their partial refunds."""
        member, number = new_id(), new_member_number()
        by_id = mall.sale(9_999, 3_333, member_id=member)
        by_number = mall.sale(7_777, member_number=number)
        nobodys = mall.sale(5_000)
        pushes = {
            "by id": by_id,
            "by number": by_number,
            "nobody's": nobodys,
            "a third back": mall.refund(by_id, (1, 3_333)),
            "a line back": mall.refund(by_id, (2, 3_333)),
            "rest back": mall.refund(by_id, (1, 6_666)),
            "some back": mall.refund(by_number, (1, 1_111)),
            "nobody's back": mall.refund(nobodys, (1, 1_000)),
        }
        return cls(mall, member, number, pushes)

    async def tell(self, name: str) -> None:
        """One step."""
        long_ago = self.mall.clock() - timedelta(days=300)
        if name == "enrolled":
            await self.mall.hear(self.mall.enrolled(self.member, self.number))
        elif name == "silver":
            event = self.mall.tier_changed(self.member, 1, (long_ago, "silver"))
            await self.mall.hear(event)
        elif name == "gold":
            yesterday = self.mall.clock() - timedelta(days=1)
            intervals = ((long_ago, "basic"), (yesterday, "gold"))
            await self.mall.hear(self.mall.tier_changed(self.member, 2, *intervals))
        else:
            assert (await self.mall.push(self.pushes[name])).status_code == 201


STEPS = [
    "enrolled",
    "silver",
    "gold",
    "by id",
    "by number",
    "nobody's",
    "a third back",
    "a line back",
    "rest back",
    "some back",
    "nobody's back",
]


@PERMUTED
@given(st.permutations(STEPS))
async def test_in_any_order_of_arrival_the_books_end_the_same(mall: Mall, order: list[str]) -> None:
    own = await mall.another()
    await own.set_policy(tier_multipliers_milli={"silver": 1_300, "gold": 1_700})
    story = Story.of(own)
    for name in order:
        await story.tell(name)
    # 133.32 x 1.7 = 226; 77.77 x 1.7 = 132, of which 1,111 / 7,777 goes back: 18.
    assert [row[1:] for row in await own.books()][:3] == [
        ("posted", 226, 226),
        ("posted", 132, 18),
        ("anonymous", 0, 0),
    ]
    assert [row[1] for row in await own.books()][3:] == ["posted"] * 4 + ["anonymous"]
    assert await own.balance(story.member) == 114
    [(open_points,)] = await own.rows("SELECT sum(remaining) FROM lot WHERE program_id = :p")
    assert open_points == 114


@PERMUTED
@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
async def test_partial_refunds_in_any_order_and_grouping_end_in_the_same_books(
    mall: Mall, order: list[int], breaks: list[bool]
) -> None:
    own = await mall.another()
    member_id = await own.enrol()
    sale = own.sale(3_333, 3_334, 3_333, member_id=member_id)
    parts = [(1, 1_111), (1, 2_222), (2, 1), (2, 3_333), (3, 1_000)]
    bodies = [sale, *(own.refund(sale, part) for part in parts)]
    batch: list[dict[str, Any]] = []
    for place, ends_here in zip(order, [*breaks[:-1], True], strict=True):
        batch.append(bodies[place])
        if ends_here:
            results = await own.push_batch(batch)
            assert {r["result"] for r in results} == {"accepted"}
            batch = []
    assert await own.balance(member_id) == 100 - 76
    [row] = [row for row in await own.books() if row[2]]
    assert row[1:] == ("posted", 100, 76)

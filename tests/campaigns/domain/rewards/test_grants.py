"""The difference between what was given and what should be."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.rewards.grants import Grant, compare
from tests.campaigns.domain.samples import CAMPAIGN_ID, MEMBER, NOON


def grant(points: int, revoked: int = 0, generation: int = 1) -> Grant:
    return Grant(
        grant_id=UUID(int=generation),
        campaign_id=CAMPAIGN_ID,
        version=1,
        unit_key="unit",
        generation=generation,
        family=None,
        origin="automatic",
        member_id=MEMBER,
        kind="points",
        points=points,
        points_revoked=revoked,
        gift_sku=None,
        stock_id=None,
        status="revoked" if points == revoked else "granted",
        local_day=date(2026, 3, 10),
        receipt_id=UUID(int=9),
        receipt_ids=(),
        threshold_minor=None,
        shortfall_minor=0,
        granted_at=NOON,
    )


def test_the_first_grant_is_generation_one_and_more_is_granted_as_the_next() -> None:
    assert (compare([], 5).missing, compare([], 5).generation) == (5, 1)
    more = compare([grant(3)], 5)
    assert (more.missing, more.generation, more.take_back) == (2, 2, ())


def test_the_newest_is_taken_back_first() -> None:
    backs = compare([grant(3), grant(4, generation=2)], 1).take_back
    assert [(b.grant.generation, b.amount) for b in backs] == [(2, 4), (1, 2)]


def test_a_revoked_gift_counts_nothing_and_a_living_one_counts_one() -> None:
    gift = grant(1)._replace(kind="gift", points=None, gift_sku="tote", status="issued")
    assert (gift.net, gift.is_out) == (1, True)
    assert gift._replace(status="revoked").net == 0


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=4), st.integers(0, 99))
def test_carrying_out_the_difference_leaves_none(rows: list[tuple[int, int]], target: int) -> None:
    stored = [grant(p, min(r, p), i) for i, (p, r) in enumerate(rows, 1)]
    difference = compare(stored, target)
    by_id = {g.grant_id: g for g in stored}
    for back in difference.take_back:
        g = by_id[back.grant.grant_id]
        by_id[g.grant_id] = g._replace(points_revoked=g.points_revoked + back.amount)
    after = list(by_id.values())
    if difference.missing:
        after.append(grant(difference.missing, 0, difference.generation))
    assert sum(g.net for g in after) == target
    again = compare(after, target)
    assert (again.missing, again.take_back) == (0, ())

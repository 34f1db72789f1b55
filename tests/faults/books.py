"""What must be true after any fault."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.points import OrderPointsCaptured
from tests.support.drained import broken_invariants, drain, first_versions, number, rows
from tests.support.line import Line
from tests.support.spending import let_points_pay
from tests.support.traffic import Traffic


async def campaign_on_food(line: Line) -> None:
    """A live campaign: food lines earn again; points pay; and there are stars."""
    await let_points_pay(line)
    stars = {"name": "Stars", "expiry": {"kind": "never"}, "balance_max": 150}
    await line.ask("points-api", "PUT", "/v1/wallets/stars", stars)
    now = datetime.now(UTC)
    spec: dict[str, Any] = {
        "name": {"zh": "美食双倍", "en": "Food twice"},
        "family": None,
        "starts_at": (now - timedelta(days=100)).isoformat(),
        "ends_at": (now + timedelta(days=100)).isoformat(),
        "rule": {
            "kind": "points_multiplier",
            "factor_thousandths": 2000,
            "scope": {"categories": ["food"]},
        },
    }
    made = await line.ask("campaigns", "POST", "/v1/campaigns", spec)
    await line.ask("campaigns", "POST", f"/v1/campaigns/{made['campaign_id']}/publish")


async def check_books(line: Line, traffic: Traffic) -> None:
    """Drain, then hold the books of all services against what was pushed."""
    assert not traffic.refused, traffic.refused[:3]
    await drain(line)
    broken = await broken_invariants(line)
    assert not broken, broken
    await _everything_heard_is_stored(line, traffic)
    await _balances_are_as_bought(line, traffic)
    await _stars_are_as_given(line, traffic)
    await _one_welcome_each(line, traffic)
    for account, versions in (await first_versions(line)).items():
        assert versions == sorted(versions), f"account {account} was told out of order"
    assert await number(line, "points", "SELECT count(*) FROM dead_letter") == 0
    assert await number(line, "campaigns", "SELECT count(*) FROM dead_letter") == 0


async def _everything_heard_is_stored(line: Line, traffic: Traffic) -> None:
    stored = {
        row.receipt_number: row.status
        for row in await rows(line, "points", "SELECT receipt_number, status FROM pos_transaction")
    }
    lost = [n for n in traffic.heard if n not in stored]
    assert lost == [], f"acknowledged and lost: {lost[:5]}"
    waiting = [n for n in traffic.heard if stored[n] != "posted"]
    assert waiting == [], f"still not posted: {waiting[:5]}"


async def _balances_are_as_bought(line: Line, traffic: Traffic) -> None:
    """Of each who is alone in their books; of the household and of the twins together."""
    found = await rows(line, "points", "SELECT account_id, balance FROM account")
    balances = {str(row.account_id): row.balance for row in found}
    ordered = await _taken_by_orders(line, traffic)
    wanted = {
        p.member_id: p.points + p.bonus - p.spent + p.moved - ordered.get(p.member_id, 0)
        for p in traffic.people
    }
    assert any(p.spent for p in traffic.people), "nobody spent anything"
    assert any(p.moved for p in traffic.people), "nothing moved"
    singles, twins, household = traffic.groups
    got = {person.member_id: balances[person.member_id] for person in singles}
    expected = {person.member_id: wanted[person.member_id] for person in singles}
    assert got == expected, (got, expected)
    assert traffic.company is not None
    for group, gone in ((twins, 0), (household, traffic.company.pool_spent)):
        together = sum(balances[person.member_id] for person in group)
        expected_together = sum(wanted[person.member_id] for person in group) - gone
        assert together == expected_together, (together, expected_together)
    assert traffic.company.merges, "nobody was merged"


async def _taken_by_orders(line: Line, traffic: Traffic) -> dict[str, int]:
    """What orders took from whom, by the last answer that each was given; each was answered."""
    assert traffic.company is not None
    told = await rows(
        line, "points", "SELECT type, key FROM outbox WHERE topic = 'points.orders' ORDER BY id"
    )
    last = {row.key: row.type for row in told}
    orders = traffic.company.orders
    assert orders, "nobody ordered anything"
    assert not {str(order_id) for order_id in orders} - set(last), "an order was not answered"
    taken: dict[str, int] = {}
    for order_id, (person, points) in orders.items():
        if last[str(order_id)] == OrderPointsCaptured.TYPE:
            taken[person.member_id] = taken.get(person.member_id, 0) + points
    return taken


async def _stars_are_as_given(line: Line, traffic: Traffic) -> None:
    found = await rows(
        line, "points", "SELECT member_id, balance FROM account WHERE wallet = 'stars'"
    )
    balances = {str(row.member_id): row.balance for row in found}
    singles, twins, household = traffic.groups
    for person in [*singles, *household]:
        stars = balances[person.member_id]
        assert stars == person.stars, (stars, person.stars)
    assert sum(balances[p.member_id] for p in twins) == sum(p.stars for p in twins)


async def _one_welcome_each(line: Line, traffic: Traffic) -> None:
    counts = await rows(
        line,
        "notifications",
        "SELECT member_id, count(*) AS n FROM message WHERE cause_kind = 'enrolled' "
        "GROUP BY member_id",
    )
    by_member = {str(row.member_id): row.n for row in counts}
    assert {p.member_id: by_member.get(p.member_id) for p in traffic.people} == {
        p.member_id: 1 for p in traffic.people
    }

"""What must be true after any fault."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.drained import broken_invariants, drain, first_versions, number, rows
from tests.support.line import Line
from tests.support.spending import let_points_pay
from tests.support.traffic import Traffic


async def campaign_on_food(line: Line) -> None:
    """A live campaign: food lines earn again; and points pay."""
    await let_points_pay(line)
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
    assert await broken_invariants(line) == {}
    await _everything_heard_is_stored(line, traffic)
    await _balances_are_as_bought(line, traffic)
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
    balances = {
        str(row.account_id): row.balance
        for row in await rows(line, "points", "SELECT account_id, balance FROM account")
    }
    wanted = {p.member_id: p.points + p.bonus - p.spent for p in traffic.people}
    assert any(p.spent for p in traffic.people), "nobody spent anything"
    got = {member_id: balances[member_id] for member_id in wanted}
    assert got == wanted


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

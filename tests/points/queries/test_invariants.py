"""Each kind of damage is seen by the invariant that is there for it."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from services.points.queries.invariants import INVARIANTS, check_invariants
from shared.db import transaction
from shared.outbox import PARTITION_ROWS
from tests.points.mall import Mall

POSTING = "WHERE program_id = :p AND version = 1"
DAMAGE = {
    "I1_postings_sum_to_balance": "UPDATE account SET balance = balance + 1 WHERE program_id = :p",
    "I2_versions_without_gaps": f"DELETE FROM posting {POSTING}",
    "I2_balances_chained": f"UPDATE posting SET balance_after = balance_after + 1 {POSTING}",
    "I3_open_lots_less_debt_is_balance": (
        "UPDATE lot SET remaining = remaining - 1 WHERE program_id = :p AND remaining > 0"
    ),
    "I3_takes_explain_lots": "UPDATE lot_take SET points = points + 1 WHERE program_id = :p",
    "I3_open_holds_are_held": "UPDATE account SET held = held + 1 WHERE program_id = :p",
    "I3_redemptions_returned_within": (
        "INSERT INTO redemption (program_id, redemption_id, account_id, version, points, "
        "reference, recorded_at) SELECT program_id, gen_random_uuid(), account_id, 999, 1, 'r', "
        "now() FROM account WHERE program_id = :p"
    ),
    "I3_only_what_ended_expires": (
        "UPDATE posting SET kind = 'expire' WHERE program_id = :p AND points < 0"
    ),
    "I3_moves_between_accounts_sum_to_nothing": (
        "UPDATE posting SET counter_account = 'transfer' WHERE program_id = :p AND version = 1"
    ),
    "I3_merged_accounts_are_empty": (
        "UPDATE account SET status = 'merged', merged_into = gen_random_uuid() "
        "WHERE program_id = :p"
    ),
    "I3_freezes_have_open_cases": (
        "UPDATE account SET frozen_case = gen_random_uuid() WHERE program_id = :p"
    ),
    "I4_debt_only_by_clawback": (
        "UPDATE posting SET balance_after = -5, kind = 'adjustment' "
        "WHERE program_id = :p AND points < 0"
    ),
    "I5_one_posting_per_receipt": "UPDATE posting SET source_id = gen_random_uuid()",
    "I6_clawed_within_earned": (
        "UPDATE pos_transaction SET total_minor = total_minor * 9 "
        "WHERE program_id = :p AND kind = 'refund'"
    ),
    "I6_refunds_gave_back_what_paid": (
        "INSERT INTO redemption (program_id, redemption_id, account_id, version, points, "
        "reference, transaction_id, recorded_at) SELECT program_id, gen_random_uuid(), member_id, "
        "999, 100, 'r', transaction_id, now() FROM pos_transaction "
        "WHERE program_id = :p AND kind = 'sale'"
    ),
    "I8_every_posting_was_told": (
        "DELETE FROM outbox WHERE program_id = :p AND type = 'points.posted.v1'"
    ),
    "I16_liability_moved_as_postings": (
        "INSERT INTO liability_day (program_id, day, time_zone, starts_at, ends_at, built_at) "
        "SELECT program_id, recorded_at::date, 'UTC', now(), now(), now() FROM posting "
        "WHERE program_id = :p LIMIT 1"
    ),
    "I16_liability_opens_as_it_closed": (
        "INSERT INTO liability_row (program_id, day, row_number, wallet, vintage, opening, issued, "
        "redeemed, expired, clawed_back, adjusted, transferred, imported, repaid, closing) "
        "VALUES (:p, '2026-03-11', 1, 'points', '2026-03-01', 5, 0, 0, 0, 0, 0, 0, 0, 0, 5)"
    ),
    "I17_clearing_is_what_was_burned": (
        "INSERT INTO clearing_entry (program_id, account_id, version, lot_version, "
        "burning_mall_id, points, recorded_at, priced_at) SELECT program_id, account_id, version, "
        "1, gen_random_uuid(), 5, now(), now() FROM posting WHERE program_id = :p"
    ),
    "I17_statements_keep_their_entries": (
        "INSERT INTO clearing_statement (program_id, statement_id, ends_at, entries, made_at, "
        "made_by) VALUES (:p, gen_random_uuid(), now(), 1, now(), 'x')"
    ),
    "I17_statements_net_each_wallet": (
        "WITH s AS (INSERT INTO clearing_statement (program_id, statement_id, ends_at, entries, "
        "made_at, made_by, by_wallet) VALUES (:p, gen_random_uuid(), now(), 0, now(), 'x', true) "
        "RETURNING program_id, statement_id) INSERT INTO clearing_line (program_id, statement_id, "
        "line_number, wallet, creditor_mall_id, currency, points, amount_minor) "
        "SELECT program_id, statement_id, 1, 'stars', gen_random_uuid(), 'CNY', 1, 1 FROM s"
    ),
    "I18_opening_balances_are_imports": (
        "INSERT INTO opening_import (program_id, import_id, status, file_format, made_by, made_at, "
        "rows_posted) VALUES (:p, gen_random_uuid(), 'done', 'csv', 'x', now(), 1)"
    ),
    "I12_no_cap_granted_too_much": (
        "WITH policy AS (INSERT INTO earning_policy (program_id, version, effective_from, spec, "
        """recorded_at, recorded_by) VALUES (:p, 1, now(), '{"caps": [{"code": "d", """
        """"points": 1}]}', now(), 'x')) """
        "INSERT INTO cap_usage (program_id, account_id, cap, period, points, times, last_at) "
        "VALUES (:p, :p, 'earn:d', 'ever', 2, 1, now())"
    ),
    "I20_no_night_is_left_open": (
        "INSERT INTO night_run (program_id, due_at, night_on, time_zone, step, started_at) "
        "SELECT :p, d, d, 'UTC', 'expire', d FROM (VALUES ('2026-03-01Z'::timestamptz), "
        "('2026-03-03Z')) x (d)"
    ),
    "I21_what_is_held_back_has_an_open_case": (
        "UPDATE pos_transaction SET status = 'in_review' WHERE program_id = :p AND kind = 'sale'"
    ),
    "I19_activities_are_posted": (
        "UPDATE posting SET source_kind = 'activity' WHERE program_id = :p AND version = 1"
    ),
    "I15_nothing_waits_beside_its_member": (
        "UPDATE pos_transaction SET status = 'waiting_member' "
        "WHERE program_id = :p AND kind = 'sale'"
    ),
    "I15_nothing_waits_beside_its_sale": (
        "UPDATE pos_transaction SET status = 'waiting_sale' "
        "WHERE program_id = :p AND kind = 'refund'"
    ),
}


async def broken(mall: Mall) -> set[str]:
    async with transaction(mall.engine) as session:
        return {name for name, rows in (await check_invariants(session)).items() if rows}


def test_there_is_damage_for_every_invariant() -> None:
    assert set(DAMAGE) == set(INVARIANTS)


def test_the_readme_lists_every_invariant_by_number() -> None:
    readme = Path(__file__).parents[3] / "services" / "points" / "README.md"
    listed = re.findall(r"^\| `(I\d+_\w+)` \|", readme.read_text(), re.MULTILINE)
    assert set(listed) == set(INVARIANTS)
    numbers = [int(name[1:].split("_")[0]) for name in listed]
    assert numbers == sorted(numbers)


async def test_each_damage_is_seen_and_told_to_those_who_run_the_service(
    damaged_mall: Mall,
) -> None:
    member_id = await damaged_mall.enrol()
    sale = await damaged_mall.sold(10_000, member_id=member_id)
    damaged_mall.clock.advance(seconds=1)
    await damaged_mall.push(damaged_mall.refund(sale, (1, 2_000)))
    assert await broken(damaged_mall) == set()
    for name, damage in DAMAGE.items():
        with pytest.raises(LookupError):
            await _damage_and_look(damaged_mall, name, damage)
    await damaged_mall.execute(DAMAGE["I1_postings_sum_to_balance"])
    report = (await damaged_mall.get("/internal/invariants")).json()
    assert not report["holds"]
    assert report["broken"]["I1_postings_sum_to_balance"] == 1


async def test_postings_whose_outbox_rows_were_dropped_by_age_are_not_missed(
    damaged_mall: Mall,
) -> None:
    """Who waited for a lock tells with an earlier time than rows that are gone already."""
    mall = damaged_mall
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await mall.execute(
        "SELECT setval(pg_get_serial_sequence('outbox', 'id'), :n)", n=PARTITION_ROWS
    )
    mall.clock.advance(seconds=-30)
    await mall.sold(10_000, member_id=member_id)
    await mall.execute("DROP TABLE outbox_0")
    assert await broken(mall) == set()
    # Much later, what is told is missed again.
    mall.clock.advance(days=1)
    await mall.sold(10_000, member_id=member_id)
    await mall.execute("DELETE FROM outbox WHERE data::json ->> 'version' = '3'")
    assert await broken(mall) == {"I8_every_posting_was_told"}


async def test_every_posting_is_missed_as_long_as_nothing_was_dropped(damaged_mall: Mall) -> None:
    await damaged_mall.sold(10_000, member_id=await damaged_mall.enrol())
    await damaged_mall.execute("DELETE FROM outbox WHERE type = 'points.posted.v1'")
    assert await broken(damaged_mall) == {"I8_every_posting_was_told"}


async def _damage_and_look(mall: Mall, name: str, damage: str) -> None:
    """Break the books, look, and take it back by raising."""
    async with transaction(mall.engine) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        values = {"p": mall.program_id} if ":p" in damage else {}
        await session.execute(text(damage), values)
        assert (await check_invariants(session))[name] > 0, name
        raise LookupError("taken back")

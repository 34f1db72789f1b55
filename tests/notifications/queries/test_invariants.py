from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.queries.invariants import check_invariants
from shared.clock import utc_now
from shared.db import driver
from tests.notifications.hearsay import Hearsay


async def broken_after(hearsay: Hearsay, *statements: str) -> set[str]:
    """Which invariants notice, when somebody does this to the database by hand; it is undone."""
    async with AsyncSession(hearsay.engine) as session:
        for statement in statements:
            await (await driver(session)).execute(statement)
        return {name for name, count in (await check_invariants(session)).items() if count}


@pytest.mark.parametrize(
    ("invariant", "statements"),
    [
        (
            "I13_one_message_per_member_cause_step_channel",
            [
                "ALTER TABLE message DROP CONSTRAINT uq_message_once",
                "UPDATE message SET cause_kind = 'tier_up', cause_id = 'gold:1'",
            ],
        ),
        (
            "sent_has_its_time_and_words",
            [
                "ALTER TABLE message DROP CONSTRAINT ck_message_sent_and_told",
                "UPDATE message SET sent_at = NULL",
            ],
        ),
        ("I8_sent_has_its_outbox_row", ["DELETE FROM outbox"]),
        (
            "I15_nothing_waits_for_a_known_member",
            [
                "UPDATE message SET state = 'waiting_member', locale = NULL, planned_at = NULL, "
                "template_version = NULL, sent_at = NULL, delivered_event_id = NULL"
            ],
        ),
        (
            "nothing_is_overdue_by_an_hour",
            [
                "UPDATE message SET state = 'planned', sent_at = NULL, "
                "delivered_event_id = NULL, due_at = now() - interval '61 minutes'"
            ],
        ),
    ],
)
async def test_each_invariant_notices_what_breaks_it(
    hearsay: Hearsay, invariant: str, statements: list[str]
) -> None:
    member = hearsay.enrolled()
    await hearsay.hear(hearsay.tiers(), member, hearsay.granted(member.member_id))
    await hearsay.send()
    assert await hearsay.broken() == {}
    assert await broken_after(hearsay, *statements) == {invariant}


async def test_a_message_of_half_an_hour_ago_is_not_overdue(hearsay: Hearsay) -> None:
    hearsay.clock.now = utc_now() - timedelta(minutes=30)
    await hearsay.hear(hearsay.enrolled())
    assert await hearsay.broken() == {}


async def test_news_that_was_dropped_with_old_partitions_is_not_missed(hearsay: Hearsay) -> None:
    await hearsay.hear(hearsay.tiers(), hearsay.enrolled())
    await hearsay.send()
    assert await broken_after(hearsay, "DROP TABLE outbox_0") == set()

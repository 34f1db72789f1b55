"""The news of a message, which is written by hand, is what its model says."""

from datetime import UTC, datetime

from services.notifications.domain.causes import CauseKind
from services.notifications.storage.news import delivered_news
from shared.contracts.notifications import MessageDelivered
from shared.ids import new_id
from tests.notifications.domain.samples import make_due

NOW = datetime(2026, 3, 10, 4, 5, 6, 789, UTC)


def test_the_news_of_a_message_reads_as_its_event() -> None:
    due = make_due(CauseKind.TIER_UP, cause_id='gold "plus"\\\n黄金:7')
    event_id = new_id()
    told = delivered_news(due, event_id, NOW)
    event = MessageDelivered.model_validate_json(told.data)
    assert event == MessageDelivered(
        program_id=due.program_id,
        message_id=due.message_id,
        member_id=due.member_id,
        channel="inbox",
        template=due.template_name,
        cause_kind="tier_up",
        cause_id=due.cause_id,
        delivered_at=NOW,
    )
    assert told.key == event.key()
    assert told[:4] == (due.program_id, event_id, event.TYPE, event.TOPIC)
    assert told[6:] == (NOW, due.correlation_id, due.traceparent)

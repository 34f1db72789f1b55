"""Messages for the pure rules' tests."""

from typing import Any
from uuid import UUID

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.messages import Channel, DueMessage
from tests.support.clock import NOON

MEMBER = UUID(int=7)
MALL = UUID(int=9)
FACTS: dict[CauseKind, dict[str, Any]] = {
    CauseKind.ENROLLED: {"member_number": "412345678903", "tier": "basic", "mall_id": None},
    CauseKind.TIER_UP: {"tier": "gold", "from_tier": "silver"},
    CauseKind.REWARD_POINTS: {
        "points": 1200,
        "campaign_name": "Spring",
        "explanation": {"en": "You spent 900.00.", "zh-CN": "消费满900元。"},
        "mall_id": str(MALL),
    },
    CauseKind.REWARD_GIFT: {
        "gift_name": "Tea set",
        "campaign_name": "Spring",
        "explanation": {"en": "You spent 900.00."},
        "mall_id": None,
    },
    CauseKind.POINTS_EXPIRING: {
        "points": 150,
        "first_day": "2026-04-05",
        "first_points": 120,
        "last_day": "2026-04-30",
    },
}


def make_due(kind: CauseKind, **values: Any) -> DueMessage:
    """A message about to be decided; `facts` are added to those of its kind."""
    facts = {**FACTS[kind], **values.pop("facts", {})}
    said: dict[str, Any] = {
        "program_id": UUID(int=1),
        "message_id": UUID(int=2),
        "member_id": MEMBER,
        "cause_id": "cause",
        "occurred_at": NOON,
        "channel": Channel.INBOX,
        "locale": "en",
        "template_version": 0,
        "planned_at": NOON,
        "sent_at": None,
        "correlation_id": "",
        "traceparent": "",
    }
    return DueMessage(**{**said, **values}, kind=kind, facts=facts)

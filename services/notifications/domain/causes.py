"""What a message can be about, and which variables each kind of cause offers to its templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class CauseKind(StrEnum):
    """The kind of thing that happened to a member."""

    ENROLLED = "enrolled"
    TIER_UP = "tier_up"
    REWARD_POINTS = "reward_points"
    REWARD_GIFT = "reward_gift"
    POINTS_EXPIRING = "points_expiring"


class VariableKind(StrEnum):
    """`integer` is a whole number; `text` never is blank; `day` is text, worded by locale."""

    TEXT = "text"
    INTEGER = "integer"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that templates of a cause may name. `example` stands in for previews."""

    kind: VariableKind
    meaning: str
    example: str | int


class Cause(NamedTuple):
    """Something that happened and that the member is told once.

    `(member, kind, cause_id, step)` is unique for ever. `facts` is a JSON object: what templates
    need and the event knew. Back-dated causes (imports) are told like any other.
    """

    member_id: UUID
    kind: CauseKind
    cause_id: str
    occurred_at: datetime
    facts: Mapping[str, Any]
    step: int = 1
    correlation_id: str = ""
    traceparent: str = ""


_TIER = Variable(VariableKind.TEXT, "the name of the tier that the member now holds", "Gold")
_ON = Variable(VariableKind.DAY, "the day it happened, in the mall's time zone", "10 March 2026")
_CAMPAIGN = Variable(VariableKind.TEXT, "the campaign's name", "Spring in the mall")
_WHY = Variable(
    VariableKind.TEXT, "why it was given, in the member's language", "You spent 900.00 today."
)

VARIABLES: Mapping[CauseKind, Mapping[str, Variable]] = {
    CauseKind.ENROLLED: {
        "member_number": Variable(VariableKind.TEXT, "the member's number", "412345678903"),
        "tier_name": _TIER,
        "happened_on": _ON,
    },
    CauseKind.TIER_UP: {
        "tier_name": _TIER,
        "from_tier_name": Variable(VariableKind.TEXT, "the tier held before", "Silver"),
        "happened_on": _ON,
    },
    CauseKind.REWARD_POINTS: {
        "points": Variable(VariableKind.INTEGER, "the points given", 1200),
        "campaign_name": _CAMPAIGN,
        "explanation": _WHY,
        "happened_on": _ON,
    },
    CauseKind.REWARD_GIFT: {
        "gift_name": Variable(VariableKind.TEXT, "the gift's name", "Tea set"),
        "campaign_name": _CAMPAIGN,
        "explanation": _WHY,
        "happened_on": _ON,
    },
    CauseKind.POINTS_EXPIRING: {
        "points": Variable(VariableKind.INTEGER, "all points that end in the month", 150),
        "first_day": Variable(
            VariableKind.DAY, "the last day of those that end first", "5 April 2026"
        ),
        "first_points": Variable(VariableKind.INTEGER, "the points that end first", 120),
        "last_day": Variable(
            VariableKind.DAY, "the last day of those that end last", "30 April 2026"
        ),
    },
}

# A constant and not a setting: another length would give old causes new identities.
TIER_UP_PERIOD = timedelta(days=180)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tier_up_cause_id(to_tier: str, effective_at: datetime) -> str:
    """The identity of a rise to `to_tier`: the same for all of a half-year period.

    A late receipt or refund makes membership tell the same rise again with another version and a
    moved instant; the member must not be congratulated twice for it.
    """
    return f"{to_tier}:{(effective_at - _EPOCH) // TIER_UP_PERIOD}"

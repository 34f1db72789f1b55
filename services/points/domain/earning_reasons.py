"""Why a sale earned what it earned, as JSON, for whoever asks later."""

import json

from services.points.domain.caps import Note
from services.points.domain.earning import Rating
from services.points.domain.receipts import text_of


def rating_reason(rating: Rating, tier: str | None, more: str = "") -> str:
    """The inputs of an earning; `more` are further members.

    Written by hand, for it is made with every sale; codes need no escaping.
    """
    policy, scale = rating.policy, rating.scale
    named = "null" if tier is None else f'"{tier}"'
    rates = ",".join(
        f'{part.text}, "eligible_minor": {eligible // scale}}}'
        for part, eligible in rating.by_part()
    )
    return (
        f'{{"rule":"earning_policy","policy_id":"{text_of(policy.policy_id)}",'
        f'"policy_version":{policy.version},"tier":{named},'
        f'"multiplier_milli":{rating.multiplier_milli(tier)},"rates":[{rates}],'
        f'"eligible_minor":{rating.eligible_minor},"weight":{rating.total_weight},'
        f'"denominator":{rating.denominator},"rounding":"{policy.rounding}",'
        f'"rounding_level":"{policy.rounding_level}"{more}}}'
    )


def minimum_note(rating: Rating) -> Note:
    """Why a receipt below the minimum earns nothing."""
    return {
        "code": "below_minimum",
        "minimum_minor": rating.policy.minimum_minor,
        "eligible_minor": rating.eligible_minor,
    }


def is_cooled_down(notes: str | None) -> bool:
    """Whether the notes of a receipt say that the cooldown took its points."""
    return notes is not None and any(note["code"] == "cooldown" for note in json.loads(notes))

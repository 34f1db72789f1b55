"""Why a sale earned what it earned, as JSON, for whoever asks later."""

import json

from services.points.domain.receipts.caps import Note
from services.points.domain.receipts.earning import Rating


def rating_reason(rating: Rating, tier: str | None, more: str = "") -> str:
    """The inputs of an earning; `more` are further members.

    Written by hand, for it is made with every sale; codes need no escaping.
    """
    scale = rating.scale
    about, rounding = rating.policy.told
    named = "null" if tier is None else f'"{tier}"'
    rates = ",".join(
        [
            f'{text},"eligible_minor":{eligible // scale}}}'
            for text, eligible in rating.by_text().items()
        ]
    )
    return (
        f'{{"rule":"earning_policy",{about},"tier":{named},'
        f'"multiplier_milli":{rating.multiplier_milli(tier)},"rates":[{rates}],'
        f'"eligible_minor":{rating.eligible_minor},"weight":{rating.total_weight},'
        f'"denominator":{rating.denominator},{rounding}{more}}}'
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

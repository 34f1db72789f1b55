"""From what the event knew (facts) and what we copied (directory) to a template's variables."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.notifications.domain.causes import VARIABLES, VariableKind
from services.notifications.domain.directory import Directory
from services.notifications.domain.locales import LOCALES, format_day
from services.notifications.domain.messages import DueMessage

# Names come from other services' people; no text column takes NUL, and no title wants a line break.
_WITHOUT_CONTROLS = {number: " " for number in [*range(32), 127]}
_TIER_FACTS = {"tier_name": "tier", "from_tier_name": "from_tier"}


def fill_variables(due: DueMessage, directory: Directory) -> dict[str, str | int]:
    """The variables that can be told now; one that is absent is not known here yet."""
    filled: dict[str, str | int] = {}
    for name, variable in VARIABLES[due.kind].items():
        is_day = variable.kind is VariableKind.DAY
        value = _day(name, due, directory) if is_day else _value(name, due, directory)
        if isinstance(value, str):
            # Whatever is printable has none.
            value = value if value.isprintable() else value.translate(_WITHOUT_CONTROLS)
            value = value.strip()
        if value is not None and value != "":
            filled[name] = value
    return filled


def _value(name: str, due: DueMessage, directory: Directory) -> Any:
    if name in _TIER_FACTS:
        return directory.tier_names.get(due.facts[_TIER_FACTS[name]])
    if name == "explanation":
        return _in_language(due.facts["explanation"], due.locale, due.facts["campaign_name"])
    return due.facts.get(name)


def _day(name: str, due: DueMessage, directory: Directory) -> str:
    if name in due.facts:
        return format_day(date.fromisoformat(due.facts[name]), due.locale)
    mall_id = _mall_id(due.facts.get("mall_id"))
    at: datetime = due.occurred_at
    return format_day(directory.local_day(at, mall_id, due.member_id), due.locale)


@lru_cache(maxsize=1_000)
def _mall_id(named: str | None) -> UUID | None:
    return UUID(named) if named else None


def _in_language(sentences: dict[str, str], locale: str, otherwise: str) -> str:
    """The sentence in the member's language, else in one that we write, else the campaign's name.

    A campaign without a sentence still has a name, and a message must not have a hole.
    """
    for language in (locale, *LOCALES):
        if sentences.get(language):
            return sentences[language]
    return otherwise

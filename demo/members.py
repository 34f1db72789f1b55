"""The households as members: enrolled a day before they first bought, known by their phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from demo.receipts import DemoHousehold, households
from demo.stack import DemoProblem, Staff
from demo.year import Year

BATCH_ITEMS = 500
# +86 170 0000 0001 and on: a range of virtual operators. Nobody is called, and nothing is sent.
PHONE_PREFIX = "1700000"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A household as membership knows it."""

    household: int
    member_id: UUID
    member_number: str


def phone_of(household: int) -> str:
    """The household's phone, always the same: so it is the same member in every replay."""
    return f"{PHONE_PREFIX}{household:04d}"


def enrolment_of(household: DemoHousehold, year: Year) -> dict[str, Any]:
    """What is imported of the household. Every third one reads English."""
    return {
        "channel": "import",
        "phone": phone_of(household.number),
        "locale": "en" if household.number % 3 == 0 else "zh-CN",
        "enrolled_at": year.instant(household.first_bought_wall - ONE_DAY).isoformat(),
    }


def enrol(staff: Staff, year: Year, count: int | None) -> tuple[dict[int, DemoMember], int]:
    """The members by household, of the first `count` households; and how many of them are new.

    Raises DemoProblem when one is refused.
    """
    chosen = households()[:count]
    members: dict[int, DemoMember] = {}
    new = 0
    for start in range(0, len(chosen), BATCH_ITEMS):
        part = chosen[start : start + BATCH_ITEMS]
        items = [enrolment_of(household, year) for household in part]
        answer = staff.send("POST", "membership", "/v1/members/batch", {"items": items})
        new += _keep(members, part, answer["items"])
    return members, new


def _keep(
    members: dict[int, DemoMember],
    part: Sequence[DemoHousehold],
    results: Sequence[Mapping[str, Any]],
) -> int:
    for household, result in zip(part, results, strict=True):
        if result["status"] == "rejected":
            raise DemoProblem(f"household {household.number} was not enrolled: {result}")
        told = result["member"]
        members[household.number] = DemoMember(
            household.number, UUID(told["member_id"]), told["member_number"]
        )
    return sum(result["status"] == "created" for result in results)

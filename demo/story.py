"""One member's year, as the four services tell it to the staff who ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo.members import DemoMember
from demo.stack import Paging, Staff
from demo.totals import Figures
from demo.year import ZONE

# What makes a year worth telling, most telling first.
EVENTFUL = ("refunds", "gifts", "tier rises", "bonuses")
ORDINARY_MAX = 2  # receipts told one by one before they are told together
SMALL_POINTS = 50  # bonus points below this are ordinary
RECEIPTS = Paging("receipts", "next_before", "before")
POSTINGS = Paging("postings", "next_before", "before")
MESSAGES = Paging("messages", "next_cursor", "cursor")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a service knows of the member. `is_ordinary`: there are many of the kind."""

    at: datetime
    service: str
    text: str
    is_ordinary: bool = False


def most_eventful(members: Mapping[int, Figures]) -> int | None:
    """The household with most kinds of events, then most events, then the lowest number."""
    if not members:
        return None

    def weight(household: int) -> tuple[int, int, int]:
        counts = [members[household][name] for name in EVENTFUL]
        return sum(count > 0 for count in counts), sum(min(c, 4) for c in counts), -household

    return max(members, key=weight)


def read_story(staff: Staff, member: DemoMember) -> list[Moment]:
    """All moments of the member in order of time."""
    place = f"/v1/members/{member.member_id}"
    moments = _of_membership(
        staff.get("membership", place), staff.get("membership", f"{place}/tier")
    )
    moments += _of_points(staff, place)
    moments += [
        Moment(_at(grant["granted_at"]), "campaigns", _reward(grant), _is_small(grant))
        for grant in staff.pages("campaigns", f"{place}/grants", limit=200)
    ]
    moments += [
        Moment(
            _at(message["occurred_at"]),
            "notifications",
            f"message: {message['title']} | {message['body']}",
            message["cause"] == "reward_points",
        )
        for message in staff.pages("notifications", f"{place}/messages", MESSAGES)
    ]
    order = ("points", "membership", "campaigns", "notifications")
    return sorted(moments, key=lambda moment: (moment.at, order.index(moment.service)))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _of_membership(member: Mapping[str, Any], tier: Mapping[str, Any]) -> list[Moment]:
    words = {"enrolled": "joined as", "spend": "rose to", "validity_ended": "fell to"}
    return [
        Moment(_at(step["since"]), "membership", f"{words[step['cause']]} {step['tier']}")
        for step in tier["timeline"]
    ]


def _of_points(staff: Staff, place: str) -> list[Moment]:
    """Every posting with the sentence that explains it; receipts by their money too."""
    receipts = {
        one["transaction_id"]: one for one in staff.pages("points", f"{place}/receipts", RECEIPTS)
    }
    moments = []
    for posting in reversed(staff.pages("points", f"{place}/postings", POSTINGS)):
        told = staff.get("points", f"{place}/postings/{posting['version']}")
        receipt = receipts.get(told["source_id"])
        paper = f"{receipt['kind']} of {receipt['total_minor'] / 100:,.2f}: " if receipt else ""
        moved = f"({posting['points']:+,} → {posting['balance_after']:,})"
        text = f"{paper}{told['sentences']['en']} {moved}"
        at = _at(told["purchased_at"] or told["recorded_at"])
        is_ordinary = posting["kind"] in ("earn", "rerate") or (
            posting["kind"] == "reward" and posting["points"] < SMALL_POINTS
        )
        moments.append(Moment(at, "points", text, is_ordinary))
    return moments


def _is_small(grant: Mapping[str, Any]) -> bool:
    return grant["kind"] == "points" and (grant["points"] or 0) < SMALL_POINTS


def _reward(grant: Mapping[str, Any]) -> str:
    what = grant["gift_name_en"] or f"{grant['points']:,} bonus points"
    state = "" if grant["status"] == "granted" else f" [{grant['status']}]"
    return f"{what}{state}: {grant['explanation']['en']}"


def render(moments: Sequence[Moment]) -> list[str]:
    """A line a moment; of ordinary ones in a row the first few, then how many more there were."""
    lines: list[str] = []
    ordinary: list[Moment] = []

    def tell_ordinary() -> None:
        shown, more = ordinary[:ORDINARY_MAX], ordinary[ORDINARY_MAX:]
        lines.extend(_line(moment) for moment in shown)
        if more:
            lines.append(f"{'':16}  {'':13}  … and {len(more)} more like these")
        ordinary.clear()

    for moment in moments:
        if moment.is_ordinary:
            ordinary.append(moment)
            continue
        tell_ordinary()
        lines.append(_line(moment))
    tell_ordinary()
    return lines


def _line(moment: Moment) -> str:
    return f"{moment.at.astimezone(ZONE):%Y-%m-%d %H:%M}  {moment.service:13}  {moment.text}"

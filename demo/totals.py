"""What the year came to, per member, read from the four databases as an auditor would.

Everything counted is a state that the same receipts always end in, never how it was reached: a
tier that was heard of late is a correction in one replay and none in another, but what a sale has
earned in the end is the same. The digest covers every figure of every member, without an id.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from demo.drain import Databases, open_databases
from demo.members import DemoMember
from demo.stack import Stack
from demo.year import Year

Figures = Counter[str]

_RECEIPTS = """
    SELECT member_id, kind, count(*) AS receipts, sum(total_minor)::bigint AS minor,
           sum(earned)::bigint AS earned, sum(clawed)::bigint AS clawed
    FROM pos_transaction WHERE program_id = $1 AND member_id = ANY ($2) AND status = 'posted'
    GROUP BY member_id, kind"""
_BALANCES = """
    SELECT account_id AS member_id, balance FROM account
    WHERE program_id = $1 AND account_id = ANY ($2)"""
_BONUSES = """
    SELECT account_id AS member_id, sum(points)::bigint AS points FROM posting
    WHERE program_id = $1 AND account_id = ANY ($2)
      AND source_kind IN ('reward', 'reward_reversal') GROUP BY account_id"""
_PROFILES = """
    SELECT member_id, visits, spend_minor FROM member_profile
    WHERE program_id = $1 AND member_id = ANY ($2)"""
_TIERS = (
    "SELECT member_id, timeline FROM member_tier WHERE program_id = $1 AND member_id = ANY ($2)"
)
_GRANTS = """
    SELECT g.member_id, v.spec -> 'name' ->> 'en' AS campaign, g.kind, g.unit_key,
           g.grant_id::text AS grant_id, g.status <> 'revoked' AS stands,
           coalesce(g.points - g.points_revoked, 0) AS points
    FROM reward_grant g JOIN campaign_version v USING (program_id, campaign_id, version)
    WHERE g.program_id = $1 AND g.member_id = ANY ($2)"""
_MESSAGES = """
    SELECT member_id, cause_kind, cause_id FROM message
    WHERE program_id = $1 AND member_id = ANY ($2) AND state = 'sent'"""


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of all members together, each member's, and a digest of all of them.

    `asides` may differ from replay to replay: a reward whose sale and refund are heard in one
    breath is never given, and one whose refund is heard later is given, told, and taken back.
    """

    sums: dict[str, int]
    members: Mapping[int, Figures]
    digest: str
    asides: dict[str, int]


async def read_totals(stack: Stack, members: Mapping[int, DemoMember], year: Year) -> Totals:
    """The totals of these members."""
    household_of = {member.member_id: member.household for member in members.values()}
    figures: dict[int, Figures] = {household: Counter() for household in members}
    tiers: dict[int, list[list[str]]] = {}
    asked = stack.program_id, list(household_of)
    async with open_databases(stack) as databases:
        for row in await databases["membership"].fetch(_TIERS, *asked):
            tiers[household_of[row["member_id"]]] = tier_steps(json.loads(row["timeline"]), year)
        found = await _read_counts(databases, asked)
        rewards, asides = _count_rewards(
            await databases["campaigns"].fetch(_GRANTS, *asked),
            await databases["notifications"].fetch(_MESSAGES, *asked),
        )
    for member_id, name, value in (*found, *rewards):
        figures[household_of[member_id]][name] += value
    for household, steps in tiers.items():
        figures[household]["tier rises"] = sum(cause == "spend" for _, _, cause in steps)
    sums: Counter[str] = Counter()
    for one in figures.values():
        sums.update(one)
    return Totals(dict(sorted(sums.items())), figures, digest_of(figures, tiers), asides)


def tier_steps(timeline: list[dict[str, str]], year: Year) -> list[list[str]]:
    """The tiers held within the year: (tier, since by the data's clock, cause).

    What lapses after the year does so by the real clock, so it depends on the day of looking.
    """
    steps = ((step, datetime.fromisoformat(step["since"])) for step in timeline)
    return [
        [step["tier"], year.wall(since).isoformat(), step["cause"]]
        for step, since in steps
        if since < year.ends_at
    ]


def digest_of(figures: Mapping[int, Figures], tiers: Mapping[int, list[list[str]]]) -> str:
    """16 hex digits that differ when any figure or tier of any household differs."""
    told = [
        [household, sorted((k, v) for k, v in one.items() if v), tiers.get(household, [])]
        for household, one in sorted(figures.items())
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


Count = tuple[UUID, str, int]


async def _read_counts(databases: Databases, asked: tuple[UUID, list[UUID]]) -> list[Count]:
    points, membership = databases["points"], databases["membership"]
    found: list[Count] = []
    for row in await points.fetch(_RECEIPTS, *asked):
        member_id, kind = row["member_id"], row["kind"]
        found += [
            (member_id, f"{kind}s", row["receipts"]),
            (member_id, f"{kind}s minor", row["minor"]),
            (member_id, "points earned", row["earned"]),
            (member_id, "points clawed back", row["clawed"]),
        ]
    for row in await points.fetch(_BALANCES, *asked):
        found.append((row["member_id"], "points balance", row["balance"]))
    for row in await points.fetch(_BONUSES, *asked):
        found.append((row["member_id"], "points bonus", row["points"]))
    for row in await membership.fetch(_PROFILES, *asked):
        found.append((row["member_id"], "visits", row["visits"]))
        found.append((row["member_id"], "spend minor", row["spend_minor"]))
    return found


def _count_rewards(
    grants: Sequence[Any], messages: Sequence[Any]
) -> tuple[list[Count], Counter[str]]:
    """Rewards that stand, by what earned them, and the messages about them; the rest aside.

    Several grants may add up to one reward (its points grew), so rewards are counted by unit.
    """
    asides: Counter[str] = Counter()
    units: dict[str, tuple[UUID, str, str, str]] = {}
    found: list[Count] = []
    for grant in grants:
        found.append((grant["member_id"], "points granted", grant["points"]))
        asides["rewards taken back"] += not grant["stands"]
        if grant["stands"]:
            units[grant["grant_id"]] = tuple(
                grant[name] for name in ("member_id", "campaign", "kind", "unit_key")
            )
    for member_id, campaign, kind, _ in set(units.values()):
        what = "gifts" if kind == "gift" else "bonuses"
        found += [(member_id, what, 1), (member_id, f"{what}: {campaign}", 1)]
    told = set()
    for message in messages:
        kind, cause_id = message["cause_kind"], message["cause_id"]
        if kind.startswith("reward_") and cause_id not in units:
            asides["messages about rewards taken back"] += 1
        else:
            told.add((message["member_id"], kind, units.get(cause_id, cause_id)))
    for member_id, kind, _ in told:
        found += [(member_id, "messages", 1), (member_id, f"messages: {kind}", 1)]
    return found, asides


def contradictions(totals: Totals) -> list[str]:
    """Where the services disagree with each other; none when all heard the same."""
    found = []
    get = totals.sums.get
    for left, right, what in (
        (
            get("points earned", 0) - get("points clawed back", 0) + get("points bonus", 0),
            get("points balance", 0),
            "points earned - clawed back + bonus, and the balances",
        ),
        (
            get("points granted", 0),
            get("points bonus", 0),
            "points granted by campaigns, and bonus points in the ledger",
        ),
        (
            get("sales minor", 0) - get("refunds minor", 0),
            get("spend minor", 0),
            "sales less refunds in points, and the spend in membership",
        ),
        (get("sales", 0), get("visits", 0), "sales in points, and visits in membership"),
    ):
        if left != right:
            found.append(f"{what}: {left:,} and {right:,}")
    return found

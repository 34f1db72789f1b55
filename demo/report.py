"""The table at the end, and what is off, if anything is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demo.members import DemoMember
from demo.push import Tally
from demo.totals import Totals

Row = tuple[str, str]


@dataclass(slots=True)
class Replay:
    """All that a replay found out.

    `planned` are the transactions of the data by kind, `stored` the digest of the last such replay
    if nothing was new in this one.
    """

    planned: dict[str, int]
    tally: Tally
    members: Mapping[int, DemoMember]
    new_members: int
    push_seconds: float
    drain_seconds: float
    before: Totals
    after: Totals
    invariants: Mapping[str, Mapping[str, int]]
    contradictions: Sequence[str]
    stored: str | None


def rows(replay: Replay) -> list[Row]:
    """The table: what, how much."""
    sums = replay.after.sums
    tally = replay.tally
    sent = tally.count()
    rate = sent / replay.push_seconds if replay.push_seconds else 0.0
    table = [("members", f"{len(replay.members):,}, of them {replay.new_members:,} new")]
    for kind in ("sale", "refund"):
        table.append((f"{kind}s", _outcomes(replay, kind)))
    table += [
        ("requests", f"{tally.requests:,}, of them {tally.repeats:,} again"),
        ("pushed in", f"{replay.push_seconds:.1f} s, {rate:,.0f} receipts/s"),
        ("drained in", f"{replay.drain_seconds:.1f} s after the last receipt"),
        ("sold, given back", f"{_money(sums, 'sales minor')}, {_money(sums, 'refunds minor')}"),
        ("points earned", f"{sums.get('points earned', 0):,}"),
        ("points clawed back", f"{sums.get('points clawed back', 0):,}"),
        ("points as bonus", f"{sums.get('points bonus', 0):,}"),
        ("points held now", f"{sums.get('points balance', 0):,}"),
        ("tier rises", f"{sums.get('tier rises', 0):,}"),
    ]
    for what in ("bonuses", "gifts", "messages"):
        table.append((what, f"{sums.get(what, 0):,}{_parts(sums, what)}"))
    table += [(name, f"{count:,}") for name, count in sorted(replay.after.asides.items())]
    for service, broken in replay.invariants.items():
        held = [name for name, count in broken.items() if not count]
        table.append((f"invariants of {service}", f"{len(held)} of {len(broken)} hold"))
    return [*table, ("digest of all totals", replay.after.digest)]


def _outcomes(replay: Replay, kind: str) -> str:
    counts = {
        (result if result in ("accepted", "duplicate") else f"{result} {why}"): 0
        for (_, result, why) in replay.tally.outcomes
    }
    for (of_kind, result, why), count in replay.tally.outcomes.items():
        if of_kind == kind:
            counts[result if result in ("accepted", "duplicate") else f"{result} {why}"] += count
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()) if count)
    return f"{replay.planned[kind]:,} in the data: {told or 'none sent'}"


def _parts(sums: Mapping[str, int], what: str) -> str:
    named = f"{what}: "
    parts = [
        f"{name.removeprefix(named)} {count:,}"
        for name, count in sums.items()
        if name.startswith(named)
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _money(sums: Mapping[str, int], name: str) -> str:
    return f"CNY {sums.get(name, 0) / 100:,.2f}"


def judge(replay: Replay) -> list[str]:
    """Everything that is not as it must be, in words."""
    off = [*replay.contradictions]
    tally = replay.tally
    for kind, planned in replay.planned.items():
        if (sent := tally.count(kind)) != planned:
            off.append(f"{planned:,} {kind}s in the data, {sent:,} answered")
        taken = tally.count(kind, "accepted") + tally.count(kind, "duplicate")
        if (stored := replay.after.sums.get(f"{kind}s", 0)) < taken:
            off.append(f"{taken:,} {kind}s were taken, {stored:,} are posted")
    if tally.refused:
        off.append(f"{tally.refused:,} receipts were refused, for example {tally.samples}")
    for service, broken in replay.invariants.items():
        off += [f"{service}: {name} is broken {n} times" for name, n in broken.items() if n]
    if not tally.count(result="accepted"):
        off += changes(replay)
    return off


def changes(replay: Replay) -> list[str]:
    """What differs although nothing new was sent: from before, and from the last replay."""
    found = []
    if (replay.before.digest, replay.before.asides) != (replay.after.digest, replay.after.asides):
        found.append("nothing new was sent, and yet the totals changed")
    if replay.stored not in (None, replay.after.digest):
        found.append(f"the totals are not those of the last replay: {replay.stored}")
    return found


def render(table: Sequence[Row]) -> str:
    """Two columns under a rule."""
    width = max(len(name) for name, _ in table)
    lines = [f"  {name:<{width}}  {value}" for name, value in table]
    return "\n".join(["─" * 78, *lines, "─" * 78])

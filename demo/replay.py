"""The replay from end to end: prepare, push, wait, count."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from demo.book import name_of, read_book, write_book
from demo.drain import Stuck, describe, drain, read_stuck
from demo.members import DemoMember, enrol
from demo.pace import Pace, window_length
from demo.plan import DemoTransaction, windows
from demo.programme import make_programme
from demo.progress import Progress, Ticker
from demo.push import Pusher
from demo.receipts import EPOCH_WALL, DemoReceipt, count_receipts, shops_with_receipts
from demo.refunds import iter_pos_transactions
from demo.report import Replay
from demo.stack import Stack, Staff
from demo.tills import Printer, read_tills
from demo.totals import Totals, contradictions, read_totals
from demo.year import Year, now

SETUP_SECONDS_MAX = 300.0
DRAIN_SECONDS_MAX = 1_800.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line said; None is all, or full speed."""

    month: int | None = None
    members: int | None = None
    speed: float | None = None

    @property
    def name(self) -> str:
        """The same for the same receipts, at whatever speed."""
        return name_of(self.month, self.members)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A programme that is ready for its receipts."""

    year: Year
    members: Mapping[int, DemoMember]
    new_members: int
    printer: Printer
    stuck: Stuck


def replay(stack: Stack, staff: Staff, asked: Asked, say: Callable[[str], None]) -> Replay:
    """Push what was asked for, wait for all that follows, and count."""
    ready = prepare(stack, staff, asked, say)
    before = _totals(stack, ready)
    pusher = Pusher(stack.urls["points"], ready.printer)
    planned: Counter[str] = Counter(sale=0, refund=0)
    try:
        push_seconds = _push(pusher, asked, planned)
    finally:
        pusher.close()
    say("waiting until every service has heard everything")
    drain_seconds = asyncio.run(drain(stack, DRAIN_SECONDS_MAX, Ticker(say).tell, ready.stuck))
    after = _totals(stack, ready)
    say("asking every service for its invariants")
    return Replay(
        planned=dict(planned),
        tally=pusher.tally,
        members=ready.members,
        new_members=ready.new_members,
        push_seconds=push_seconds,
        drain_seconds=drain_seconds,
        before=before,
        after=after,
        invariants={
            service: staff.get(service, "/internal/invariants")["broken"] for service in stack.urls
        },
        contradictions=contradictions(after),
        stored=_compare_and_keep(stack, asked, pusher, after),
    )


def prepare(stack: Stack, staff: Staff, asked: Asked, say: Callable[[str], None]) -> Prepared:
    """Rules, campaigns, members and tills; returns when every service knows of them."""
    stuck = asyncio.run(read_stuck(stack, SETUP_SECONDS_MAX, Ticker(say).tell))
    if waiting := {what: len(ids) for what, ids in stuck.items() if ids}:
        say(f"was there before and is not waited for: {describe(waiting)}")
    # Campaigns may name only what is known there.
    asyncio.run(drain(stack, SETUP_SECONDS_MAX, Ticker(say).tell, stuck))
    year = make_programme(staff, now())
    last_day = (year.ends_at - timedelta(days=1)).date()
    say(f"the year runs from {year.starts_at.date()} to {last_day}")
    members, new = enrol(staff, year, asked.members)
    say(f"{len(members):,} members, of them {new:,} enrolled now")
    shops = shops_with_receipts(asked.month, asked.members)
    printer = Printer(read_tills(staff, shops), members, year)
    say(f"{len(printer.tills):,} tills of {len(shops):,} shops")
    asyncio.run(drain(stack, SETUP_SECONDS_MAX, Ticker(say).tell, stuck))
    return Prepared(year, members, new, printer, stuck)


def _totals(stack: Stack, ready: Prepared) -> Totals:
    return asyncio.run(read_totals(stack, ready.members, ready.year))


def _push(pusher: Pusher, asked: Asked, planned: Counter[str]) -> float:
    """Seconds that it took. `planned` becomes what the data has, by kind."""
    length = window_length(asked.speed)
    progress = Progress(count_receipts(asked.month, asked.members), sys.stderr)
    pace = None
    ends_wall = EPOCH_WALL
    stream = _counted(iter_pos_transactions(asked.month, asked.members), planned)
    for window in windows(stream, EPOCH_WALL, length):
        ends_wall = window.ends_wall
        pace = pace or Pace(asked.speed, ends_wall - length, time.monotonic())
        pace.wait_for(ends_wall)
        for _ in pusher.push(window):
            progress.show(pusher.tally.count("sale"), ends_wall, pusher.tally.refused)
    progress.end(pusher.tally.count("sale"), ends_wall, pusher.tally.refused)
    return progress.seconds


def _counted(stream: Iterator[DemoTransaction], planned: Counter[str]) -> Iterator[DemoTransaction]:
    for transaction in stream:
        planned["sale" if isinstance(transaction, DemoReceipt) else "refund"] += 1
        yield transaction


def _compare_and_keep(stack: Stack, asked: Asked, pusher: Pusher, after: Totals) -> str | None:
    """The digest of the last such replay, if nothing was new in this one; keeps this one's."""
    took_new = pusher.tally.count(result="accepted") > 0
    kept = read_book(stack.home, stack.program_id).get(asked.name)
    write_book(stack.home, stack.program_id, asked.name, after, took_new)
    return None if took_new or kept is None else str(kept["digest"])

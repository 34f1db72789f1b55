"""`python -m demo`: replay a year of receipts through the running local stack."""

import argparse
import sys

import httpx

from demo.drain import AWAY
from demo.pace import speed_from
from demo.replay import Asked, replay
from demo.report import Replay, judge, render, rows
from demo.stack import DemoProblem, Stack, Staff, read_stack
from demo.story import most_eventful, read_story
from demo.story import render as render_story
from deploy.local.layout import default_layout


def main() -> int:
    """The command line; 1 when anything is not as it must be."""
    asked = _parse()
    try:
        stack = read_stack(default_layout().home)
        staff = Staff(stack)
        try:
            return _show(stack, staff, asked)
        finally:
            staff.close()
    except (DemoProblem, httpx.HTTPError, *AWAY) as problem:
        told = str(problem) if isinstance(problem, DemoProblem) else f"the stack: {problem!r}"
        print(f"\n{told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where it stopped.", file=sys.stderr)
        return 130


def _parse() -> Asked:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--month", type=int, choices=range(1, 13), help="of the data; else all")
    parser.add_argument("--members", type=int, help="the first N households; else all")
    parser.add_argument("--speed", type=speed_from, help="N× real time; else as fast as it goes")
    said = parser.parse_args()
    if said.members is not None and said.members < 1:
        parser.error("--members must be 1 or more")
    return Asked(said.month, said.members, said.speed)


def _show(stack: Stack, staff: Staff, asked: Asked) -> int:
    done = replay(stack, staff, asked, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"\n{asked.name}\n{render(rows(done))}")
    _tell_story(staff, done)
    off = judge(done)
    if off:
        print("\nNot as it must be:\n" + "\n".join(f"  - {line}" for line in off))
        return 1
    if done.tally.count(result="accepted"):
        print("\nEvery receipt is accounted for and every invariant holds.")
    else:
        print("\nNothing was new: every receipt was known already, and nothing has changed.")
    return 0


def _tell_story(staff: Staff, done: Replay) -> None:
    household = most_eventful(done.after.members)
    if household is None:
        return
    member = done.members[household]
    print(f"\nThe year of member {member.member_number} (household {household})")
    print("\n".join(render_story(read_story(staff, member))))


if __name__ == "__main__":
    sys.exit(main())

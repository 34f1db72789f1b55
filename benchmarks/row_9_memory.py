"""Row 9: the memory of the whole local stack when nobody asks anything of it."""

import time
from pathlib import Path

from benchmarks.cpu import children_of
from benchmarks.local_stack import open_stack
from benchmarks.measures import Memory
from benchmarks.run import Run

SETTLE_SECONDS = 10.0


def measure(run: Run) -> list[Memory]:
    """Proportional set sizes, so that pages which processes share are not counted twice."""
    with open_stack(run) as stack:
        time.sleep(SETTLE_SECONDS)  # Until what start-up left has been worked and is given back.
        sizes = {name: _family_sizes(pid) for name, pid in stack.pids.items()}
        # The other parts are its children.
        sizes["supervisor"] = process_sizes(stack.supervisor_pid)
    memory = Memory(
        row=9,
        name="Memory of the local stack, idle",
        pss_mb={name: pss for name, (pss, _) in sizes.items()},
        rss_mb={name: rss for name, (_, rss) in sizes.items()},
        hold=900,
        reach=700,
        notes=("all roles of each service in one process, as `make up` starts them",),
    )
    run.say(f"  {memory.total_mb:,.0f} MB")
    return [memory]


def _family_sizes(pid: int) -> tuple[float, float]:
    """(PSS, RSS) in megabytes of the process and its children."""
    found = [process_sizes(one) for one in (pid, *children_of(pid))]
    return sum(pss for pss, _ in found), sum(rss for _, rss in found)


def process_sizes(pid: int) -> tuple[float, float]:
    """(PSS, RSS) in megabytes; nothing of a process that ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    fields = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return int(fields["Pss"][0]) / 1024, int(fields["Rss"][0]) / 1024

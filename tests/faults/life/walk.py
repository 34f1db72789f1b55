"""A process that walks lives: `python -m tests.faults.life.walk URL NAME STEPS`.

The URL is that of a migrated database of points, which it has for itself. Whatever is not as the
naive books say ends it with the life's steps, and a status that is not 0.
"""

import sys

from shared.logs import configure_logs
from tests.faults.life.books import Books
from tests.faults.life.life import live
from tests.faults.life.world import open_world
from tests.faults.soak import Share


def walk(url: str, name: str, steps: int) -> None:
    """So many steps, or as many as the time allows; then the invariants of all books."""
    configure_logs("points", "warning")
    share = Share("machine")
    with open_world(url) as world:
        done = live(world, steps, share, name)
        print(f"{name}: {done} steps, now the invariants of all books", flush=True)
    print(f"{name}: all is well\n{Books.tally}", flush=True)
    assert done >= steps or share.is_over


if __name__ == "__main__":
    walk(sys.argv[1], sys.argv[2], int(sys.argv[3]))

"""`python -m deploy.local up|down|status|logs|clean`: the local stack of `make up`."""

import argparse
import sys

from deploy.local import commands
from deploy.local.layout import default_layout
from deploy.local.problem import StackProblem


def main() -> int:
    """The command line; problems are told in words, without a stack trace."""
    parser = argparse.ArgumentParser(prog="deploy.local", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("up", "down", "status", "clean"):
        actions.add_parser(name, help=getattr(commands, name).__doc__)
    log_action = actions.add_parser("logs", help=commands.logs.__doc__)
    log_action.add_argument("parts", nargs="*")
    log_action.add_argument("--lines", type=int, default=20)
    asked = parser.parse_args()
    layout = default_layout()
    try:
        if asked.action == "logs":
            commands.logs(layout, asked.parts, asked.lines)
        else:
            return getattr(commands, asked.action)(layout) or 0
    except StackProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted; the stack goes on by itself: `make status`, `make down`.",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

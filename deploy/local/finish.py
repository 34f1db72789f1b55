"""The last steps of a start: fill the directory, and write down how to reach everything."""

from deploy.local.supervisor import Supervisor


def finish(supervisor: Supervisor) -> None:
    """Seed through the services' own interface, then write `stack.json`."""
    supervisor.publish({})

"""The last steps of a start: fill the directory and write down how to reach everything."""

from typing import Any

from deploy.local.addresses import database_url
from deploy.local.files import write_json
from deploy.local.layout import SERVICES
from deploy.local.supervisor import Supervisor


def finish(supervisor: Supervisor) -> None:
    """Seed through the services' own interface, then write `stack.json`."""
    write_stack_file(supervisor)


def write_stack_file(supervisor: Supervisor) -> None:
    """`services`, `program_id`, `credentials`, `databases`, `kafka`: what a client needs."""
    addresses, passwords = supervisor.addresses, supervisor.secrets["database_passwords"]
    stack: dict[str, Any] = {
        "services": {name: {"url": addresses.service_url(name)} for name in SERVICES},
        "databases": {
            name: database_url(addresses.postgres_url, name, passwords[name]) for name in SERVICES
        },
        "kafka": {"bootstrap_servers": addresses.kafka_bootstrap},
    }
    write_json(supervisor.layout.stack_file, stack)

"""Who is where: the addresses that parts of the local stack are told of each other."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local.layout import SERVICES
from deploy.local.ports import LOOPBACK

STAFF_TOKEN_HOURS = 24


@dataclass
class Addresses:
    """Filled as the parts start; `ports` by part."""

    postgres_url: str = ""
    kafka_bootstrap: str = ""
    ports: dict[str, int] = field(default_factory=dict)

    def service_url(self, service: str) -> str:
        """`http://127.0.0.1:port`."""
        return f"http://{LOOPBACK}:{self.ports[service]}"


def database_url(admin_url: str, service: str, password: str) -> str:
    """The URL with which a service reaches its own database, as its own role."""
    parts = urlsplit(admin_url)
    login = f"galleria_{service}:{quote(password, safe='')}@{parts.hostname}:{parts.port}"
    return urlunsplit((parts.scheme, login, f"/galleria_{service}", "", ""))


def service_environment(
    service: str, addresses: Addresses, secrets: dict[str, Any]
) -> dict[str, str]:
    """The environment variables of one service, without those that it inherits."""
    password = secrets["database_passwords"][service]
    settings = {
        "DATABASE_URL": database_url(addresses.postgres_url, service, password),
        "KAFKA_BOOTSTRAP_SERVERS": addresses.kafka_bootstrap,
        "HOST": LOOPBACK,
        "PORT": str(addresses.ports[service]),
        "DEPLOYMENT_KEY": secrets["deployment_key"],
        "JWKS_URL": f"{addresses.service_url('membership')}/.well-known/jwks.json",
        # For the token of a day that `stack.json` shows; elsewhere they live for minutes.
        "TOKEN_SECONDS_MAX": str(STAFF_TOKEN_HOURS * 3_600),
    }
    prefixed = {f"{service.upper()}_{name}": value for name, value in settings.items()}
    # Fewer arenas keep freed memory from being scattered over threads that rarely run.
    return {**prefixed, "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


def describe_stack(
    addresses: Addresses, secrets: dict[str, Any], seeded: dict[str, Any]
) -> dict[str, Any]:
    """What `stack.json` tells; `seeded` brings `program_id` and `credentials`."""
    passwords = secrets["database_passwords"]
    return {
        "services": {name: {"url": addresses.service_url(name)} for name in SERVICES},
        **seeded,
        "databases": {
            name: database_url(addresses.postgres_url, name, passwords[name]) for name in SERVICES
        },
        "kafka": {"bootstrap_servers": addresses.kafka_bootstrap},
    }

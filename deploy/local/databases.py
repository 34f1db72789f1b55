"""The services' databases: one each, owned by a role of its own, migrated to the newest schema.

`python -m deploy.local.databases` reads `{"admin_url": …, "passwords": {service: …}}` from its
standard input. A process of its own, so that the supervisor never loads what migrating needs.
"""

import asyncio
import json
import sys

import asyncpg

from deploy.local.addresses import database_url
from shared.migrate import upgrade


async def prepare(admin_url: str, passwords: dict[str, str]) -> None:
    """Create what is missing, then migrate, service by service."""
    connection = await asyncpg.connect(admin_url)
    try:
        for service, password in passwords.items():
            await _ensure(connection, service, password)
    finally:
        await connection.close()
    for service, password in passwords.items():
        await upgrade(service, database_url(admin_url, service, password))


async def _ensure(connection: asyncpg.Connection, service: str, password: str) -> None:
    name = f"galleria_{service}"
    # Neither statement takes parameters: the name is ours, the password has no quote in it.
    assert "'" not in password
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await connection.execute(f"CREATE ROLE {name} LOGIN")
    await connection.execute(f"ALTER ROLE {name} PASSWORD '{password}'")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f"CREATE DATABASE {name} OWNER {name}")
    await connection.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")


if __name__ == "__main__":
    said = json.load(sys.stdin)
    asyncio.run(prepare(said["admin_url"], said["passwords"]))

"""OAuth clients."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.client_secrets import NOBODYS_HASH, secret_fits
from services.membership.domain.access.clients import Client
from services.membership.domain.access.errors import ClientInvalid
from shared.db import driver

COLUMNS = "program_id, client_id, kind, name, roles, mall_ids, shop_ids, created_at, disabled_at"


def client_of(row: Any) -> Client:
    """A row as a client."""
    values = dict(row)
    values.pop("secret_hash", None)
    for name in ("roles", "mall_ids", "shop_ids"):
        values[name] = None if values[name] is None else tuple(values[name])
    return Client(**values)


async def find_client(session: AsyncSession, client_id: str) -> tuple[Client, str] | None:
    """The client of any programme and its secret's hash: the caller has nothing but the id."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {COLUMNS}, secret_hash FROM client WHERE client_id = $1", client_id
    )
    return None if row is None else (client_of(row), row["secret_hash"])


async def get_proven_client(session: AsyncSession, client_id: str, secret: str) -> Client:
    """The client that knows its secret. Raises `ClientInvalid`, whatever is wrong."""
    found = await find_client(session, client_id)
    secret_hash = found[1] if found else NOBODYS_HASH
    fits = await asyncio.to_thread(secret_fits, secret_hash, secret)
    if found is None or not fits or found[0].disabled_at is not None:
        raise ClientInvalid("The client id or the secret is wrong, or the client is disabled.")
    return found[0]


async def insert_client(session: AsyncSession, client: Client, secret_hash: str) -> bool:
    """Store a client; False when its id is taken."""
    connection = await driver(session)
    done = await connection.execute(
        f"INSERT INTO client ({COLUMNS}, secret_hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        client.program_id,
        client.client_id,
        client.kind,
        client.name,
        list(client.roles),
        None if client.mall_ids is None else list(client.mall_ids),
        None if client.shop_ids is None else list(client.shop_ids),
        client.created_at,
        client.disabled_at,
        secret_hash,
    )
    return done == "INSERT 0 1"


async def update_client_secret(
    session: AsyncSession, program_id: UUID, client_id: str, secret_hash: str
) -> None:
    """Give the client another secret."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE client SET secret_hash = $3 WHERE program_id = $1 AND client_id = $2",
        program_id,
        client_id,
        secret_hash,
    )


async def disable_client_row(
    session: AsyncSession, program_id: UUID, client_id: str, now: datetime
) -> bool:
    """Disable it, keeping the first instant; False when there is no such client."""
    connection = await driver(session)
    done = await connection.execute(
        "UPDATE client SET disabled_at = coalesce(disabled_at, $3) "
        "WHERE program_id = $1 AND client_id = $2",
        program_id,
        client_id,
        now,
    )
    return done == "UPDATE 1"

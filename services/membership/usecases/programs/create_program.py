"""Make a programme and its first administrator's client, once."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.access.client_secrets import hash_secret, secret_fits
from services.membership.domain.access.clients import Client
from services.membership.domain.access.errors import ClientIdTaken
from services.membership.domain.directory.directory import check_time_zone
from services.membership.storage.access.clients import (
    find_client,
    insert_client,
    update_client_secret,
)
from services.membership.storage.programs.programs import Program, insert_program
from shared.ids import new_id, new_secret


@dataclass(frozen=True, slots=True)
class ProgramWanted:
    """A programme and its first client; what is None is chosen here."""

    name: str
    currency: str
    region: str
    time_zone: str
    client_id: str
    program_id: UUID | None = None
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramCreated:
    """`client_secret` is None when the client was there before and none was given."""

    program_id: UUID
    client_id: str
    client_secret: str | None


async def create_program(
    session: AsyncSession, now: datetime, wanted: ProgramWanted
) -> ProgramCreated:
    """The programme with this client: found by the client's id, else made.

    A secret that is given becomes the client's. Raises `ClientIdTaken`, `TimeZoneUnknown`.
    """
    check_time_zone(wanted.time_zone)
    found = await find_client(session, wanted.client_id)
    if found is not None:
        return await _renew(session, wanted, *found)
    program_id = wanted.program_id or new_id()
    await insert_program(
        session,
        Program(program_id, wanted.name, wanted.currency, wanted.region, wanted.time_zone),
        now,
    )
    secret = wanted.client_secret or new_secret()
    admin = Client(
        program_id, wanted.client_id, "staff", "Administrator", ("admin",), None, None, now, None
    )
    if not await insert_client(session, admin, await asyncio.to_thread(hash_secret, secret)):
        raise ClientIdTaken("Somebody has just made a client with this id. Try again.")
    return ProgramCreated(program_id, wanted.client_id, secret)


async def _renew(
    session: AsyncSession, wanted: ProgramWanted, client: Client, secret_hash: str
) -> ProgramCreated:
    if wanted.program_id not in (None, client.program_id):
        raise ClientIdTaken("Another programme has this client id. Choose another --client-id.")
    secret = wanted.client_secret
    if secret is not None and not await asyncio.to_thread(secret_fits, secret_hash, secret):
        secret_hash = await asyncio.to_thread(hash_secret, secret)
        await update_client_secret(session, client.program_id, client.client_id, secret_hash)
    return ProgramCreated(client.program_id, client.client_id, secret)

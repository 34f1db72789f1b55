"""`python -m services.membership …`: roles, migration, and the commands that start a programme."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.membership.api.app import build_app
from services.membership.consumer import HANDLERS
from services.membership.jobs import jobs
from services.membership.queries.access.jwks import read_jwks
from services.membership.queries.invariants import check_invariants
from services.membership.settings import MembershipSettings
from services.membership.usecases.access.issue_operator_token import issue_operator_token
from services.membership.usecases.access.rotate_signing_keys import rotate_signing_keys
from services.membership.usecases.programs.announce_state import announce_state
from services.membership.usecases.programs.create_program import ProgramWanted, create_program
from shared.auth import FetchKeys
from shared.clock import utc_now
from shared.db import create_engine, transaction
from shared.errors import DomainError
from shared.process import ServiceDefinition, run
from shared.settings import ServiceSettings


def fetch_keys(engine: AsyncEngine) -> FetchKeys:
    """Membership checks its own tokens with its own rows."""

    async def fetch() -> Mapping[str, Any]:
        async with transaction(engine) as session:
            return await read_jwks(session, utc_now())

    return fetch


async def _create_program(settings: ServiceSettings, arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m services.membership create-program")
    parser.add_argument("--name", required=True)
    parser.add_argument("--currency", required=True, help="ISO 4217, for example CNY")
    parser.add_argument("--region", default="CN", help="of phone numbers without a country code")
    parser.add_argument("--time-zone", default="Asia/Shanghai", help="of the days of tiers")
    parser.add_argument("--program-id", type=UUID)
    parser.add_argument("--client-id", default="admin")
    parser.add_argument("--client-secret", help="chosen here when left out")
    given = parser.parse_args(arguments)
    wanted = ProgramWanted(
        given.name,
        given.currency,
        given.region,
        given.time_zone,
        given.client_id,
        given.program_id,
        given.client_secret,
    )
    engine = create_engine(settings.database_url, 1)
    try:
        async with transaction(engine) as session:
            made = await create_program(session, utc_now(), wanted)
    except DomainError as error:
        raise SystemExit(f"create-program: {error.detail}") from error
    finally:
        await engine.dispose()
    _print(
        json.dumps(
            {
                "program_id": str(made.program_id),
                "client_id": made.client_id,
                "client_secret": made.client_secret,
            }
        )
    )


async def _issue_token(settings: ServiceSettings, arguments: Sequence[str]) -> None:
    assert isinstance(settings, MembershipSettings)
    parser = argparse.ArgumentParser("python -m services.membership issue-token")
    parser.add_argument("--client-id", required=True)
    allowed = settings.token_seconds_max
    parser.add_argument("--hours", type=int, metavar="N", help=f"else {allowed} seconds")
    given = parser.parse_args(arguments)
    seconds = allowed if given.hours is None else given.hours * 3_600
    if not 0 < seconds <= allowed:
        raise SystemExit(
            f"issue-token: services take tokens of {allowed} seconds at most. For longer ones set "
            "…_TOKEN_SECONDS_MAX of every service, or leave --hours out."
        )
    engine = create_engine(settings.database_url, 1)
    try:
        async with transaction(engine) as session:
            token = await issue_operator_token(
                session,
                utc_now(),
                settings.token_sealing_key,
                settings.token_issuer,
                timedelta(seconds=seconds),
                given.client_id,
            )
    except DomainError as error:
        raise SystemExit(f"issue-token: {error.detail}") from error
    finally:
        await engine.dispose()
    _print(token)


async def _rotate_keys(settings: ServiceSettings, arguments: Sequence[str]) -> None:
    assert isinstance(settings, MembershipSettings)
    argparse.ArgumentParser("python -m services.membership rotate-keys").parse_args(arguments)
    engine = create_engine(settings.database_url, 1)
    lifetime = timedelta(seconds=settings.token_seconds)
    try:
        async with transaction(engine) as session:
            kid = await rotate_signing_keys(
                session, utc_now(), settings.token_sealing_key, lifetime
            )
    finally:
        await engine.dispose()
    _print(kid)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


SERVICE = ServiceDefinition(
    name="membership",
    settings=MembershipSettings,
    build_app=build_app,
    handlers=HANDLERS,
    jobs=jobs,
    invariants=check_invariants,
    fetch_keys=fetch_keys,
    announce=announce_state,
    commands={
        "create-program": _create_program,
        "issue-token": _issue_token,
        "rotate-keys": _rotate_keys,
    },
)

if __name__ == "__main__":
    raise SystemExit(run(SERVICE, sys.argv[1:]))

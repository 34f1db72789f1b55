"""The words after `python -m services.<name>`: roles, or one thing to do at once."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utc_now
from shared.db import create_engine, transaction
from shared.logs import configure_logs
from shared.migrate import upgrade
from shared.process.definition import ROLES, Command, ServiceDefinition
from shared.process.roles import run_roles
from shared.relay import replay_outbox
from shared.settings import ServiceSettings


def run(service: ServiceDefinition, arguments: Sequence[str]) -> int:
    """The body of `python -m services.<name> …`. Returns the process's exit code."""
    words = list(arguments)
    if words[:1] in (["-h"], ["--help"]):
        sys.stdout.write(_usage(service))
        return 0
    if not _is_understood(service, words):
        sys.stderr.write(_usage(service))
        return 2
    try:
        settings = service.settings()
    except ValidationError as error:
        _explain_settings(service, error)
        return 2
    configure_logs(service.name, settings.log_level)
    match words:
        case ["migrate"]:
            asyncio.run(upgrade(service.name, settings.database_url))
        case ["announce"] if service.announce is not None:
            asyncio.run(_announce(service.announce, settings))
        case ["replay", "--since", since]:
            asyncio.run(_replay(settings, datetime.fromisoformat(since)))
        case [word, *rest] if word in service.commands:
            asyncio.run(_run_command(service.commands[word], settings, rest))
        case roles:
            return run_roles(service, settings, frozenset(roles))
    return 0


def _usage(service: ServiceDefinition) -> str:
    others = ["migrate", "replay --since 2026-01-31T00:00:00+08:00", *service.commands]
    if service.announce is not None:
        others.append("announce")
    return f"usage: python -m services.{service.name} {'|'.join(ROLES)} … | {' | '.join(others)}\n"


def _is_understood(service: ServiceDefinition, words: Sequence[str]) -> bool:
    match words:
        case []:
            return False
        case ["migrate"]:
            return True
        case ["replay", "--since", since]:
            return _instant_or_none(since) is not None
        case ["announce"]:
            return service.announce is not None
        case [word, *_] if word in service.commands:
            return True
    return set(words) <= set(ROLES)


def _explain_settings(service: ServiceDefinition, error: ValidationError) -> None:
    """Name what is missing or wrong, and never a value: some are secret."""
    prefix = service.settings.model_config.get("env_prefix", "")
    for finding in error.errors(include_input=False, include_context=False):
        named = "_".join(str(part) for part in finding["loc"]).upper()
        # What is wrong with several together has no name of its own; its text has theirs.
        name = prefix + (named or "…")
        sys.stderr.write(f"{name}: {finding['msg']}\n")


async def _run_command(
    command: Command, settings: ServiceSettings, arguments: Sequence[str]
) -> None:
    await command(settings, arguments)


async def _replay(settings: ServiceSettings, since: datetime) -> None:
    count = await replay_outbox(settings, since, utc_now)
    sys.stdout.write(f"{count} events will be sent again by the relay\n")


def _instant_or_none(said: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant


async def _announce(
    announce: Callable[[AsyncSession, datetime], Awaitable[int]], settings: ServiceSettings
) -> None:
    engine = create_engine(settings.database_url, 1)
    try:
        async with transaction(engine) as session:
            count = await announce(session, utc_now())
    finally:
        await engine.dispose()
    sys.stdout.write(f"{count} events wait for the relay\n")

"""Roles in one process or several: `python -m services.points api consumer relay jobs`."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.auth import FetchKeys, TokenVerifier, fetch_keys_from
from shared.clock import utc_now
from shared.consumer import Consumer, Handlers
from shared.db import create_engine, transaction
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck, Invariants
from shared.http.one_write import OneWriteProtocol
from shared.logs import configure_logs, get_log
from shared.migrate import upgrade
from shared.relay import RelayProgress, replay_outbox, run_relay
from shared.schedule import Job, frame_jobs, run_jobs
from shared.settings import ServiceSettings

ROLES = ("api", "consumer", "relay", "jobs")
log = get_log()

# A further word on the command line: `python -m services.membership create-program …`.
Command = Callable[[ServiceSettings, Sequence[str]], Awaitable[None]]
BuildApp = Callable[[Runtime, Sequence[HealthCheck]], FastAPI]


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """Everything that `__main__` says of its service."""

    name: str
    settings: type[ServiceSettings]
    build_app: BuildApp
    handlers: Handlers
    jobs: Callable[[ServiceSettings], Sequence[Job]]
    invariants: Invariants
    fetch_keys: Callable[[AsyncEngine], FetchKeys] | None = None
    announce: Callable[[AsyncSession, datetime], Awaitable[int]] | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)


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
            return _run_roles(service, settings, frozenset(roles))
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


def _run_roles(service: ServiceDefinition, settings: ServiceSettings, roles: frozenset[str]) -> int:
    exit_code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(service, settings, roles))
    except* Exception as group:
        exit_code = 1
        for error in group.exceptions:
            log.error("process_failed", error=repr(error), exc_info=error)
    return exit_code


async def _serve(
    service: ServiceDefinition, settings: ServiceSettings, roles: frozenset[str]
) -> None:
    engine = create_engine(
        settings.database_url,
        settings.database_pool_size,
        service.name,
        pool_timeout_seconds=settings.database_wait_seconds_max,
        connect_timeout_seconds=settings.database_wait_seconds_max,
    )
    runtime = make_runtime(service, settings, engine)
    consumer = Consumer(service.name, settings, engine, service.handlers, utc_now)
    has_consumer = "consumer" in roles and bool(service.handlers)
    progress = RelayProgress(settings.relay_stuck_seconds_max)
    health: list[HealthCheck] = [lambda: _silent(progress)] if "relay" in roles else []
    if has_consumer:
        health.append(lambda: _stuck(consumer))
    app = (
        service.build_app(runtime, health)
        if "api" in roles
        else _health_app(service, runtime, health)
    )
    stop = asyncio.Event()
    _calm_collector()
    try:
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
            _stop_on_signals(stop, limit, settings.drain_seconds_max + 5)
            tasks.create_task(_serve_http(app, settings, stop), name="http")
            if has_consumer:
                tasks.create_task(_last("consumer", consumer.run(stop), stop))
            if "relay" in roles:
                relaying = run_relay(service.name, settings, utc_now, stop, progress)
                tasks.create_task(_last("relay", relaying, stop))
            if "jobs" in roles:
                jobs = [*service.jobs(settings), *frame_jobs(settings, service.invariants)]
                tasks.create_task(_last("jobs", run_jobs(engine, jobs, utc_now, stop), stop))
    finally:
        await engine.dispose()


async def _last(role: str, work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Fail when the role ends before it is asked to: a group of tasks does not notice one that
    was cancelled from within a library, and the process would live on without it."""
    task = asyncio.current_task()
    assert task is not None
    try:
        await work
    except asyncio.CancelledError:
        if task.cancelling():
            raise
    if not stop.is_set():
        raise RuntimeError(f"The role {role} ended by itself")


def make_runtime(
    service: ServiceDefinition, settings: ServiceSettings, engine: AsyncEngine
) -> Runtime:
    """The runtime of a process of this service. Membership reads its keys from its own rows."""
    fetch = (
        service.fetch_keys(engine)
        if service.fetch_keys is not None
        else fetch_keys_from(settings.jwks_url)
    )
    verifier = TokenVerifier(
        fetch, settings.token_issuer, utc_now, seconds_max=settings.token_seconds_max
    )
    return Runtime(service.name, settings, engine, utc_now, verifier, service.handlers)


def _health_app(
    service: ServiceDefinition, runtime: Runtime, health: Sequence[HealthCheck]
) -> FastAPI:
    """Workers without the api role still answer probes and show their metrics."""
    return create_app(
        runtime,
        title=f"{service.name} worker",
        description="Health and metrics of a worker process.",
        routers=(),
        invariants=service.invariants,
        health=health,
    )


def _stuck(consumer: Consumer) -> str | None:
    return "The consumer has lag and does not get on." if consumer.is_stuck() else None


def _silent(progress: RelayProgress) -> str | None:
    return "Events wait and the relay does not get on." if progress.is_stuck() else None


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: one stop event rules all roles."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_http(app: FastAPI, settings: ServiceSettings, stop: asyncio.Event) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            http=OneWriteProtocol,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # Nobody here asks where a caller is: one layer less.
            timeout_graceful_shutdown=int(settings.drain_seconds_max),
        )
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Also when another role failed: open requests are answered before the process goes.
        server.should_exit = True
        stopping.cancel()
        await serving
    if not stop.is_set():
        raise RuntimeError(f"The HTTP server on port {settings.port} ended by itself")


def _stop_on_signals(stop: asyncio.Event, limit: asyncio.Timeout, seconds_max: float) -> None:
    """Have SIGTERM and SIGINT ask all roles to end, and end them when that takes too long."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if not stop.is_set():
            stop.set()
            limit.reschedule(loop.time() + seconds_max)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)


def _calm_collector() -> None:
    """What was loaded at start lives for ever: the collector need not look at it again.

    A batch of a thousand events makes some hundred thousand objects that all end with it: a
    collector that starts in its middle goes through them for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 20, 1_000)

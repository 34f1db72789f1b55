"""Roles side by side in one process: the first that fails ends all, a signal ends them in order."""

import asyncio
import gc
import signal
from collections.abc import Coroutine, Sequence
from typing import Any

import uvloop
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import TokenVerifier, fetch_keys_from
from shared.clock import utc_now
from shared.consumer import Consumer
from shared.db import create_engine
from shared.http.app import create_app
from shared.http.depends import Runtime
from shared.http.internal import HealthCheck
from shared.logs import get_log
from shared.process.definition import ServiceDefinition
from shared.process.http_server import serve_http
from shared.relay import RelayProgress, run_relay
from shared.schedule import frame_jobs, run_jobs
from shared.settings import ServiceSettings

log = get_log()


def run_roles(service: ServiceDefinition, settings: ServiceSettings, roles: frozenset[str]) -> int:
    """Run these roles until a signal or a failure. Returns the process's exit code."""
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
    runtime = _make_runtime(service, settings, engine)
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
            tasks.create_task(serve_http(app, settings, stop), name="http")
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


def _make_runtime(
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

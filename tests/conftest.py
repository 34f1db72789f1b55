"""What every test can ask for; the engines are started on first use and end with the run."""

import pytest
import structlog

from tests.support.engines import (
    close_run,
    engine_folder,
    kafka_bootstrap,
    make_database,
    open_run,
    own_kafka,
    own_postgres,
    postgres_url,
    topic_prefix,
    worker_database,
)

__all__ = [
    "engine_folder",
    "kafka_bootstrap",
    "make_database",
    "own_kafka",
    "own_postgres",
    "postgres_url",
    "topic_prefix",
    "worker_database",
]

ENGINE_HOST = pytest.StashKey["subprocess.Popen[bytes]"]()


def pytest_configure(config: pytest.Config) -> None:
    """In the process that leads the run; its workers inherit the addresses."""
    _shorten_tracebacks()
    if not hasattr(config, "workerinput"):
        config.stash[ENGINE_HOST] = open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over, however it went."""
    host = config.stash.get(ENGINE_HOST, None)
    if host is not None:
        close_run(host)


def _shorten_tracebacks() -> None:
    """structlog's own choice draws every frame's variables: half a minute for one exception."""
    transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.ExceptionRenderer(transform),
            structlog.processors.JSONRenderer(),
        ]
    )

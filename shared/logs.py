"""Structured logs, one JSON object a line, each with the correlation id of what caused it."""

import logging
import sys
from contextvars import ContextVar

import structlog

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")


def _add_context(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if value := correlation_id.get():
        event["correlation_id"] = value
    if value := trace_parent.get():
        event["traceparent"] = value
    return event


def configure_logs(service: str, level: str) -> None:
    """Send everything, the standard library's loggers included, to standard error as JSON."""
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
    ]
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(), foreign_pre_chain=processors
        )
    )
    logging.basicConfig(handlers=[handler], level="WARNING", force=True)


def get_log() -> structlog.typing.FilteringBoundLogger:
    """The logger; call it with an event name and facts, never with personal data."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log

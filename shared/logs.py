"""Structured logs, one JSON object a line, each with the correlation id of what caused it."""

import logging
import sys
from contextvars import ContextVar

import structlog

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")


def current_origin() -> tuple[str, str]:
    """The correlation id and the trace of what is being answered or worked."""
    return correlation_id.get(), trace_parent.get()


def _add_context(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if value := correlation_id.get():
        event["correlation_id"] = value
    if value := trace_parent.get():
        event["traceparent"] = value
    return event


def _hide_input(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Validation errors quote the input in their text; their type and place must do."""
    for stack in event.get("exception") or ():
        if stack["exc_type"].endswith("ValidationError"):
            stack["exc_value"] = "(hidden)"
    return event


def configure_logs(service: str, level: str) -> None:
    """Send everything, the standard library's loggers included, to standard error as JSON."""
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_context,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the frames' local variables: those hold names, numbers and keys.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        _hide_input,
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

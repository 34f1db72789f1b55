"""One pure ASGI layer around every app: correlation, limits, metrics, the last resort."""

import re
from collections.abc import Mapping
from functools import lru_cache

from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics
from shared.clock import monotonic_seconds
from shared.http.problems import BODY_TOO_LARGE, problem
from shared.ids import new_id, new_trace_parent
from shared.logs import correlation_id, get_log, trace_parent

log = get_log()
_CORRELATION = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
TOKEN_PATH = "/v1/oauth/token"
_FORM = "application/x-www-form-urlencoded"
# Files that are sent as they are: only by PUT, to an address of their own.
_FILES = frozenset({"text/csv", "application/x-ndjson"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LENGTH = re.compile(r"[0-9]{1,18}")
_HEADERS = "galleria.headers"
GONE = 499  # As nginx counts callers that hung up before they had their answer.


class BodyTooLarge(HTTPException):
    """More bytes arrived than the service takes. FastAPI lets HTTP errors pass, not others."""

    def __init__(self) -> None:
        super().__init__(413, "The body is too large. Send less at once.")


class Frame:
    """Wraps the app. Bodies are JSON, but for the token endpoint's form (OAuth says so) and for
    files that are PUT."""

    def __init__(self, app: ASGIApp, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = enter_context(scope)
        started_at = monotonic_seconds()
        status = GONE

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], correlation_header()]
            await send(message)

        try:
            await self._answer(scope, receive, watched_send, headers)
        finally:
            observe(scope, status, started_at)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]
    ) -> None:
        refused = refuse_head(scope, headers, self._body_bytes_max)
        if refused is not None:
            await refused(scope, receive, send)
            return
        has_started = False

        async def tracking_send(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, limited(receive, self._body_bytes_max), tracking_send)
        except ClientDisconnect:
            log.info("client_left", path=scope["path"])
        except Exception:
            log.exception("request_failed", path=scope["path"])
            if has_started:
                raise
            await internal_error()(scope, receive, send)


def refuse_head(scope: Scope, headers: Mapping[str, str], body_bytes_max: int) -> Response | None:
    """The refusal of what the head already says: a body too large, or of another kind."""
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length):
        return problem(400, "bad_request", "Content-Length is not a number.")
    if int(length) > body_bytes_max:
        return problem(413, BODY_TOO_LARGE, "The body is too large. Send less at once.")
    has_body = int(length) > 0 or "transfer-encoding" in headers
    if has_body and scope["method"] in {"POST", "PUT", "PATCH", "DELETE"}:
        wanted = _FORM if scope["path"] == TOKEN_PATH else "application/json"
        said = headers.get("content-type", "").split(";")[0].strip().lower()
        if said != wanted and not (scope["method"] == "PUT" and said in _FILES):
            if scope["method"] == "PUT":
                wanted += ", or for a part of a file text/csv or application/x-ndjson"
            return problem(415, "wrong_content_type", f"The body must be {wanted}.")
    return None


def limited(receive: Receive, body_bytes_max: int) -> Receive:
    """`receive`, which raises `BodyTooLarge` when more arrives than the head has said."""
    seen = 0

    async def limited_receive() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > body_bytes_max:
            raise BodyTooLarge
        return message

    return limited_receive


def internal_error() -> Response:
    """The answer when nobody foresaw what happened."""
    return problem(500, "internal_error", "Something is wrong here; it is recorded.")


def correlation_header() -> tuple[bytes, bytes]:
    """The header that tells the caller under which id everything was recorded."""
    return b"x-correlation-id", correlation_id.get().encode()


def observe(scope: Scope, status: int, started_at: float) -> None:
    """Count the answer and its seconds."""
    # Callers choose the words of a path and a method; labels must stay few.
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    count, seconds = _measures(method, route, status)
    count.inc()
    seconds.observe(monotonic_seconds() - started_at)


@lru_cache(maxsize=4_096)
def _measures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two series of these labels, looked up once."""
    return (
        metrics.HTTP_REQUESTS.labels(method, route, status),
        metrics.HTTP_SECONDS.labels(method, route),
    )


def enter_context(scope: Scope) -> dict[str, str]:
    """Have everything from here on speak of this request. Returns its headers."""
    headers = headers_of(scope)
    named = headers.get("x-correlation-id", "")
    correlation_id.set(named if _CORRELATION.fullmatch(named) else new_id().hex)
    trace = headers.get("traceparent", "")
    trace_parent.set(trace if _TRACE.fullmatch(trace) else new_trace_parent())
    return headers


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by their lower-case names, read once; of twins the last."""
    found: dict[str, str] | None = scope.get(_HEADERS)
    if found is None:
        found = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        scope[_HEADERS] = found
    return found

"""The frame of direct routes: what `Frame` does around every other, without layers in between."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.clock import monotonic_seconds
from shared.http.direct import DirectRoute
from shared.http.middleware import (
    GONE,
    correlation_header,
    enter_context,
    internal_error,
    limited,
    observe,
    refuse_head,
)
from shared.http.problems import answer_or_problem
from shared.logs import get_log

log = get_log()
Answer = Callable[[Request], Awaitable[Response]]


class DirectFrame:
    """Answers direct routes beside the app: correlation, limits, metrics, the last resort.

    The whole answer is here before any of it is sent, so that nothing has to watch the sending.
    """

    def __init__(
        self, app: object, body_bytes_max: int, routes: Mapping[tuple[str, str], DirectRoute]
    ) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._routes = {
            place: (route, route.get_route_handler()) for place, route in routes.items()
        }

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request is for one of the routes; then it is answered."""
        if scope["type"] != "http":
            return False
        found = self._routes.get((scope["method"], scope["path"]))
        if found is None:
            return False
        headers = enter_context(scope)
        started_at = monotonic_seconds()
        status = GONE
        scope["app"], scope["route"] = self._app, found[0]
        try:
            response = refuse_head(scope, headers, self._body_bytes_max)
            if response is None:
                request = Request(scope, limited(receive, self._body_bytes_max))
                response = await _response(found[1], request)
            if response is not None:
                status = response.status_code
                response.raw_headers.append(correlation_header())
                await response(scope, receive, send)
        finally:
            observe(scope, status, started_at)
        return True


async def _response(answer: Answer, request: Request) -> Response | None:
    """What the route says, or None when nobody waits for it any more."""
    try:
        return await answer_or_problem(answer, request)
    except ClientDisconnect:
        log.info("client_left", path=request.scope["path"])
        return None
    except Exception:
        log.exception("request_failed", path=request.scope["path"])
        return internal_error()

"""A route for the hottest endpoints, which need the request and the caller and nothing else."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared.http.depends import PRINCIPALS


class DirectRoute(APIRoute):
    """Calls the principal's dependency and the endpoint, without FastAPI's solver in between.

    The endpoint takes the request and one principal, reads the raw body itself and returns a
    Response. Documents, refusals and principals are as on every other route. Raises TypeError
    when the endpoint asks for more.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's hook for what answers a request."""
        endpoint, dependant = self.endpoint, self.dependant
        callers = {str(d.name): d.call for d in dependant.dependencies if d.call in PRINCIPALS}
        request_name = dependant.request_param_name
        asks_for_more = (
            len(callers) != 1
            or len(dependant.dependencies) != 1
            or dependant.path_params
            or dependant.query_params
            or dependant.header_params
            or dependant.body_params
        )
        if asks_for_more or request_name is None:
            raise TypeError(f"{self.path}: a direct route takes the request and one principal")
        [(caller_name, identify)] = callers.items()

        async def answer(request: Request) -> Response:
            assert identify is not None
            named = {request_name: request, caller_name: await identify(request)}
            response: Response = await endpoint(**named)
            return response

        return answer
